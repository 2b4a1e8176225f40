"""The models of the egress layer that are delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from shared.errors import InputError
from shared.warehouse import Warehouse, quote


@dataclass(frozen=True)
class Model:
    """A table of the warehouse with the column that identifies its rows."""

    table: str
    key: str

    @property
    def name(self) -> str:
        """The table's name without its schema."""
        return self.table.rpartition(".")[2]

    def rows_in_order(self, schema: pa.Schema, columns: Sequence[str] = ()) -> str:
        """Return the query for all of its rows, in order of some columns, and of their keys."""
        order = ", ".join([*map(_sorted, columns), self.sorted_key])
        return f"select {columns_of(schema)} from {quote(self.table)} order by {order}"

    @property
    def sorted_key(self) -> str:
        """SQL for the key as a text that sorts by code point, whatever the database's collation."""
        return _sorted(self.key)

    @contextmanager
    def held_still(self, warehouse: Warehouse) -> Iterator[None]:
        """Let all queries inside see the model in one state, while others may be making it anew.

        Nothing may be written inside.

        Raises:
            InputError: There is no such table.
        """
        if not warehouse.table_exists(self.table):
            raise InputError(
                f"there is no such model in the warehouse: `{self.table}`",
                hint="run `./pixiw run transform-egress` first, it makes the egress layer",
            )
        with warehouse.held_still(self.table):
            yield

    def schema(self, warehouse: Warehouse) -> pa.Schema:
        """Return the model's columns.

        Raises:
            InputError: It has no such key.
        """
        schema = warehouse.fetch_arrow(f"select * from {quote(self.table)} where false").schema
        if self.key not in schema.names:
            raise InputError(
                f"`{self.table}` lacks its key column: `{self.key}`",
                hint=f'give the model that column, or its target another key: `Model("{self.table}", key=…)` in '
                "a module of projects/egress/src/egress/targets",
            )
        return schema

    def check_key(self, rows: int, filled: int, distinct: int) -> None:
        """Refuse keys that are null or not unique: a receipt could not say which row it is for.

        Raises:
            InputError: There are such keys.
        """
        if filled != rows or distinct != rows:
            raise InputError(
                f"`{self.table}` has rows whose `{self.key}` is not unique: "
                f"{rows - filled} without a value, {filled - distinct} repeated",
                hint="nothing was sent; correct the model, `./pixiw run transform-egress` tests its key",
            )


def columns_of(schema: pa.Schema, of: str = "") -> str:
    """Return SQL for a model's columns: times of a day as text, as PostgreSQL's are; arrow would drop their zones.

    Args:
        of: What the model is called in the query, with a dot.
    """
    times = [quote(column.name) for column in schema if pa.types.is_time(column.type)]
    texts = ", ".join(f"cast({of}{name} as varchar) as {name}" for name in times)
    return f"{of}* replace ({texts})" if texts else f"{of}*"


def _sorted(column: str) -> str:
    return f'cast({quote(column)} as varchar) collate "C"'
