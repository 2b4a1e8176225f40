"""A file's content read by `shared.tables`, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.data_quality import BadRow
from shared.tables import Column, Declared, Form, Scratch, look, typed
from shared.tables.declared import NOTHING

UNTYPED: Mapping[str, Column] = {}


@dataclass(frozen=True)
class Got:
    """What was read of a file.

    Attributes:
        rows: Those that fit, in the order of their lines, each with the number of its line as the last value.
        bad: The others.
    """

    form: Form
    rows: list[tuple[Any, ...]]
    bad: list[BadRow]

    @property
    def values(self) -> list[tuple[Any, ...]]:
        """The rows that fit without their lines."""
        return [row[:-1] for row in self.rows]

    @property
    def lines(self) -> list[int]:
        """The lines of the rows that fit."""
        return [row[-1] for row in self.rows]


Read = Callable[..., Got]


def read_file(
    path: Path, columns: Mapping[str, Column] = UNTYPED, declared: Declared = NOTHING, scratch: Scratch | None = None
) -> Got:
    """Read a file in the types of these columns, the others as text; `scratch` spares making a database for it."""
    if scratch is None:
        with Scratch() as made:
            return read_file(path, columns, declared, made)
    form = look(path, declared=declared)
    form.check_names(path.name)
    with typed(scratch, path, form, path.name, columns) as rows:
        good = scratch.fetch(rows.good_rows(position="_line"))
        return Got(form, sorted(good, key=lambda row: row[-1]), list(rows.bad_rows()))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that writes a file and reads it in the types of its columns; declarations by their names."""

    def now(content: bytes | str, columns: Mapping[str, Column] = UNTYPED, name: str = "t.csv", **said: Any) -> Got:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_file(path, columns, Declared(**said))

    return now
