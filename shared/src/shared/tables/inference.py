"""What the columns of a file are: the narrowest type from which every value comes back as it was, found in one pass.

Candidates come from some of a column's values; a scan of the whole file then asks for all candidates of all columns at
once whether every value fits. A column that fits none is asked again about what the value that did not fit suggests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.tables.candidates import Candidate, candidates
from shared.tables.conventions import BLANKS, Convention, number_shape
from shared.tables.conversion import Column, fits, plain_number, value
from shared.tables.decisions import AMOUNT_DIGITS, SHORT_DIGITS, Answer, decide
from shared.tables.form import Form
from shared.tables.reading import WIDE
from shared.tables.rejected import REJECTS_KEPT, count_rejected
from shared.tables.scratch import Scratch
from shared.tables.source import Source, column_name, opened
from shared.warehouse.sql.quoting import literal

SAMPLE_ROWS, SAMPLE_VALUES = 2000, 100
SCANNED_COLUMNS = 50
PASSES = 3
# Columns that could be the key are counted exactly where an estimate comes that near.
NEARLY, KEYS_TRIED = 0.9, 3
LOOKED_AT = "_looked_at"
Watched = Callable[[Scratch], AbstractContextManager[object]]


@dataclass(frozen=True)
class InferredColumn:
    """A column of a file.

    Attributes:
        name: In the header.
        column: Its type and convention.
        complete: Whether there are rows, and each has a value.
        unique: Whether no value is there twice; only the first such column is found out.
        example: One of its values.
        note: Why it stays text where it could be something else, and what to declare.
    """

    name: str
    column: Column
    complete: bool
    unique: bool
    example: str
    note: str = ""


@dataclass(frozen=True)
class Inferred:
    """What a file holds.

    Attributes:
        rows: How many rows it has that could be cut into fields.
        rejected: How many lines could not.
        headless: Whether the names of all columns with a type are values of it, so that the header may be a row.
    """

    columns: tuple[InferredColumn, ...]
    rows: int
    rejected: int
    headless: bool = False


def infer(path: Path, form: Form, origin: str, *, watched: Watched = lambda _: nullcontext()) -> Inferred:
    """Return what the columns of a file are.

    Args:
        path: The file.
        form: How it is written.
        origin: Its name in messages.
        watched: Is entered around each long query, to show how far it is.

    Raises:
        InputError: A quote is not closed, or a byte is none of the encoding's.
    """
    with opened(path, form, origin) as source, Scratch(columns=len(form.header), origin=origin) as scratch:
        return Inference(scratch, source, watched).run()


@dataclass(frozen=True)
class Counts:
    """What was counted of a column: whether each row has a value, about how many different ones, and one of them."""

    complete: bool
    distinct: int
    example: str


class Inference:
    """The questions to one file."""

    def __init__(self, scratch: Scratch, source: Source, watched: Watched) -> None:
        self.scratch = scratch
        self.source = source
        self.watched = watched
        self.names = source.form.header
        self.counts: dict[int, Counts] = {}
        self.rows = 0
        self.query = source.query()
        if len(self.names) > WIDE:
            # Asked about a part of the columns at a time, of a table: what DuckDB makes of thousands takes it long.
            scratch.execute("set threads = 1")
            scratch.execute(f"create temporary table {LOOKED_AT} as select * from {source.query(REJECTS_KEPT)}")
            self.query = LOOKED_AT

    def _without_repeats(self, query: str) -> str:
        repeats = self.source.repeats(self.source.texts)
        return f"(from {query} where not ({repeats}))" if repeats else query

    def run(self) -> Inferred:
        """Ask them all."""
        samples = self._samples()
        asked = {at: candidates(values) for at, values in samples.items() if values}
        asked |= {at: [] for at in range(len(self.names)) if at not in asked}
        decided: dict[int, tuple[Column, str]] = {}
        for number in range(PASSES):
            answers = self._scan(asked, first=number == 0)
            again: dict[int, list[Candidate]] = {}
            for at, found in answers.items():
                more = self._next(at, found, samples)
                if more and number + 1 < PASSES:
                    again[at] = more
                else:
                    decided[at] = decide(found, self.source.form.delimiter)
            asked = again
            if not asked:
                break
        key = self._key({at: column for at, (column, _) in decided.items()})
        columns = tuple(
            InferredColumn(
                name, decided[at][0], self.counts[at].complete, at == key, self.counts[at].example, decided[at][1]
            )
            for at, name in enumerate(self.names)
        )
        return Inferred(
            columns, self.rows, count_rejected(self.scratch, self.source.origin), self._is_headless(columns)
        )

    def _is_headless(self, columns: Sequence[InferredColumn]) -> bool:
        tests = [test for one in columns if (test := fits(literal(one.name), one.column)) != "true"][:SCANNED_COLUMNS]
        return bool(tests) and bool(self.scratch.fetch(f"select {' and '.join(tests)}")[0][0])

    def _samples(self) -> dict[int, list[str]]:
        samples: dict[int, list[str]] = {}
        for part in _parts(range(len(self.names))):
            chosen = ", ".join(map(column_name, part))
            rows = self.scratch.fetch(f"select {chosen} from {self._without_repeats(self.query)} limit {SAMPLE_ROWS}")
            for at, values in zip(part, zip(*rows, strict=True) if rows else [()] * len(part), strict=True):
                samples[at] = list(dict.fromkeys(filter(None, values)))[:SAMPLE_VALUES]
        return samples

    def _next(self, at: int, found: Sequence[Answer], samples: Mapping[int, list[str]]) -> list[Candidate]:
        """Return the candidates to ask about yet: what a value that has not fitted suggests, or a wider type."""
        holding = [one for one in found if one.holds]
        if holding:
            number = next((one for one in holding if one.kind == "number"), None)
            wide = number is not None and number.fraction > AMOUNT_DIGITS
            asked = any(one.kind == "double" for one in found)
            return (
                [("number", number.convention), ("double", number.convention)] if number and wide and not asked else []
            )
        if not self.counts[at].example:
            return []
        misfits = [one.misfit for one in found if one.misfit] or [self.counts[at].example]
        before = {(one.kind, one.convention) for one in found}
        return [one for one in candidates([*samples[at], *misfits]) if one not in before]

    def _scan(self, asked: Mapping[int, list[Candidate]], *, first: bool) -> dict[int, list[Answer]]:
        answers: dict[int, list[Answer]] = {}
        for number, part in enumerate(_parts(list(asked))):
            answers |= self._scan_part({at: asked[at] for at in part}, counted=first, stored=first and number == 0)
        return answers

    def _scan_part(
        self, asked: Mapping[int, list[Candidate]], *, counted: bool, stored: bool
    ) -> dict[int, list[Answer]]:
        questions = ["count(*)"]
        for at, column in ((at, column_name(at)) for at in asked):
            if counted:
                questions += [f"count({column})", f"approx_count_distinct({column})", f"any_value({column})"]
            for kind, convention in asked[at]:
                questions += question(column, kind, convention)
        query = self.source.query(REJECTS_KEPT) if stored and self.query != LOOKED_AT else self.query
        with self.watched(self.scratch):
            ((rows, *found),) = self.scratch.fetch(f"select {', '.join(questions)} from {self._without_repeats(query)}")
        if stored:
            self.rows = int(rows)
        values = iter(found)
        answers: dict[int, list[Answer]] = {}
        for at, one in asked.items():
            if counted:
                present, distinct, example = next(values), next(values), next(values)
                self.counts[at] = Counts(0 < rows == present, int(distinct), str(example or ""))
            answers[at] = [answer(kind, convention, values) for kind, convention in one]
        return answers

    def _key(self, columns: Mapping[int, Column]) -> int | None:
        """Return the first column with a value in each row that has no value twice."""
        nearly = NEARLY * self.rows
        likely = [at for at in columns if self.counts[at].complete and self.counts[at].distinct >= nearly]
        for at in sorted(likely)[:KEYS_TRIED]:
            # Two values of one hash would only hide a key.
            one = f"hash({value(column_name(at), columns[at])})"
            with self.watched(self.scratch):
                ((distinct,),) = self.scratch.fetch(
                    f"select count(distinct {one}) from {self._without_repeats(self.query)}"
                )
            if distinct == self.rows:
                return at
        return None


def _parts(columns: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(columns), SCANNED_COLUMNS):
        yield columns[start : start + SCANNED_COLUMNS]


def question(text: str, kind: str, convention: Convention) -> list[str]:
    """Return the aggregates that tell whether a column is so: whether all fit, a value that does not, and details."""
    if kind != "number":
        fit = fits(text, Column(kind, convention))
        sure = "true"
        if convention.truth:
            sure = f"count(distinct {text}) = 2"
        return [f"coalesce(bool_and({fit}), true)", f"any_value({text}) filter (not {fit})", sure, "0", "0", "true"]
    fit = f"regexp_full_match({text}, {literal(number_shape(convention))})"
    plain = f"ltrim({plain_number(text, convention)}, '-')"
    whole, fraction = f"length(split_part({plain}, '.', 1))", f"length(split_part({plain}, '.', 2))"
    small = f"{whole} <= {SHORT_DIGITS} or try_cast({plain_number(text, convention)} as bigint) is not null"
    return [
        f"coalesce(bool_and({fit}), true)",
        f"any_value({text}) filter (not {fit})",
        f"coalesce(bool_or({certain(text, convention, whole, fraction, plain)}), true)",
        f"coalesce(max({whole}), 0)",
        f"coalesce(max({fraction}), 0)",
        f"coalesce(bool_and({small}), true)",
    ]


def certain(text: str, convention: Convention, whole: str, fraction: str, plain: str) -> str:
    """Return the condition that a number is in this convention and no other; of a column one such value is enough."""
    point = f"({fraction} > 0 and ({fraction} <> 3 or {whole} > 3 or starts_with({plain}, '0')))"
    if convention.thousands == "'":
        return "true"
    if convention.thousands == " ":
        other = f"regexp_matches({text}, {literal(f'[{BLANKS[1:]}]')})"
        return f"({fraction} > 0 or {other})" if not convention.unit else "true"
    if convention.thousands:
        groups = f"length({text}) - length(replace({text}, {literal(convention.thousands)}, ''))"
        return f"({groups} > 1 or ({groups} > 0 and {fraction} > 0) or {point})"
    return point


def answer(kind: str, convention: Convention, values: Iterator[Any]) -> Answer:
    """Take the answer to one question from a row of all answers."""
    holds, misfit, sure, whole, fraction, small = (next(values) for _ in range(6))
    return Answer(kind, convention, bool(holds), misfit, bool(sure), int(whole), int(fraction), bool(small))
