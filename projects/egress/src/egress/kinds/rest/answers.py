"""What an API's answer says of each row that was sent: where that stands is declared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AliasPath, Field, StrictInt, StrictStr, ValidationError, create_model

from egress.kinds.rest.bodies import WHOLE, steps
from shared.errors import ConfigurationError
from shared.http.answers import Answer, NotText
from shared.utils.strict_json import NotJson

# Standing in the list says it, whatever the entry has.
EVERY = ("*",)
LONGEST_ID = 200
# Rows have fared differently.
MULTI_STATUS = 207


class NotUnderstood(ValueError):
    """An answer is not as it was declared; the text repeats nothing of it."""


class Result(NamedTuple):
    """What became of a row.

    Attributes:
        passing: Whether the row was not taken and may be, when it is sent again.
    """

    taken: bool
    reason: str | None = None
    passing: bool = False


TAKEN = Result(taken=True)


@dataclass(frozen=True)
class Answers:
    """A list in an answer, and what its entries say of rows. Fields within fields are written `error.message`.

    Entries with neither key nor place are as many as the rows, in their order; where a request is for one row, an
    object in place of the list is its entry, and what lists `refused` or `again` alone has any number of them.

    Attributes:
        rows: The field with the list; `$` where the answer is the list.
        key: An entry's field with the row's key, a text or a whole number, or with a list of such.
        place: An entry's field with the row's place in the request, from 0.
        taken: The statuses of rows that the API has taken, texts, numbers or truth values, or `EVERY`.
        refused: The statuses of rows that it has refused, or `EVERY`; any other status is none of an answer that is
            understood.
        again: The statuses of rows for which it has no time, as 429, or `EVERY`: they are sent again, after a while.
        together: Whether a request is taken whole or not at all: where a row is refused, it is sent in halves until
            the rows at fault are found.
        status: An entry's field with its status.
        reason: An entry's field with the reason why a row was refused.
    """

    rows: str
    key: str | None = None
    place: str | None = None
    taken: tuple[str | int, ...] = ()
    refused: tuple[str | int, ...] = ()
    again: tuple[str | int, ...] = ()
    status: str = "status"
    reason: str = "reason"
    together: bool = False

    def __post_init__(self) -> None:
        every = self._statuses
        if not every or len({*every}) < len(every) or (EVERY[0] in every and len(every) > 1):
            raise ConfigurationError(
                f"a status has to say that a row was taken, or that it was not: {[*every]}",
                hint="give `taken`, `refused` or `again` statuses, none to two of them, or EVERY to one of them",
            )
        if self.key and self.place:
            raise ConfigurationError(
                f"an entry has its row's key or its place, not both: `{self.key}`", hint="leave one of them out"
            )

    @property
    def _statuses(self) -> tuple[str | int, ...]:
        return (*self.taken, *self.refused, *self.again)

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
        if self._statuses != EVERY:
            fields["status"] = (Literal[self._statuses], Field(validation_alias=path(self.status)))
        entry: Any = create_model("Entry", **fields)
        # Where a list says only which rows were refused, there is none if none was.
        least: dict[str, Any] = {} if self.taken else {"default": None}
        where = AliasPath("answer", *([] if self.rows == WHOLE else steps(self.rows)))
        results: Any = list[entry] | entry
        if not self.taken:
            results = Annotated[dict[str, Any], Field(max_length=0)] | results | None
        results = Annotated[results, Field(union_mode="left_to_right")]
        return create_model("Answer", results=(results, Field(validation_alias=where, **least)))

    def read(self, body: object, keys: Sequence[str]) -> Iterator[tuple[str, Result]]:
        """Yield what an answer's JSON says of rows, with the key of each.

        Args:
            keys: Those of the rows that were sent, in their order.

        Raises:
            NotUnderstood: Its fields are not those, or it says something of a row that was not sent.
        """
        try:
            found: Any = self._form.model_validate({"answer": body}).results
        except ValidationError as error:
            raise NotUnderstood(f"fields not as agreed: {error.error_count()}") from None
        entries = found if isinstance(found, list) else [found] if found else []
        alone = not self.taken and (len(keys) == 1 or not entries)
        if not (self.key or self.place or alone) and len(entries) != len(keys):
            raise NotUnderstood(f"{len(entries):,} results for {len(keys):,} rows")
        for at, entry in enumerate(entries):
            taken = bool(self.taken) and (self.taken == EVERY or entry.status in self.taken)
            passing = bool(self.again) and (self.again == EVERY or entry.status in self.again)
            result = TAKEN if taken else Result(False, as_text(entry.reason), passing)
            if self.key:
                named = entry.key if isinstance(entry.key, list) else [entry.key]
                yield from ((str(key), result) for key in named)
                continue
            place = entry.place if self.place else 0 if alone else at
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
    # Some answer in lower case, whatever they were sent.
    alike = Counter(key.casefold() for key in keys)
    as_sent = {key.casefold(): key for key in keys if alike[key.casefold()] == 1}
    for each in lists:
        for named, result in each.read(body, keys):
            key = as_sent.get(named.casefold(), named)
            former = said.setdefault(key, result)
            if (former.taken, former.passing) != (result.taken, result.passing):
                contradicted.add(key)
    if found and not found.keys() >= said.keys():
        # Under a key as it was sent, the row would count as taken.
        raise NotUnderstood("a refusal of a row that was not sent")
    return {key: result for key, result in {**found, **said}.items() if key not in contradicted}


def as_tuple(answers: Answers | tuple[Answers, ...]) -> tuple[Answers, ...]:
    """Return what is declared of an answer, be it one list or several."""
    return answers if isinstance(answers, tuple) else (answers,)


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
        return id_of(form.model_validate({"a": body}).id)
    except ValidationError:
        raise NotUnderstood("an id that is neither a text nor a whole number") from None


def id_of(found: str | int | None) -> str | None:
    """Return an id as a text, None where it is none.

    Raises:
        NotUnderstood: It is too long.
    """
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


def failure_in(answer: Answer, sent: str) -> str | None:
    """Return by what an answer that is a success says that it is none, or not for all rows; None where by nothing.

    Of an answer that nothing was declared of, the status counts: one that says otherwise beside it must not.

    Args:
        sent: What was sent of a row: a field of its own may come back.
    """
    if answer.status == MULTI_STATUS:
        return str(MULTI_STATUS)
    try:
        body = answer.json() if answer.body else None
    except (NotJson, NotText):
        return None
    found = body if isinstance(body, dict) else {}
    wrong = [name for name in ("ok", "success") if found.get(name) is False]
    wrong += [
        name for name in ("errors", "error") if found.get(name) and not isinstance(found[name], (bool, int, float))
    ]
    return next((name for name in wrong if f'"{name}"' not in sent), None)
