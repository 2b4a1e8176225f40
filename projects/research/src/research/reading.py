"""Read the warehouse in one short go: all queries see the same state, and nobody waits for what is done with it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from shared.config import Settings
from shared.errors import InputError
from shared.warehouse import LAYERS, Warehouse, open_warehouse
from shared.warehouse.fingerprint import rows_fingerprint

RELATION = re.compile(rf"\b({'|'.join(LAYERS)})\.([a-z_][a-z0-9_]*)")
TRANSFORM = "./pixiw run transform"
MADE_BY = {
    "raw": "./pixiw run ingest",
    "master": "./pixiw run resolve",
    "master.threshold_sweep": "./pixiw run resolve --sweep",
    "reporting": "./pixiw run report",
}


@dataclass(frozen=True)
class Source:
    """What one query gave.

    Attributes:
        relations: The tables and views that it names.
        fingerprint: Equal for equal rows, whatever their order.
    """

    rows: int
    fingerprint: str
    relations: list[str]


@dataclass(frozen=True)
class Snapshot:
    """What a warehouse held at one moment.

    Attributes:
        engine: `duckdb` or `postgres`.
        warehouse_id: The identity of the warehouse.
        location: Where it is, without a password.
        seconds: How long it was held open.
    """

    frames: dict[str, pd.DataFrame]
    sources: dict[str, Source]
    engine: str
    warehouse_id: str
    location: str
    seconds: float


def read_snapshot(settings: Settings, queries: Mapping[str, str], *, holder: str) -> Snapshot:
    """Run queries as a reader, in one transaction, and close the warehouse before anything is made of the rows.

    Args:
        settings: Names the warehouse and how long to wait for whoever writes to it.
        queries: SQL by the name that its result gets; tables are written `schema.table`.
        holder: Who asks, as others shall read it while they wait.

    Raises:
        InputError: A table of a query is not there.
    """
    with open_warehouse(settings, holder=holder) as warehouse:
        begun = time.monotonic()
        with warehouse.held_still():
            refuse_missing(warehouse, queries)
            tables = {name: warehouse.fetch_arrow(query) for name, query in queries.items()}
        seconds = time.monotonic() - begun
    sources = {name: source(table, queries[name]) for name, table in tables.items()}
    frames = {name: to_frame(table) for name, table in tables.items()}
    return Snapshot(frames, sources, warehouse.engine, warehouse.identity.id, warehouse.location, round(seconds, 3))


def refuse_missing(warehouse: Warehouse, queries: Mapping[str, str]) -> None:
    """Raise InputError where a query names a table that is not there."""
    there = {schema: set(warehouse.tables(schema)) for schema in LAYERS}
    for query in queries.values():
        for schema, name in RELATION.findall(query):
            if name not in there[schema]:
                raise InputError(
                    f"the warehouse has no table: `{schema}.{name}`",
                    hint=f"`{MADE_BY.get(f'{schema}.{name}', MADE_BY.get(schema, TRANSFORM))}` makes it; "
                    "or point WAREHOUSE_URL at the warehouse that has it",
                )


def source(table: pa.Table, query: str) -> Source:
    """Return what there is to say of a query's rows."""
    relations = sorted({".".join(found) for found in RELATION.findall(query)})
    rows, total = rows_fingerprint(table)
    return Source(rows, f"{total:x}", relations)


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return rows as pandas computes with them: decimals become floats, dates timestamps."""
    types = [pa.float64() if pa.types.is_decimal(field.type) else field.type for field in table.schema]
    floats = pa.schema([field.with_type(kind) for field, kind in zip(table.schema, types, strict=True)])
    return table.cast(floats).to_pandas(date_as_object=False)
