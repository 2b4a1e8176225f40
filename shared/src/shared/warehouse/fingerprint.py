"""Compare what tables hold, whatever the order of their rows."""

from __future__ import annotations

import re

from shared.utils.calculator import calculator
from shared.warehouse.base import ArrowData, Warehouse
from shared.warehouse.sql.dialect import header
from shared.warehouse.sql.quoting import quote, quote_name

# What differs between two runs that did the same: when they ran, and the ids that they were given.
VOLATILE = re.compile(r"^(_dlt_.*|dbt_.*|run_id|valid_from|valid_to|.*_at)$")


def table_fingerprint(warehouse: Warehouse, table: str, *, ignore: re.Pattern[str] = VOLATILE) -> tuple[int, int]:
    """Return a table's row count and the sum of its rows' hashes, over the columns whose names `ignore` does not match.

    Equal tables have equal fingerprints; a changed, missing or doubled row changes it.
    """
    empty = warehouse.fetch_arrow(f"select * from {quote(table)} where false")
    columns = sorted(name for name in empty.schema.names if not ignore.match(name))
    if not columns:
        return warehouse.row_count(table), 0
    selected = ", ".join(quote_name(name) for name in columns)
    return rows_fingerprint(warehouse.stream_arrow(f"select {selected} from {quote(table)}"))


def rows_fingerprint(rows: ArrowData) -> tuple[int, int]:
    """Return the row count and the sum of the rows' hashes, of rows that need not be a table of the warehouse."""
    columns = ", ".join(quote_name(name) for name in sorted(rows.schema.names))
    with calculator() as session:
        session.register("rows", rows)
        row = session.execute(f"select count(*), coalesce(sum(hash({columns})::hugeint), 0) from rows").fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def schema_fingerprints(warehouse: Warehouse, schema: str) -> dict[str, tuple[int, int]]:
    """Return the fingerprint of each table and view of a schema; tables that dlt keeps for itself are left out."""
    return {
        name: table_fingerprint(warehouse, f"{schema}.{name}")
        for name in warehouse.tables(schema)
        if not name.startswith("_dlt_")
    }


def rows_version(warehouse: Warehouse, origin: str) -> str:
    """Return a text that is the same for the same rows and columns, in any order, as long as the engine is the same.

    All columns count, by name, type and value. It is computed where the rows are, in one pass.

    Args:
        warehouse: Where they are.
        origin: A table, or a query in brackets, as SQL.
    """
    schema = warehouse.fetch_arrow(f"select * from {origin} as origin where false").schema
    fields = sorted(schema, key=lambda field: field.name)
    content = warehouse.dialect.content([field.name for field in fields])
    rows, total = warehouse.fetch(f"select count(*), {content} from {origin} as origin")[0]
    return f"{rows}:{total or 0}:{header(fields)}"
