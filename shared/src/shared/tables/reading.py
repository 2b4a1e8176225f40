"""A file's rows, as texts or in the types of its columns, and those that do not fit, with their place and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from heapq import merge
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from shared.data_quality.rows import BadRow
from shared.errors import InputError
from shared.tables.conversion import Column, fits, value
from shared.tables.form import Form
from shared.tables.rejected import REJECTED, REJECTS_KEPT, REPEATED, SCANNED, count_rejected, rejected_rows
from shared.tables.source import CHUNK_ROWS, LINE, Engine, Source, opened
from shared.warehouse.sql.quoting import literal, quote_name

STAGED, UNFIT, SHIFTS = "_staged", "_unfit", "_shifts"
FITS, TEXTS = "_fits", "_texts"
WIDE = 500


class Rows:
    """A file's rows in a temporary table; another one holds the lines that cannot be cut into fields.

    Attributes:
        header: The names of the columns, in the order of `c1`, `c2`, …
        rows: How many rows could be cut.
        rejected: How many lines could not.
    """

    def __init__(self, engine: Engine, source: Source, query: str) -> None:
        self.engine = engine
        self.source = source
        self.origin = source.origin
        self.header = source.form.header
        self.texts = source.texts
        _drop(engine)
        engine.execute(f"create temporary table {STAGED} as {query}")
        ((rows,),) = engine.fetch(f"select count(*) from {STAGED}")
        self.rows = int(rows)
        self.rejected = count_rejected(engine, self.origin)

    @property
    def all_there(self) -> bool:
        """Whether there are as many rows as there should be: of a file that was not written anew, one each line."""
        return bool(self.rows + self.rejected == self.source.rows)

    def bad_rows(self) -> Iterator[BadRow]:
        """Return the lines that cannot be cut, in their order; the header's is 1 in most files."""
        return rejected_rows(self.engine, self.source)

    def _position(self) -> str:
        if self.source.numbered:
            return f"cast({LINE} as bigint)"
        # Within a transaction rows are not numbered from nought.
        number = f"{STAGED}.rowid - (select min(rowid) from {STAGED}) + 2"
        return f"{number} + coalesce({SHIFTS}.shift, 0)" if self.rejected else number

    def _from(self) -> str:
        if self.source.numbered or not self.rejected:
            return STAGED
        # How many lines above a row could not be cut.
        lines = f"select line, row_number() over (order by line) as nth from (select distinct line from {REJECTED})"
        return (
            f"{STAGED} asof left join "
            f"(select line - 1 - nth as start, max(nth) as shift from ({lines}) group by start) as {SHIFTS} "
            f"on {STAGED}.rowid - (select min(rowid) from {STAGED}) >= {SHIFTS}.start"
        )


class Staged(Rows):
    """A file's rows as texts, which can be asked for in types again and again."""

    def __init__(self, engine: Engine, source: Source) -> None:
        super().__init__(engine, source, f"select * from {source.query(REJECTS_KEPT)}")
        self._repeats = repeated(engine, source)

    def bad_rows(self) -> Iterator[BadRow]:
        """Return the lines that cannot be cut or are the header again, in their order."""
        return merge(super().bad_rows(), self._repeated(), key=lambda bad: bad.position)

    def _repeated(self) -> Iterator[BadRow]:
        last, header = 0, dict(zip(self.header, self.header, strict=True))
        lines = f"select {self._position()} as line from {self._from()} where {self._repeats or 'false'}"
        while rows := self.engine.fetch(
            f"select line from ({lines}) where line > {last} order by line limit {CHUNK_ROWS}"
        ):
            for (last,) in rows:
                yield BadRow.of(int(last), REPEATED, header)

    def _rows(self) -> str:
        return f"{self._from()} where not ({self._repeats})" if self._repeats else self._from()

    def all_rows(self, columns: Mapping[str, Column], *, position: str, fit: str) -> str:
        """Return the query for all rows that could be cut: in these types, other columns as texts.

        What a row that does not fit has for a value means nothing.

        Args:
            columns: By their names in the header.
            position: Name the number of each row's line so, and give it after the columns.
            fit: Name so whether a row fits, and give it last.
        """
        chosen = [f"{value(self.texts[name], column)} as {quote_name(name)}" for name, column in columns.items()]
        chosen += [f"{text} as {quote_name(name)}" for name, text in self.texts.items() if name not in columns]
        told = f"{self._position()} as {quote_name(position)}, ({_fit(self.texts, columns)}) as {quote_name(fit)}"
        return f"select {', '.join(chosen)}, {told} from {self._rows()}"

    def all_texts(self, *, position: str) -> str:
        """Return the query for all rows that could be cut, as texts, with the number of each row's line."""
        chosen = ", ".join(f"{text} as {quote_name(name)}" for name, text in self.texts.items())
        return f"select {chosen}, {self._position()} as {quote_name(position)} from {self._rows()}"


