"""The parties of core: one row for each customer or member record that a source system holds today."""

from __future__ import annotations

from shared.errors import UserError
from shared.warehouse import Warehouse, quote

TABLE = "core.dim_customer"
KEY = ("party_id", "source_system", "source_id")
ADDRESS = ("street_number", "address_1", "address_2", "suburb", "postcode", "state")
PERSON = ("given_name", "surname", *ADDRESS, "date_of_birth")
# Types that mean the same on every engine. A date of birth is compared as the digits that people type.
COLUMNS = {**dict.fromkeys((*KEY, *PERSON), "text"), "household_id": "bigint"}


def current_parties() -> str:
    """Return the query for the current version of every party. An empty text says no more than a missing one."""
    columns = [quote(column) for column in (*KEY, "household_id")]
    columns += [f"nullif(cast({quote(column)} as varchar), '') as {quote(column)}" for column in PERSON]
    return f"(select {', '.join(columns)} from {TABLE} where is_current)"


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


def count_parties(warehouse: Warehouse, parties: str) -> int:
    """Count parties, a table or a query in brackets."""
    return int(warehouse.fetch(f"select count(*) from {parties} as party")[0][0])
