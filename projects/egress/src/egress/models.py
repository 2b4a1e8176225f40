"""The models of the egress layer that are delivered, and a hash for each of their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
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
    def sorted_key(self) -> str:
        """SQL for the key as a text that sorts by code point, whatever the database's collation."""
        return f'cast({quote(self.key)} as varchar) collate "C"'

    @contextmanager
    def held_still(self, warehouse: Warehouse) -> Iterator[None]:
        """Let all queries inside see the model in one state, while others may be making it anew.

        Nothing may be written inside. On DuckDB nobody else can write anyway.

        Raises:
            InputError: There is no such table.
        """
        if not warehouse.table_exists(self.table):
            raise InputError(
                f"there is no such model in the warehouse: `{self.table}`",
                hint="run `./pixiw run transform-egress` first, it makes the egress layer",
            )
        if warehouse.engine == "duckdb":
            yield
            return
        with warehouse.transaction():
            warehouse.execute("set transaction isolation level repeatable read")
            # Before the first query: a table that is put in this one's place later would look empty.
            warehouse.execute(f"lock table {quote(self.table)} in access share mode")
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
                hint="give the model that column, or name another key in projects/egress/src/egress/targets.py",
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


def row_hash(engine: str, fields: Iterable[pa.Field]) -> str:
    """Return SQL for the hash of a row: of names, types and values of its columns, in the order given.

    No two different rows make the same text. PostgreSQL has one for a row, with quotes where it needs them, that takes
    half the time of putting one together. In DuckDB a text goes in with its length before it, which null lacks;
    anything else has no `;` within and is empty only where it is null.
    """
    fields = list(fields)
    header = hashlib.md5("\n".join(f"{field.name} {field.type}" for field in fields).encode()).hexdigest()
    if engine == "postgres":
        return f"md5('{header}' || cast(row({', '.join(quote(field.name) for field in fields)}) as text))"
    return f"md5(concat('{header}', {', '.join(part for field in fields for part in _hashed_texts(field))}))"


def _hashed_texts(field: pa.Field) -> tuple[str, ...]:
    text = f"cast({quote(field.name)} as varchar)"
    if pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type):
        return text, "';'"
    return f"length({text})", "':'", text
