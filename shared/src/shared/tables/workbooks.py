"""A sheet of a workbook (.xlsx) as delimited text: dates and numbers as they are in its cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

from shared.errors import InputError
from shared.utils.excerpts import listed

# What a cell shows of a moment's time of day.
CLOCK = ("h", "s", "[")
DAY_ONLY = time()


def write_sheet(path: Path, origin: str, sheet: str | None, target: Path, limit: int) -> str:
    """Write a sheet's rows as CSV in UTF-8, and return the sheet's name.

    Raises:
        InputError: The workbook cannot be read, has several sheets and none is named, or a formula has no value.
    """
    # It takes a moment, and few files are workbooks.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file, path.open("rb") as again:
            shown = load_workbook(file, read_only=True, data_only=True)
            written = load_workbook(again, read_only=True)
            name = _chosen([one.title for one in shown.worksheets], origin, sheet)
            with target.open("w", encoding="utf-8", newline="") as text:
                lines = csv.writer(text, lineterminator="\n")
                for row in _rows(shown[name], written[name], origin):
                    lines.writerow(row)
                    if text.tell() > limit:
                        raise InputError(
                            f"too much comes out of `{origin}`", hint="TABLES_UNPACKED_LIMIT says how much may"
                        )
    except (InvalidFileException, KeyError, ValueError, SyntaxError) as error:
        raise InputError(f"not readable as an Excel workbook: `{origin}`: {error}", hint="save it as CSV") from error
    return name


def _chosen(names: list[str], origin: str, sheet: str | None) -> str:
    if sheet is not None and sheet not in names:
        raise InputError(f"no such sheet in `{origin}`: `{sheet}`", hint=f"it has {listed(names)}")
    if sheet is None and len(names) != 1:
        raise InputError(
            f"several sheets in `{origin}`: {listed(names)}", hint="name one with --sheet, or declare `sheet:`"
        )
    return sheet or names[0]


def _rows(shown: Any, written: Any, origin: str) -> Iterator[list[str]]:
    """Return the rows, blank ones too, so that positions are those of the sheet; empty cells at the right cut off."""
    for number, (cells, sources) in enumerate(zip_longest(shown.iter_rows(), written.iter_rows()), start=1):
        row = [_text(cell, source, origin, number) for cell, source in zip_longest(cells or (), sources or ())]
        yield row


def _text(cell: Any, source: Any, origin: str, row: int) -> str:
    value = cell.value if cell is not None else None
    if value is None:
        if source is not None and source.data_type == "f":
            raise InputError(
                f"formula without a value in `{origin}`, row {row}",
                hint="open it in a spreadsheet program and save it: only that works the values out",
            )
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        day_only = value.time() == DAY_ONLY and not any(sign in cell.number_format.lower() for sign in CLOCK)
        return value.date().isoformat() if day_only else value.isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    return repr(value) if isinstance(value, float) else str(value)


def _duration(value: timedelta) -> str:
    """Return it as a sheet shows it: hours, however many."""
    minutes, seconds = divmod(abs(value), timedelta(minutes=1))
    clock = f"{minutes // 60}:{minutes % 60:02}:{seconds.total_seconds():09.6f}".rstrip("0").rstrip(".")
    return f"-{clock}" if value < timedelta(0) else clock
