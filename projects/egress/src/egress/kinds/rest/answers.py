"""What an API's answer says of each row that was sent: where that stands is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from pydantic import AliasPath, Field, StrictInt, StrictStr, ValidationError, create_model

from egress.kinds.rest.bodies import WHOLE
from shared.errors import ConfigurationError

# Standing in the list says it, whatever the entry has.
EVERY = ("*",)
LONGEST_ID = 200


class NotUnderstood(ValueError):
    """An answer is not as it was declared; the text repeats nothing of it."""


class Result(NamedTuple):
    """What became of a row."""

    taken: bool
    reason: str | None = None


TAKEN = Result(taken=True)


@dataclass(frozen=True)
class Answers:
    """A list in an answer, and what its entries say of rows. Fields within fields are written `error.message`.

    Entries with neither key nor place are as many as the rows, in their order.

    Attributes:
        rows: The field with the list; `$` where the answer is the list.
        key: An entry's field with the row's key, a text or a whole number, or with a list of such.
        place: An entry's field with the row's place in the request, from 0.
        taken: The statuses of rows that the API has taken, texts, numbers or truth values, or `EVERY`.
        refused: The statuses of rows that it has refused, or `EVERY`; any other status is none of an answer that is
            understood.
        status: An entry's field with its status.
        reason: An entry's field with the reason why a row was refused.
    """

    rows: str
    key: str | None = None
    place: str | None = None
    taken: tuple[str | int, ...] = ()
    refused: tuple[str | int, ...] = ()
    status: str = "status"
    reason: str = "reason"

    def __post_init__(self) -> None:
        either = EVERY in (self.taken, self.refused)
        if (
            set(self.taken) & set(self.refused)
            or not (self.taken or self.refused)
            or (either and self.taken and self.refused)
        ):
            raise ConfigurationError(
                f"a status has to say that a row was taken, or that it was not: {[*self.taken, *self.refused]}",
                hint="give `taken` or `refused` statuses, none to both, or EVERY to one of them",
            )
        if self.key and self.place:
            raise ConfigurationError(
                f"an entry has its row's key or its place, not both: `{self.key}`", hint="leave one of them out"
            )

    @cached_property
    def _form(self) -> Any:
        """The form of a whole answer, which pydantic holds it against."""
        fields: dict[str, Any] = {"reason": (Any, Field(default=None, validation_alias=path(self.reason)))}
        if self.key:
            # Some have one entry for all rows that share a fault.
            kind: Any = StrictStr | StrictInt | list[StrictStr | StrictInt]
            fields["key"] = (kind, Field(validation_alias=path(self.key)))
        if self.place:
            fields["place"] = (int, Field(ge=0, validation_alias=path(self.place)))
        if EVERY not in (self.taken, self.refused):
            every = (*self.taken, *self.refused)
            fields["status"] = (Literal[every], Field(validation_alias=path(self.status)))
        entry: Any = create_model("Entry", **fields)
        # Where a list says only which rows were refused, there is none if none was.
        least: dict[str, Any] = {} if self.taken else {"default": []}
        where = AliasPath("answer", *([] if self.rows == WHOLE else steps(self.rows)))
        return create_model("Answer", results=(list[entry], Field(validation_alias=where, **least)))

    def read(self, body: object, keys: Sequence[str]) -> Iterator[tuple[str, Result]]:
        """Yield what an answer's JSON says of rows, with the key of each.

        Args:
            keys: Those of the rows that were sent, in their order.

        Raises:
            NotUnderstood: Its fields are not those, or it says something of a row that was not sent.
        """
        try:
            entries: list[Any] = self._form.model_validate({"answer": body}).results
        except ValidationError as error:
            raise NotUnderstood(f"fields not as agreed: {error.error_count()}") from None
        if not (self.key or self.place) and len(entries) != len(keys):
            raise NotUnderstood(f"{len(entries):,} results for {len(keys):,} rows")
        for at, entry in enumerate(entries):
            taken = bool(self.taken) and (self.taken == EVERY or entry.status in self.taken)
            result = TAKEN if taken else Result(False, as_text(entry.reason))
            if self.key:
                named = entry.key if isinstance(entry.key, list) else [entry.key]
                yield from ((str(key), result) for key in named)
                continue
            place = entry.place if self.place else at
            if place >= len(keys):
                raise NotUnderstood(f"a result for row {place:,} of {len(keys):,}, from 0")
            yield keys[place], result


def results_of(lists: Sequence[Answers], body: object, keys: Sequence[str]) -> dict[str, Result]:
    """Return what an answer says, by the keys of rows.

    A row with two different results is left out, nobody knows which is true. Where all lists name only what was
    refused, the rows that they do not name were taken.

    Raises:
        NotUnderstood: The answer is not as it was declared.
    """
    found = {} if any(each.taken for each in lists) else dict.fromkeys(keys, TAKEN)
    contradicted = set()
    said: dict[str, Result] = {}
    for each in lists:
        for key, result in each.read(body, keys):
            if said.setdefault(key, result).taken != result.taken:
                contradicted.add(key)
    if found and not found.keys() >= said.keys():
        # Under a key as it was sent, the row would count as taken.
        raise NotUnderstood("a refusal of a row that was not sent")
    return {key: result for key, result in {**found, **said}.items() if key not in contradicted}


def reason_at(where: str, body: object) -> str | None:
    """Return the reason that stands somewhere in an answer's JSON, None where nothing does."""
    form: Any = create_model(
        "Reason", reason=(Any, Field(default=None, validation_alias=AliasPath("a", *steps(where))))
    )
    return as_text(form.model_validate({"a": body}).reason)


def value_at(where: str, body: object) -> str | None:
    """Return the id that stands somewhere in an answer's JSON, None where nothing does.

    Raises:
        ValueError: It is neither a text nor a whole number, or too long for an id.
    """
    kind: Any = StrictStr | StrictInt | None
    form: Any = create_model("Id", id=(kind, Field(default=None, validation_alias=AliasPath("a", *steps(where)))))
    try:
        found = form.model_validate({"a": body}).id
    except ValidationError:
        raise NotUnderstood("an id that is neither a text nor a whole number") from None
    if found is None or found == "":
        return None
    if len(str(found)) > LONGEST_ID:
        raise NotUnderstood(f"an id of more than {LONGEST_ID} characters")
    return str(found)


def as_text(reason: object) -> str | None:
    """Return a reason as a text; some are lists or objects."""
    return reason if reason is None or isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)


def path(written: str) -> AliasPath:
    """Return a path within an entry as pydantic follows it."""
    first, *others = steps(written)
    return AliasPath(str(first), *others)


def steps(written: str) -> list[str | int]:
    """Return the steps of a path: names, and places in lists."""
    return [int(step) if step.isdecimal() else step for step in written.split(".")]
