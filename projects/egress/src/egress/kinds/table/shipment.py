"""The rows that a delivery to a table writes and deletes, and what has become of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from egress.engine.pending import ROW_KEY
from egress.engine.unfit import TOO_FINE, is_fine
from shared.data_quality.conversion import beyond_type

POSITION = "_egress_position"


@dataclass
class Shipment:
    """What a delivery writes and deletes, and what has become of it.

    Attributes:
        upserts: The rows to write, with the columns `ADDED`.
        deletes: The keys of the rows to delete.
        refused: Why rows were not written, by key.
        kept: Why rows were not deleted, by key.
        taken_over: How many rows of others were overwritten.
        transaction: The number of the target's transaction.
    """

    upserts: pa.Table
    deletes: pa.Table
    refused: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    taken_over: int = 0
    transaction: int = 0

    def leave_out(self, refused: dict[str, str], kept: dict[str, str]) -> None:
        """Take rows out of the shipment, each with the reason."""
        self.refused |= refused
        self.kept |= kept
        self.upserts = without(self.upserts, refused)
        self.deletes = without(self.deletes, kept)

    def delete_also(self, keys: Collection[str]) -> None:
        """Add rows to the deletes that the send state does not know of."""
        blank = {name: pa.array([""] * len(keys), pa.string()) for name in self.deletes.column_names}
        strays = pa.table({**blank, ROW_KEY: pa.array(keys, pa.string())})
        self.deletes = pa.concat_tables([self.deletes, strays.select(self.deletes.column_names)])


def without(rows: pa.Table, keys: Collection[str]) -> pa.Table:
    """Return the rows that have none of these keys."""
    if not keys:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows[ROW_KEY], pa.array(keys, pa.string()))))


def within(rows: pa.Table, keys: Collection[str]) -> pa.Table:
    """Return the rows that have one of these keys."""
    return rows.filter(pc.is_in(rows[ROW_KEY], pa.array(keys, pa.string())))


def numbered(rows: pa.Table) -> pa.Table:
    """Return the rows with their positions."""
    return rows.append_column(POSITION, pa.array(range(rows.num_rows), pa.int64()))


def with_nul(rows: pa.Table) -> dict[str, str]:
    """Return why rows cannot be in PostgreSQL at all: it has no NUL character."""
    found: dict[str, str] = {}
    for column in rows.schema:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            spoilt = rows.filter(pc.match_substring(rows[column.name], "\0"))
            found |= dict.fromkeys(spoilt[ROW_KEY].to_pylist(), f"`{column.name}` holds a NUL character")
    return found


def rounded(rows: pa.Table) -> dict[str, str]:
    """Return why rows would not be in PostgreSQL as they are: it rounds times to microseconds without a word."""
    found: dict[str, str] = {}
    for column in rows.schema:
        if is_fine(column.type):
            spoilt = rows.filter(pc.fill_null(beyond_type(rows[column.name]), False))
            found |= dict.fromkeys(spoilt[ROW_KEY].to_pylist(), f"`{column.name}` {TOO_FINE}")
    return found
