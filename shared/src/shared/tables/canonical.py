"""Write a text that DuckDB would not read as it stands as one that it does: UTF-8, one line end, numbered rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from shared.errors import InputError
from shared.tables.dialects import fits
from shared.tables.form import MARK, Form, not_in

CHUNK_ROWS = 1000
# What Python's reader says of a quote.
OF_QUOTES = ("unexpected end of data", "expected after")


def write_canonical(source: Path, form: Form, origin: str, target: Path) -> int:
    """Write a file's rows below the header as CSV, the line on which each begins as its first field.

    Bytes that are not UTF-8, where that is the encoding, are written as they are: whoever reads the copy meets them.

    Returns:
        How many rows were written.

    Raises:
        InputError: A quote is not closed or not doubled, or a byte is none of the encoding's.
    """
    errors = "surrogateescape" if form.encoding.startswith("utf-8") else "strict"
    try:
        with (
            source.open(encoding=form.encoding, errors=errors, newline="") as text,
            target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as copy,
        ):
            for _ in range(form.skip):
                text.readline()
            lines = chain([text.readline().lstrip(MARK)], text)
            reader = csv.reader(lines, delimiter=form.delimiter, skipinitialspace=form.spaced, strict=True)
            rows = _numbered(reader, form, origin)
            # All texts in quotes: of those with a carriage return alone Python does not think as DuckDB does.
            writer = csv.writer(copy, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
            written = 0
            while chunk := list(islice(rows, CHUNK_ROWS)):
                writer.writerows(chunk)
                written += len(chunk)
            return written
    except UnicodeDecodeError as error:
        raise not_in(form.encoding, origin, error) from error


def _numbered(reader: Iterator[list[str]], form: Form, origin: str) -> Iterator[list[object]]:
    width, line = len(form.header), form.skip + 1
    try:
        next(reader, None)
        line = form.skip + reader.line_num + 1  # type: ignore[attr-defined]
        for row in reader:
            if row or width == 1:
                if len(row) == width + 1 and fits(row, width):
                    row.pop()
                yield [line, *(row or [""])]
            line = form.skip + reader.line_num + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        if any(said in str(error) for said in OF_QUOTES):
            raise unclosed(origin, line) from error
        raise InputError(
            f"not readable as rows: `{origin}`, line {line}: {error}", hint="correct the file; nothing of it was loaded"
        ) from error


def unclosed(origin: str, line: int) -> InputError:
    """Return the error for a quote that is not closed or not doubled: nobody knows which rows it has swallowed."""
    return InputError(
        f"a quote is not closed: `{origin}`, line {line}",
        hint="look for a quote that is not doubled, there or before; nothing of the file was loaded",
    )
