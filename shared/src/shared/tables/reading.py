"""Rows of a file in the types of its columns, and the rows that do not fit, each with its place and reason."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.config import get_settings
from shared.data_quality.rows import BadRow
from shared.errors import InputError
from shared.tables.canonical import unclosed, write_canonical
from shared.tables.containers import unpacked
from shared.tables.conversion import Column, fits, value
from shared.tables.declared import Declared
from shared.tables.form import Form
from shared.warehouse.sql.quoting import literal, quote_name

STAGED, REJECTED, SCANNED, SHIFTS = "_staged", "_rejected", "_scanned", "_shifts"
LINE = "line"
WIDE = 500
TOO_LONG = "LINE SIZE OVER MAXIMUM"


class Engine(Protocol):
    """A connection to DuckDB, such as a lab's `Warehouse`."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> object:
        """Run a statement."""

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""


@dataclass(frozen=True)
class Source:
    """A file's text where DuckDB can read it.

    Attributes:
        path: The text in UTF-8.
        numbered: Whether each row begins with the number of its line, and there is no header.
    """

    path: Path
    form: Form
    origin: str
    numbered: bool

    def query(self, options: str = "ignore_errors = true") -> str:
        """Return the call of `read_csv` for the rows as texts, in columns `c1`, `c2`, …, and `line` where numbered."""
        names = [*([LINE] if self.numbered else []), *(column_name(at) for at in range(len(self.form.header)))]
        columns = ", ".join(f"{literal(name)}: 'varchar'" for name in names)
        delimiter = "," if self.numbered else self.form.delimiter
        header = "false" if self.numbered else "true"
        return (
            f"read_csv({literal(str(self.path))}, auto_detect = false, header = {header}, delim = {literal(delimiter)}, "
            f"quote = '\"', escape = '\"', columns = {{{columns}}}, {options})"
        )


def column_name(index: int) -> str:
    """Return the name under which a column is staged: a file may call its own anything."""
    return f"c{index + 1}"


@contextmanager
def opened(path: Path, form: Form, origin: str, *, canonical: bool = False) -> Iterator[Source]:
    """Give a file's text where DuckDB can read it; what is written for that is removed afterwards.

    Args:
        path: The file.
        form: How it is written.
        origin: Its name in messages.
        canonical: Write it anew even where DuckDB could read it as it stands.

    Raises:
        InputError: A quote is not closed, or a byte is none of the encoding's.
    """
    declared = Declared(sheet=form.part or None)
    with unpacked(path, origin, declared, get_settings().tables_unpacked_limit) as text:
        if form.regular and not canonical:
            yield Source(text.path, form, origin, numbered=False)
            return
        with tempfile.TemporaryDirectory(prefix="table-") as folder:
            copy = Path(folder) / "canonical.csv"
            write_canonical(text.path, form, origin, copy)
            yield Source(copy, form, origin, numbered=True)


