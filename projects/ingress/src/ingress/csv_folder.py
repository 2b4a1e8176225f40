"""Rows from CSV files in a drop folder: checked one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from typing_extensions import override

from ingress.source import Batch, Input, Reader, Resource, duplicated_in, name_of
from shared.config import Settings
from shared.data_quality import BadRow, RowChecker
from shared.errors import InputError
from shared.monitoring.lineage import Dataset

CHUNK_ROWS = 20_000
Line = tuple[int, list[str]]


@dataclass(frozen=True)
class CsvFolder(Reader):
    """All CSV files of a folder below the landing folder, in the order of their names.

    The files are UTF-8 with a header, fields parted by commas. An empty field is null.
    """

    folder: str

    @override
    def where(self, settings: Settings) -> str:
        folder, pattern = self.drop_folder(settings)
        return f"{name_of(folder, settings)}/{pattern}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_file(settings.landing_dir / self.folder)

    @override
    def drop_folder(self, settings: Settings) -> tuple[Path, str]:
        return settings.landing_dir / self.folder, "*.csv"

    @override
    def files(self, settings: Settings) -> list[Path]:
        folder, pattern = self.drop_folder(settings)
        found = sorted(folder.glob(pattern))
        if not found:
            raise InputError(
                f"no CSV file in the drop folder: `{folder}`",
                hint="drop a file there, or run the task demo-data",
            )
        return found

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[Path], since: datetime | None = None
    ) -> Input:
        extras: dict[str, None] = {}
        for path in files:
            origin = name_of(path, settings)
            with opened(path, origin) as lines:
                found = resource.rows.extra_columns(header_of(lines, origin), origin)
            resource.hold_to_contract(found, origin)
            extras.update(dict.fromkeys(found))
        resource.hold_to_contract(list(extras), self.where(settings))
        batches = [
            batch
            for order, path in enumerate(files)
            for batch in read_file(path, name_of(path, settings), order, resource.rows, list(extras))
        ]
        return Input(list(extras), batches, duplicated_in(batches, resource))


def read_file(path: Path, origin: str, order: int, checker: RowChecker, extras: Sequence[str]) -> Iterator[Batch]:
    """Read and check a file; the rows' positions are the lines on which they begin, the header's is 1."""
    with opened(path, origin) as lines:
        header = header_of(lines, origin)
        while chunk := list(islice(lines, CHUNK_ROWS)):
            whole = [(number, values) for number, values in chunk if len(values) == len(header)]
            bad = [refused(line, header) for line in chunk if len(line[1]) != len(header)]
            rows = [as_row(header, values) for _, values in whole]
            checked = checker.check(rows, [number for number, _ in whole], extras)
            yield Batch(origin, order, checked.good, [*bad, *checked.bad])


@contextmanager
def opened(path: Path, origin: str) -> Iterator[Iterator[Line]]:
    """Open a file as its lines' numbers and fields, blank lines left out.

    Raises:
        InputError: It is not UTF-8, or its quotes do not match.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield numbered(reader)
        except UnicodeDecodeError as error:
            raise InputError(
                f"not UTF-8: `{origin}`, line {line_of_error(path)}: {error.reason}",
                hint="save it as UTF-8, for example with `iconv -f LATIN1 -t UTF-8`",
            ) from error
        except csv.Error as error:
            raise InputError(
                f"not readable as CSV: `{origin}`, line {reader.line_num}: {error}",
                hint="look for a quote that is not closed or not doubled, there or before; nothing of it was loaded",
            ) from error


def numbered(reader: Any) -> Iterator[Line]:
    """Return each row of a CSV reader with the number of the line on which it begins."""
    line = 1
    for values in reader:
        if values:
            yield line, values
        line = reader.line_num + 1


def header_of(lines: Iterator[Line], origin: str) -> list[str]:
    """Return the names of the columns.

    Raises:
        InputError: There are none, or one twice.
    """
    _, names = next(lines, (1, []))
    header = [name.strip() for name in names]
    if not header:
        raise InputError(f"empty file: `{origin}`", hint="it has not even a header: have it delivered again")
    doubled = {name for name in header if header.count(name) > 1}
    if doubled:
        raise InputError(f"column twice in `{origin}`: `{doubled.pop()}`", hint="name each column once")
    return header


def as_row(header: Sequence[str], values: Sequence[str]) -> dict[str, str | None]:
    """Return a row by its columns' names."""
    return {name: value or None for name, value in zip(header, values, strict=False)}


def refused(line: Line, header: Sequence[str]) -> BadRow:
    """Return the bad row for a line with too few or too many fields."""
    number, values = line
    row: dict[str, object] = dict(as_row(header, values))
    if len(values) > len(header):
        row["_beyond_the_header"] = values[len(header) :]
    return BadRow.of(number, f"line has {len(values)} fields, the header {len(header)}", row)


def line_of_error(path: Path) -> int:
    """Return the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
