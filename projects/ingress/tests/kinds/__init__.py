"""The kinds of readers as the guarantees' tests use them: a place of each that rows are put at.

A module a package of `ingress.readers`, which ends with `KINDS`; a package without one fails the suite.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import AwareDatetime, Field

from ingress.source import Reader
from shared.data_quality import RowModel

KEY = ("id",)


class Row(RowModel):
    """What every place is given; an `id` of 0 makes a bad row, also where a database keeps the types."""

    id: int = Field(ge=1)
    name: str | None
    amount: Decimal = Field(max_digits=12, decimal_places=2)
    changed_at: AwareDatetime
    gone: bool = False


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Return a good row, with these values in place of the usual ones."""
    values = {"id": number, "name": f"name {number}", "amount": Decimal(number) / 4}
    return {**values, "changed_at": datetime(2026, 1, 1, tzinfo=timezone.utc), "gone": False, **changes}


class Kind(ABC):
    """A place of one kind.

    Attributes:
        name: The kind's name in the tests' ids.
        repeats: Whether the place can hold a key twice.
        asks_since: Whether the reader can ask for changed rows alone, by `changed_at`.
    """

    name: str
    repeats: bool = True
    asks_since: bool = False

    @classmethod
    @contextmanager
    @abstractmethod
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        """Make a place, below a folder that is the platform's data folder or on loopback, and take it away."""

    @abstractmethod
    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        """Have the place hold exactly these rows, and these columns of one value besides."""

    @abstractmethod
    def reader(self, *, cursor: bool = False) -> Reader:
        """Return a reader of all rows, or of those changed since the last load where the kind can tell."""
