"""Files of a drop folder as a kind."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from ingress.readers.files.csv_folder import CsvFolder
from ingress.source import Reader
from kinds import Kind


class CsvFiles(Kind):
    """One CSV file in a folder."""

    name = "csv"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "landing" / "kind" / "rows.csv"

    @classmethod
    @contextmanager
    @override
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        yield cls(folder)

    @override
    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "name", "amount", "changed_at", "gone", *more])
            for row in rows:
                writer.writerow([*row.values(), *more.values()])

    @override
    def reader(self, *, cursor: bool = False) -> Reader:
        return CsvFolder("kind")


KINDS: tuple[type[Kind], ...] = (CsvFiles,)
