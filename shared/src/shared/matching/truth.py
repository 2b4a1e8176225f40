"""A truth that people wrote down: which records of different sources are the same entity."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from shared.errors import InputError


def read_pairs(path: Path, sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """Read pairs of records of one entity each.

    Args:
        path: A CSV file in UTF-8 with a pair on each line.
        sources: The source system of each of its two columns; a record is `source:id`.

    Raises:
        InputError: It cannot be read, lacks a column, or a line of it lacks an id.
    """
    (left, left_source), (right, right_source) = sources.items()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            pairs = [(row[left], row[right]) for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, sources) from error
    # Those without an id would all be one entity.
    if not all(left and right for left, right in pairs):
        raise unreadable(path, sources)
    return [(f"{left_source}:{left}", f"{right_source}:{right}") for left, right in pairs]


def unreadable(path: Path, sources: Mapping[str, str]) -> InputError:
    """Return the error for a file that is no truth."""
    return InputError(
        f"cannot read the truth: `{path}`",
        hint=f"it must be a CSV file in UTF-8 with the columns {', '.join(sources)}, both filled in on every line",
    )
