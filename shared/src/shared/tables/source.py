"""A file's text where DuckDB can read it: as it stands, or written anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from shared.config import get_settings
from shared.tables.canonical import write_canonical
from shared.tables.containers import RECORDS, unpacked
from shared.tables.declared import Declared
from shared.tables.form import MARK, Form
from shared.utils.scratch import scratch_folder
from shared.warehouse.sql.quoting import literal

LINE = "line"
CHUNK_ROWS = 100_000
# By so many names a row is told to be the header: of thousands the question alone takes DuckDB much memory.
NAMES_COMPARED = 100


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
        rows: How many there are, cut or not.
    """

    path: Path
    form: Form
    origin: str
    numbered: bool
    rows: int

    @property
    def texts(self) -> dict[str, str]:
        """The columns that hold the file's own, by their names in its header."""
        return {name: column_name(at) for at, name in enumerate(self.form.header)}

    def repeats(self, texts: Mapping[str, str]) -> str | None:
        """Return the condition that a row is the header again, as where files were put one behind the other.

        None is returned where nothing can be one: a single name may be a value, and what no header was written of.

        Args:
            texts: Where the text of each column is.
        """
        (name, first), *others = list(texts.items())[:NAMES_COMPARED] or [("", "")]
        if not others or self.form.container in RECORDS.values():
            return None
        rest = " and ".join(f"{text} = {literal(name)}" for name, text in others)
        # Of most rows the first column is looked at alone.
        marked = f"({literal(name)}, {literal(MARK + name)})"
        return f"case when {first} in {marked} then coalesce({rest}, false) else false end"

    def query(self, options: str = "ignore_errors = true") -> str:
        """Return the call of `read_csv` for the rows as texts, in columns `c1`, `c2`, …, and `line` where numbered."""
        names = [*([LINE] if self.numbered else []), *(column_name(at) for at in range(len(self.form.header)))]
        columns = ", ".join(f"{literal(name)}: 'varchar'" for name in names)
        delimiter = "," if self.numbered else self.form.delimiter
        header = "false" if self.numbered else "true"
        # Said, since DuckDB goes by the first one that it finds, within quotes too.
        line_end = ("\n" if self.numbered else self.form.line_end).encode("unicode_escape").decode()
        return (
            f"read_csv({literal(str(self.path))}, auto_detect = false, "
            f"header = {header}, delim = {literal(delimiter)}, new_line = '{line_end}', "
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
            yield Source(text.path, form, origin, numbered=False, rows=form.lines - 1)
            return
        with scratch_folder() as folder:
            copy = folder / "canonical.csv"
            rows = write_canonical(text.path, form, origin, copy)
            yield Source(copy, form, origin, numbered=True, rows=rows)
