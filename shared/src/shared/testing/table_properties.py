"""What must hold of any file of a table that `shared.tables` reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from shared.errors import InputError
from shared.tables import Column, Scratch, infer, look
from shared.testing.files import read_file
from shared.testing.tables import TRUTHS, Written

LEADING_NOUGHT = re.compile(r"[^0-9]*0[0-9]")
TRUE_OR_FALSE = [word for pair in TRUTHS if pair for word in pair]


def read_as_declared(written: Written, path: Path, scratch: Scratch) -> None:
    """Assert that a file is read in its types: each row with its values and line, or a bad one.

    Raises:
        AssertionError: A row differs, or is not told.
    """
    path.write_bytes(written.content)
    got = read_file(path, written.columns, written.declared, scratch)
    rows = zip(written.values, written.lines, strict=True)
    good = [(*values, line) for values, line in rows if values is not None]
    bad = [line for values, line in zip(written.values, written.lines, strict=True) if values is None]
    assert got.rows == good
    assert [one.position for one in got.bad] == bad


def read_as_found(written: Written, path: Path, scratch: Scratch) -> bool:
    """Assert that a file of which nothing is declared is refused, or read as it is, with types that change nothing.

    Returns:
        Whether it was read.

    Raises:
        AssertionError: A row differs, or is not told.
    """
    path.write_bytes(written.content)
    try:
        form = look(path)
        form.check_names(path.name)
        texts = read_file(path, scratch=scratch)
    except InputError:
        return False
    expected = [row for row in written.texts if row is not None]
    assert texts.form.header == tuple(written.columns)
    assert texts.values == expected
    assert len(texts.bad) == len(written.texts) - len(expected)
    found = infer(path, form, path.name)
    columns = {one.name: one.column for one in found.columns}
    typed = read_file(path, columns, scratch=scratch)
    assert len(typed.values) == len(expected), "every row fits the types that were found of it"
    known = [values for values, row in zip(written.values, written.texts, strict=True) if row is not None]
    for at, (name, column) in enumerate(columns.items()):
        # In a file parted by commas a point is that of decimals.
        grouped = written.declared.delimiter == "," and written.columns[name].convention.thousands == "."
        if column.type != "varchar" and not grouped:
            told = [
                (row[at], None if values is None else values[at]) for row, values in zip(expected, known, strict=True)
            ]
            _hold(written.columns[name], column, told, [row[at] for row in typed.values])
    return True


def _hold(true: Column, found: Column, told: Sequence[tuple[str | None, Any]], values: Sequence[Any]) -> None:
    """Assert that the values of a column are those that were written, or say no less than their texts."""
    for (text, value), got in zip(told, values, strict=True):
        if text is None or value is None or true.type == "varchar":
            # A text may be the one that a type was spoiled with: what another type makes of it has to come back.
            assert (text is None) == (got is None) and (text is None or _comes_back(text, got)), (found, text, got)
        else:
            assert got == value, (found, text, value, got)


def _comes_back(text: str, value: Any) -> bool:
    """Tell whether a value says what a text says that is none of the table's own types."""
    if isinstance(value, bool):
        return text in (str(value), str(value).lower(), *TRUE_OR_FALSE)
    if isinstance(value, (int, float, Decimal)):
        return LEADING_NOUGHT.match(text) is None
    return len(text) >= len("1.1.2000")