class Typed(Rows):
    """A file's rows in the types of its columns; of those that do not fit, their texts.

    Attributes:
        fitting: How many rows fit.
    """

    def __init__(self, engine: Engine, source: Source, columns: Mapping[str, Column]) -> None:
        self.columns = columns
        texts = source.texts
        self._values, self._bad_texts = texts, {name: f"{TEXTS}[{at}]" for at, name in enumerate(texts, start=1)}
        self._fit, query = FITS, _in_types(source, texts, columns)
        if len(texts) > WIDE:
            # What one pass keeps of thousands of columns takes more memory than there is: texts first, types later.
            self._values = {**texts, **{name: value(texts[name], column) for name, column in columns.items()}}
            self._bad_texts = texts
            self._fit, query = _fit(texts, columns), f"select * from {source.query(REJECTS_KEPT)}"
        super().__init__(engine, source, query)
        if len(texts) > WIDE and (repeats := repeated(engine, source)):
            self._fit = f"not ({repeats}) and {self._fit}"
        ((fitting,),) = engine.fetch(f"select count(*) from {STAGED} where {self._fit}")
        self.fitting = int(fitting)

    def good_rows(self, *, position: str | None = None) -> str:
        """Return the query for the rows that fit: the columns in their types, then the file's others as text.

        Args:
            position: Name the number of each row's line so, and give it as the last column.
        """
        names = [*self.columns, *(name for name in self.header if name not in self.columns)]
        chosen = [f"{self._values[name]} as {quote_name(name)}" for name in names]
        if position is None:
            return f"select {', '.join(chosen)} from {STAGED} where {self._fit}"
        placed = f"{self._position()} as {quote_name(position)}"
        return f"select {', '.join(chosen)}, {placed} from {self._from()} where {self._fit}"

    def bad_rows(self) -> Iterator[BadRow]:
        """Return the rows that do not fit and the lines that cannot be cut, in the order of their lines.

        The reason names columns and types and never holds a value, so that reasons can be grouped.
        """
        return merge(super().bad_rows(), self._unfit(), key=lambda bad: bad.position)

    def _unfit(self) -> Iterator[BadRow]:
        if self.fitting == self.rows:
            return
        reasons = ", ".join(
            f"case when not {test} then {literal(f'`{name}`: not of type {column.described()}')} end"
            for name, column in self.columns.items()
            if (test := fits(self._bad_texts[name], column)) != "true"
        )
        reason = f"concat_ws('; ', {reasons})" if reasons else "''"
        if repeats := self.source.repeats(self._bad_texts):
            reason = f"case when {repeats} then {literal(REPEATED)} else {reason} end"
        self.engine.execute(
            f"create or replace temporary table {UNFIT} as select {self._position()} as position, "
            f"{reason} as reason, {', '.join(self._bad_texts.values())} "
            f"from {self._from()} where not ({self._fit})"
        )
        ((first, last),) = self.engine.fetch(f"select min(rowid), max(rowid) from {UNFIT}")
        for start in range(first, last + 1, CHUNK_ROWS):
            rows = self.engine.fetch(f"select * from {UNFIT} where rowid between {start} and {start + CHUNK_ROWS - 1}")
            for position, why, *texts in sorted(rows, key=itemgetter(0)):
                yield BadRow.of(int(position), str(why), dict(zip(self.header, texts, strict=True)))


