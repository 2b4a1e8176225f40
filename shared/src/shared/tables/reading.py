"""Rows of a file in the types of its columns, and the rows that do not fit, each with its place and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from heapq import merge
from operator import itemgetter
from pathlib import Path

from shared.data_quality.rows import BadRow
from shared.errors import InputError
from shared.tables.conversion import Column, fits, value
from shared.tables.form import Form
from shared.tables.rejected import REJECTED, REJECTS_KEPT, SCANNED, count_rejected, rejected_rows
from shared.tables.source import CHUNK_ROWS, LINE, Engine, Source, column_name, opened
from shared.warehouse.sql.quoting import literal, quote_name

STAGED, UNFIT, SHIFTS = "_staged", "_unfit", "_shifts"
WIDE = 500


class Staged:
    """A file's rows as texts in a temporary table; another one holds the lines that cannot be cut into fields.

    Attributes:
        header: The names of the columns, in the order of `c1`, `c2`, …
        rows: How many rows could be cut.
        rejected: How many lines could not.
    """

    def __init__(self, engine: Engine, source: Source) -> None:
        self.engine = engine
        self.source = source
        self.origin = source.origin
        self.header = source.form.header
        _drop(engine)
        engine.execute(f"create temporary table {STAGED} as select * from {source.query(REJECTS_KEPT)}")
        ((rows,),) = engine.fetch(f"select count(*) from {STAGED}")
        self.rows = int(rows)
        self.rejected = count_rejected(engine, self.origin)

    @property
    def all_there(self) -> bool:
        """Whether there are as many rows as there should be: of a file that was not written anew, one each line."""
        return bool(self.rows + self.rejected == self.source.rows)

    def bad_rows(self, columns: Mapping[str, Column]) -> Iterator[BadRow]:
        """Return the rows that do not fit these columns, in the order of their lines; the header's is 1 in most files.

        The reason names columns and types and never holds a value, so that reasons can be grouped.
        """
        return merge(rejected_rows(self.engine, self.source), self._unfit(columns), key=lambda bad: bad.position)

    def _unfit(self, columns: Mapping[str, Column]) -> Iterator[BadRow]:
        tests = {name: fits(self._text(name), column) for name, column in columns.items()}
        reasons = ", ".join(
            f"case when not {test} then {literal(f'`{name}`: not of type {columns[name].described()}')} end"
            for name, test in tests.items()
            if test != "true"
        )
        if not reasons or self._count_good(columns) == self.rows:
            return
        self.engine.execute(
            f"create or replace temporary table {UNFIT} as select {self._position()} as position, "
            f"concat_ws('; ', {reasons}) as reason, {', '.join(self._text(name) for name in self.header)} "
            f"from {self._from()} where not ({self._all_fit(columns)})"
        )
        ((first, last),) = self.engine.fetch(f"select min(rowid), max(rowid) from {UNFIT}")
        for start in range(first, last + 1, CHUNK_ROWS):
            rows = self.engine.fetch(f"select * from {UNFIT} where rowid between {start} and {start + CHUNK_ROWS - 1}")
            for position, why, *values in sorted(rows, key=itemgetter(0)):
                yield BadRow.of(int(position), str(why), dict(zip(self.header, values, strict=True)))

    def _count_good(self, columns: Mapping[str, Column]) -> int:
        ((count,),) = self.engine.fetch(f"select count(*) from {STAGED} where {self._all_fit(columns)}")
        return int(count)

    def good_rows(self, columns: Mapping[str, Column], *, position: str | None = None) -> str:
        """Return the query for the rows that fit: these columns in their types, then the file's others as text.

        Args:
            columns: By their names in the header.
            position: Name the number of each row's line so, and give it as the last column.
        """
        if position is None:
            return f"select {self._values(columns)} from {STAGED} where {self._all_fit(columns)}"
        placed = f"{self._position()} as {quote_name(position)}"
        return f"select {self._values(columns)}, {placed} from {self._from()} where {self._all_fit(columns)}"

    def all_rows(self, columns: Mapping[str, Column], *, position: str, fit: str) -> str:
        """Return the query for all rows that could be cut: as `good_rows`, and last whether the row fits.

        What a row that does not fit has for a value means nothing.
        """
        told = f"{self._position()} as {quote_name(position)}, ({self._all_fit(columns)}) as {quote_name(fit)}"
        return f"select {self._values(columns)}, {told} from {self._from()}"

    def _values(self, columns: Mapping[str, Column]) -> str:
        """Return the expressions for these columns in their types, then for the file's others as text."""
        chosen = [f"{value(self._text(name), column)} as {quote_name(name)}" for name, column in columns.items()]
        chosen += [f"{self._text(name)} as {quote_name(name)}" for name in self.header if name not in columns]
        return ", ".join(chosen)

    def _text(self, name: str) -> str:
        return self._names[name]

    @cached_property
    def _names(self) -> dict[str, str]:
        return {name: column_name(at) for at, name in enumerate(self.header)}

    def _all_fit(self, columns: Mapping[str, Column]) -> str:
        tests = [fits(self._text(name), column) for name, column in columns.items()]
        return " and ".join(test for test in tests if test != "true") or "true"

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


@contextmanager
def staged(engine: Engine, path: Path, form: Form, origin: str) -> Iterator[Staged]:
    """Read a file as text into a temporary table of the connection, which is dropped afterwards.

    Args:
        engine: The connection.
        path: The file.
        form: How it is written.
        origin: Its name in messages.

    Raises:
        InputError: A quote is not closed, or a byte is none of the encoding's: nothing of the file is read.
    """
    wide = len(form.header) > WIDE
    try:
        if wide:
            # Each thread keeps a buffer for each column.
            engine.execute("set threads = 1")
        with ExitStack() as stack:
            found = Staged(engine, stack.enter_context(opened(path, form, origin)))
            if not found.all_there and not found.source.numbered:
                # Rows of several lines: each has to know its own.
                found = Staged(engine, stack.enter_context(opened(path, form, origin, canonical=True)))
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


def _drop(engine: Engine) -> None:
    for table in (STAGED, REJECTED, SCANNED, UNFIT):
        engine.execute(f"drop table if exists {table}")