class Staged:
    """A file's rows as texts in a temporary table; another one holds the lines that cannot be cut into fields.

    Attributes:
        header: The names of the columns, in the order of `c1`, `c2`, …
        rows: How many rows could be cut.
    """

    def __init__(self, engine: Engine, form: Form, origin: str) -> None:
        self.engine = engine
        self.form = form
        self.origin = origin
        self.header = form.header
        self.rows = 0
        self._numbered = False
        self._rejected: list[BadRow] = []

    def _take(self, source: Source) -> None:
        self._numbered = source.numbered
        _drop(self.engine)
        kept = f"store_rejects = true, rejects_table = '{REJECTED}', rejects_scan = '{SCANNED}', rejects_limit = 0"
        self.engine.execute(f"create temporary table {STAGED} as select * from {source.query(kept)}")
        self.rows = int(self.engine.fetch(f"select count(*) from {STAGED}")[0][0])
        # The end of the file is reached within the quotes, or what follows them is neither delimiter nor end of line.
        first = self.engine.fetch(f"select min(line) from {REJECTED} where error_type = 'UNQUOTED VALUE'")[0][0]
        if first is not None:
            raise unclosed(self.origin, int(first))
        self._rejected = list(self._read_rejected(source))

    @property
    def lines_add_up(self) -> bool:
        """Whether each row takes one line, so that its number is that of its line."""
        return self._numbered or self.rows + len(self._rejected) + 1 == self.form.lines

    def _read_rejected(self, source: Source) -> Iterator[BadRow]:
        rows = self.engine.fetch(
            "select line, min(line_byte_position), max(octet_length(encode(csv_line))), arg_max(error_type, column_idx) "
            f"from {REJECTED} group by line order by line"
        )
        with source.path.open("rb") as file:
            for line, start, size, kind in rows:
                file.seek(int(start) - 1)
                raw = file.read(int(size)).strip(b"\r\n")
                yield self._rejected_row(int(line), str(kind), raw, source)

    def _rejected_row(self, line: int, kind: str, raw: bytes, source: Source) -> BadRow:
        text = raw.decode("utf-8", "backslashreplace")
        if source.numbered:
            number, _, text = text.partition(",")
            line = int(number.strip('"') or line)
        if "ENCODING" in kind:
            return BadRow.of(line, f"not {self.form.encoding}", {"line": text})
        if kind == TOO_LONG:
            return BadRow.of(line, "line longer than 2,000,000 bytes", {"line": text[:1000]})
        return BadRow.of(line, f"not as many fields as the header has: {len(self.header)}", {"line": text})

    def bad_rows(self, columns: Mapping[str, Column]) -> Iterator[BadRow]:
        """Return the rows that do not fit these columns, in the order of their lines; the header's is 1 in most files.

        The reason names columns and types and never holds a value, so that reasons can be grouped.
        """
        rejected = iter(self._rejected)
        waiting = next(rejected, None)
        for bad in self._unfit(columns):
            while waiting is not None and waiting.position <= bad.position:
                yield waiting
                waiting = next(rejected, None)
            yield bad
        if waiting is not None:
            yield waiting
        yield from rejected

    def _unfit(self, columns: Mapping[str, Column]) -> Iterator[BadRow]:
        tests = [
            f"when not {test} then {literal(f'`{name}`: not of type {column.described()}')}"
            for name, column in columns.items()
            if (test := fits(self._text(name), column)) != "true"
        ]
        if not tests:
            return
        reasons = ", ".join(f"case {test} end" for test in tests)
        texts = ", ".join(column_name(at) for at in range(len(self.header)))
        rows = self.engine.fetch(
            f"select {self._position()}, concat_ws('; ', {reasons}), {texts} from {self._from()} "
            f"where not ({self._all_fit(columns)}) order by 1"
        )
        for position, why, *values in rows:
            yield BadRow.of(int(position), str(why), dict(zip(self.header, values, strict=True)))

    def good_rows(self, columns: Mapping[str, Column], *, position: str | None = None) -> str:
        """Return the query for the rows that fit: these columns in their types, then the file's others as text.

        Args:
            columns: By their names in the header.
            position: Name the number of each row's line so, and give it as the last column.
        """
        chosen = [f"{value(self._text(name), column)} as {quote_name(name)}" for name, column in columns.items()]
        extras = [name for name in self.header if name not in columns]
        chosen += [f"{self._text(name)} as {quote_name(name)}" for name in extras]
        if position is None:
            return f"select {', '.join(chosen)} from {STAGED} where {self._all_fit(columns)}"
        chosen.append(f"{self._position()} as {quote_name(position)}")
        return f"select {', '.join(chosen)} from {self._from()} where {self._all_fit(columns)}"

    def _text(self, name: str) -> str:
        return column_name(self.header.index(name))

    def _all_fit(self, columns: Mapping[str, Column]) -> str:
        tests = [fits(self._text(name), column) for name, column in columns.items()]
        return " and ".join(test for test in tests if test != "true") or "true"

    def _position(self) -> str:
        if self._numbered:
            return f"cast({LINE} as bigint)"
        # Within a transaction rows are not numbered from nought.
        number = f"{STAGED}.rowid - (select min(rowid) from {STAGED})"
        return f"{number} + 2" if not self._rejected else f"{number} + 2 + coalesce({SHIFTS}.shift, 0)"

    def _from(self) -> str:
        if self._numbered or not self._rejected:
            return STAGED
        # How many lines above a row could not be cut.
        starts = ", ".join(f"({bad.position - 2 - at}, {at + 1})" for at, bad in enumerate(self._rejected))
        return (
            f"{STAGED} asof left join (select start, max(shift) as shift from (values {starts}) as _(start, shift) "
            f"group by start) as {SHIFTS} on {STAGED}.rowid - (select min(rowid) from {STAGED}) >= {SHIFTS}.start"
        )


@contextmanager
def staged(engine: Engine, path: Path, form: Form, origin: str) -> Iterator[Staged]:
    """Read a file as text into a temporary table of the connection, which is dropped afterwards.

    Raises:
        InputError: A quote is not closed, or a byte is none of the encoding's: nothing of the file is read.
    """
    found = Staged(engine, form, origin)
    wide = len(form.header) > WIDE
    try:
        if wide:
            # Each thread keeps a buffer for each column.
            engine.execute("set threads = 1")
        with opened(path, form, origin) as source:
            found._take(source)
        if not found.lines_add_up:
            # Rows of several lines: each has to know its own.
            with opened(path, form, origin, canonical=True) as source:
                found._take(source)
        yield found
    finally:
        _drop(engine)
        if wide:
            engine.execute("reset threads")


def _drop(engine: Engine) -> None:
    for table in (STAGED, REJECTED, SCANNED):
        engine.execute(f"drop table if exists {table}")


__all__ = ["Engine", "InputError", "Source", "Staged", "opened", "staged"]
