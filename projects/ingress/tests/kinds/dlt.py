"""A dlt resource with an incremental of its own, of mappings and of arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest

from ingress.readers.dlt.reader import Dlt
from kinds import Kind

BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("amount", pa.decimal128(12, 2)),
        ("changed_at", pa.timestamp("us", "UTC")),
        ("gone", pa.bool_()),
    ]
)


class Mappings(Kind):
    """A resource that yields pages of mappings."""

    name = "dlt"
    asks_since = True

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Mappings]:
        """Have a place in memory."""
        yield cls()

    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        """Hold these rows."""
        self._rows = [{**row, **more} for row in rows]

    def reader(self, *, cursor: bool = False) -> Dlt:
        """Return the resource's reader."""
        return Dlt(self.made, cursor="changed_at" if cursor else None)

    def made(self) -> Any:
        """Return a resource of what is held."""

        @dlt.resource(name="rows", primary_key="id")
        def rows(
            changed: dlt.sources.incremental[datetime] = dlt.sources.incremental("changed_at", initial_value=BEGINNING),  # noqa: B008
        ) -> Iterator[Any]:
            yield from self.pages()

        return rows

    def pages(self) -> Iterator[Any]:
        """Yield what the resource yields."""
        for begin in range(0, len(self._rows), 1_000):
            yield self._rows[begin : begin + 1_000]


class Tables(Mappings):
    """A resource that yields arrow tables."""

    name = "dlt-arrow"

    def pages(self) -> Iterator[Any]:
        """Yield what the resource yields."""
        more = [name for name in (self._rows[0] if self._rows else ()) if name not in SCHEMA.names]
        schema = pa.schema([*SCHEMA, *(pa.field(name, pa.string()) for name in more)])
        for rows in super().pages():
            yield pa.Table.from_pylist(
                [{n: v if n not in more else str(v) for n, v in row.items()} for row in rows], schema
            )


KINDS: tuple[type[Kind], ...] = (Mappings, Tables)
