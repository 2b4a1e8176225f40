"""Reading a table in tests, without loading it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from ingress.load.duplicates import unique_rows
from ingress.readers.sql.reader import Sql
from ingress.source import Resource, Watermark
from shared.config import get_settings
from shared.data_quality import BadRow, RowModel

Amount = Annotated[Decimal, Field(max_digits=9, decimal_places=2)]


def model(**fields: Any) -> type[RowModel]:
    """Return a row model of these fields after an `id`."""
    return type("Row", (RowModel,), {"__annotations__": {"id": int, **fields}, "__module__": __name__})


def load(reader: Sql, row: type[RowModel], since: Watermark | None = None) -> tuple[list[dict[str, Any]], list[BadRow]]:
    """Read, and return the good rows in the order of their ids, and the bad ones."""
    resource = Resource("rows", "rows", row, ("id",), reader, contract="evolve")
    opened = reader.read(resource, get_settings(), [], since)
    bad: list[BadRow] = []

    def batches() -> Iterator[Any]:
        for batch in opened.batches:
            bad.extend(batch.bad)
            yield batch

    counts: Counter[str] = Counter()
    tables = unique_rows(batches(), opened.duplicated, ("id",), counts, lambda origin, rows: bad.extend(rows))
    good = [row for table in tables for row in table.drop_columns(["_position", "_order"]).to_pylist()]
    return sorted(good, key=lambda row: row["id"]), bad