def repeated(engine: Engine, source: Source) -> str | None:
    """Return the condition that a row of texts is the header again, None where none is."""
    repeats = source.repeats(source.texts)
    return repeats if repeats and engine.fetch(f"select 1 from {STAGED} where {repeats} limit 1") else None


def _in_types(source: Source, texts: Mapping[str, str], columns: Mapping[str, Column]) -> str:
    """Return the query that reads a file once: values in the place of texts, whether a row fits, or else its texts.

    Each value is worked out once, for itself and for the test that it says what its text says.
    """
    found = {name: f"v{at}" for at, name in enumerate(columns)}
    values = ", ".join(f"{value(texts[name], column)} as {found[name]}" for name, column in columns.items())
    kept = [LINE] if source.numbered else []
    kept += [f"{found.get(name, text)} as {text}" for name, text in texts.items()]
    return (
        f"select {', '.join(kept)}, {FITS}, case when not {FITS} then [{', '.join(texts.values())}] end as {TEXTS} "
        f"from (select *, {_all_fit(source, texts, columns, found)} as {FITS} "
        f"from (select *{f', {values}' if values else ''} from {source.query(REJECTS_KEPT)}))"
    )


AnyRows = TypeVar("AnyRows", bound=Rows)


def staged(engine: Engine, path: Path, form: Form, origin: str) -> AbstractContextManager[Staged]:
    """Read a file as text into a temporary table of the connection, which is dropped afterwards.

    Args:
        engine: The connection.
        path: The file.
        form: How it is written.
        origin: Its name in messages.

    Raises:
        InputError: A quote is not closed, or a byte is none of the encoding's: nothing of the file is read.
    """
    return _read(engine, path, form, origin, Staged)


def typed(
    engine: Engine, path: Path, form: Form, origin: str, columns: Mapping[str, Column]
) -> AbstractContextManager[Typed]:
    """Read a file in the types of these columns, all of which it has, as `staged` reads it as text.

    Raises:
        InputError: As `staged`.
    """
    return _read(engine, path, form, origin, partial(Typed, columns=columns))


@contextmanager
def _read(
    engine: Engine, path: Path, form: Form, origin: str, make: Callable[[Engine, Source], AnyRows]
) -> Iterator[AnyRows]:
    wide = len(form.header) > WIDE
    try:
        if wide:
            # Each thread keeps a buffer for each column.
            engine.execute("set threads = 1")
        with ExitStack() as stack:
            found = make(engine, stack.enter_context(opened(path, form, origin)))
            if not found.all_there and not found.source.numbered:
                # Rows of several lines: each has to know its own.
                found = make(engine, stack.enter_context(opened(path, form, origin, canonical=True)))
            if not found.all_there:
                raise InputError(
                    f"rows lost while reading `{origin}`: {found.rows + found.rejected} of {found.source.rows}",
                    hint="nothing of it was loaded; please report it with the file",
                )
            yield found
    finally:
        _drop(engine)
        if wide:
            engine.execute("reset threads")


def _all_fit(
    source: Source, texts: Mapping[str, str], columns: Mapping[str, Column], found: Mapping[str, str] | None = None
) -> str:
    repeats = source.repeats(texts)
    fit = _fit(texts, columns, found)
    return f"not ({repeats}) and {fit}" if repeats else fit


def _fit(texts: Mapping[str, str], columns: Mapping[str, Column], found: Mapping[str, str] | None = None) -> str:
    tests = [fits(texts[name], column, (found or {}).get(name)) for name, column in columns.items()]
    return " and ".join(test for test in tests if test != "true") or "true"


def _drop(engine: Engine) -> None:
    for table in (STAGED, REJECTED, SCANNED, UNFIT):
        engine.execute(f"drop table if exists {table}")
