"""The parties of core: one row for each customer or member record that a source system holds today."""

from __future__ import annotations

import pyarrow as pa

from shared.errors import UserError
from shared.warehouse import Warehouse, quote

TABLE = "core.dim_customer"
KEY = ("party_id", "source_system", "source_id")
ADDRESS = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
PERSON = ("given_name", "surname", *ADDRESS, "date_of_birth")
COLUMNS = (*KEY, *PERSON, "household_id")


def require_parties(warehouse: Warehouse) -> None:
    """Make sure that core holds parties to resolve, if only none.

    Raises:
        UserError: There is no core.dim_customer.
    """
    if not warehouse.table_exists(TABLE):
        raise UserError(
            f"there are no parties to resolve, table missing: `{TABLE}`",
            hint="run `./pixiw run ingest` and `./pixiw run transform-core` first",
        )


def read_parties(warehouse: Warehouse) -> pa.Table:
    """Return the current version of every party, in the order of `party_id`."""
    columns = ", ".join(map(quote, COLUMNS))
    return warehouse.fetch_arrow(f"select {columns} from {TABLE} where is_current order by party_id")


def parties_hash(warehouse: Warehouse) -> str:
    """Return a hash of all that `read_parties` would return, computed where the rows are."""
    # Separators that no cleansed text holds keep apart what would read the same when joined.
    fields = ", ".join(f"coalesce(cast({quote(column)} as varchar), chr(30))" for column in COLUMNS)
    rows = warehouse.fetch(
        f"select md5(string_agg(md5(concat_ws(chr(31), {fields})), '' order by party_id)) from {TABLE} where is_current"
    )
    return rows[0][0] or "no parties"
