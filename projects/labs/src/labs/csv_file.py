"""One CSV file into rows of the declared types: DuckDB reads it as text, and what does not fit is told row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.csv_monitor import Form
from shared.data_quality import BadRow
from shared.errors import InputError
from shared.warehouse import Warehouse, literal, quote_name

STAGED = "_staged"
REJECTED = "_rejected"
SCANNED = "_scanned"
WHOLE = re.compile(r"u?(tiny|small|big|huge)int|u?integer|int(1|2|4|8|16|32|64|128)?|signed|short|long")
COPIED_CHARACTERS = 1 << 20


@dataclass(frozen=True)
class CsvFile:
    """A file, how it is written, and what its columns shall become.

    Attributes:
        path: The file.
        origin: Its name in messages and in the quarantine.
        form: Encoding, delimiter and header, as CSVMonitor has found them.
        types: DuckDB's type by declared column.
    """

    path: Path
    origin: str
    form: Form
    types: Mapping[str, str]

    @property
    def extras(self) -> list[str]:
        """The columns that are not declared: they are kept, as text."""
        return [name for name in self.form.header if name not in self.types]

    def check(self) -> None:
        """Raise InputError where the file is empty, or its header has a column twice, without a name, or too few."""
        header = self.form.header
        if self.path.stat().st_size == 0 or not any(header):
            raise InputError(f"empty file: `{self.origin}`", hint="it has no header: have it delivered again")
        # DuckDB's names mean the same in capitals.
        lowered = [name.lower() for name in header]
        doubled = next((name for name in header if lowered.count(name.lower()) > 1), None)
        if doubled is not None:
            raise InputError(f"column twice in `{self.origin}`: `{doubled}`", hint="name each column once")
        if "" in header:
            raise InputError(f"column without a name in `{self.origin}`", hint="name each column in its first line")
        missing = [name for name in self.types if name not in header]
        if missing:
            raise InputError(
                f"columns missing in `{self.origin}`: {', '.join(f'`{name}`' for name in missing)}",
                hint=f"it has {', '.join(f'`{name}`' for name in header)}, parted by `{self.form.delimiter}`; "
                "correct the file, or what models/bronze/_sources.yml declares",
            )

    def stage(self, warehouse: Warehouse, folder: Path) -> None:
        """Read the file as text into a temporary table; lines that cannot be cut into fields go to another one.

        Args:
            warehouse: The lab's database.
            folder: Where a copy in UTF-8 may be written, of a file that is in another encoding.

        Raises:
            InputError: A quote is not closed: nobody knows which rows it has swallowed.
        """
        with readable(self.path, self.form.encoding, folder) as path:
            for table in (STAGED, REJECTED, SCANNED):
                warehouse.execute(f"drop table if exists {table}")
            kept = f"store_rejects = true, rejects_table = '{REJECTED}', rejects_scan = '{SCANNED}', rejects_limit = 0"
            warehouse.execute(f"create temporary table {STAGED} as select * from {text_rows(path, self.form, kept)}")
        unclosed = warehouse.fetch(f"select min(line) from {REJECTED} where error_type = 'UNQUOTED VALUE'")[0][0]
        if unclosed is not None:
            raise InputError(
                f"a quote is not closed: `{self.origin}`, line {unclosed}",
                hint="look for a quote that is not doubled, there or before; nothing of the file was loaded",
            )

    def bad_rows(self, warehouse: Warehouse) -> list[BadRow]:
        """Return the rows of the staged file that do not fit; their position counts rows, the header is 1."""
        rejected = [
            BadRow.of(int(line), str(message), {"line": text})
            for line, message, text in warehouse.fetch(
                f"select line, any_value(error_message), any_value(csv_line) from {REJECTED} group by line order by 1"
            )
        ]
        return [*rejected, *self._unfit(warehouse, [row.position for row in rejected])]

    def _unfit(self, warehouse: Warehouse, rejected: Sequence[int]) -> Iterator[BadRow]:
        reason = " ".join(
            f"when not {fits(name, kind)} then {literal(f'{name}: not of type {kind}: ')} || {quote_name(name)}"
            for name, kind in self.types.items()
        )
        rows = warehouse.fetch(
            # Within a transaction rows are not numbered from nought.
            f"select rowid - (select min(rowid) from {STAGED}) + 2, case {reason} end, * from {STAGED} "
            f"where not ({self._all_fit()}) order by rowid"
        )
        before = 0
        for position, why, *values in rows:
            while before < len(rejected) and rejected[before] <= position + before:
                before += 1
            yield BadRow.of(position + before, why, dict(zip(self.form.header, values, strict=True)))

    def good_rows(self) -> str:
        """Return the query for the rows that fit, declared columns in their types first, then the others as text."""
        columns = [f"cast({quote_name(name)} as {kind}) as {quote_name(name)}" for name, kind in self.types.items()]
        return f"select {', '.join([*columns, *map(quote_name, self.extras)])} from {STAGED} where {self._all_fit()}"

    def _all_fit(self) -> str:
        return " and ".join(fits(name, kind) for name, kind in self.types.items())


def text_rows(path: Path, form: Form, options: str) -> str:
    """Return the call of DuckDB's `read_csv` that reads a file in UTF-8 as text, with these options besides."""
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in form.header)
    return (
        f"read_csv({literal(str(path))}, header = true, auto_detect = false, delim = {literal(form.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}, {options})"
    )


def fits(name: str, kind: str) -> str:
    """Return the condition that a text is null or can become the type with nothing rounded or cut off."""
    column, word = quote_name(name), kind.lower().partition("(")[0].strip()
    if word in ("varchar", "text"):
        return "true"
    exact = f"try_cast({column} as {kind}) is not null"
    if word in ("decimal", "numeric") or WHOLE.fullmatch(word):
        # By its shape: a cast rounds in silence, and comparing with a wider decimal takes 20 times as long.
        exact += f" and regexp_full_match({column}, '\\s*[+-]?\\d*(\\.\\d{{0,{digits_kept(kind)}}}0*)?\\s*')"
    elif word == "date":
        exact += f" and try_cast({column} as timestamp) = try_cast({column} as date)"
    return f"({column} is null or ({exact}))"


def digits_kept(kind: str) -> int:
    """Return how many digits after the point a type of numbers keeps: a decimal without a size 3, as DuckDB has it."""
    size = [int(number) for number in re.findall(r"\d+", kind)]
    if kind.lower().startswith(("decimal", "numeric")):
        return size[1] if len(size) > 1 else 0 if size else 3
    return 0


@contextmanager
def readable(path: Path, encoding: str, folder: Path) -> Iterator[Path]:
    """Give the path of a file as UTF-8: its own, or that of a copy which is removed afterwards."""
    if encoding.startswith("utf-8"):
        yield path
        return
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{path.stem}.utf-8.csv"
    try:
        with (
            path.open(encoding=encoding, newline="", errors="replace") as source,
            copy.open("w", encoding="utf-8", newline="") as target,
        ):
            while text := source.read(COPIED_CHARACTERS):
                target.write(text)
        yield copy
    finally:
        copy.unlink(missing_ok=True)
