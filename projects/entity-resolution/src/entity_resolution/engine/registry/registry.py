"""From what is known and the clusters of a new resolution to ids, events and the history that follows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from entity_resolution.engine.registry import assignment, changes
from shared.utils.calculator import calculator


@dataclass(frozen=True)
class State:
    """What a registry knows before a resolution.

    Attributes:
        present: Columns `party_id`, `entity_id`: the ids of now.
        history: Columns `entity_id`, `present_id`, `status`, `given_in`, `ended_in`: every id ever given.
        former: Columns `entity_id`, `party_id`: records by which an id is known again.
        revision: The number of the last change.
    """

    present: pa.Table
    history: pa.Table
    former: pa.Table
    revision: int


@dataclass(frozen=True)
class Change:
    """What a resolution makes of a state. Where no entity changed, all but `ids` is empty.

    Attributes:
        ids: Columns `party_id`, `entity_id`, a row for each record in the order of `party_id`.
        events: What happened, see `changes.EVENTS`.
        replaced: Column `entity_id`: the ids whose rows of the history are replaced by `history`.
        history: The rows that replace them.
        forgotten: Column `entity_id`: the ids whose former members are replaced by `former`.
        former: The rows that replace them.
    """

    ids: pa.Table
    events: pa.Table
    replaced: pa.Table
    history: pa.Table
    forgotten: pa.Table
    former: pa.Table


def next_change(connection: duckdb.DuckDBPyConnection, clusters: pa.Table, state: State) -> Change:
    """Give clusters ids that last, and tell what changes by that.

    The result depends on the state and on who is together only: not on the order of rows, on the names of clusters,
    on threads or on the engine that made the clusters.

    Args:
        connection: A DuckDB to work in, of which the temporary tables are used.
        clusters: Columns `party_id`, `cluster_id`, a row for each record.
        state: What is known so far.
    """
    tables = {"present": state.present, "history": state.history, "former": state.former}
    for name, table in {"cluster_rows": clusters, **tables}.items():
        connection.register(name, table)
    connection.execute("create or replace temporary table era as select $1::bigint as revision", [state.revision + 1])
    assignment.assign(connection)
    changes.derive(connection)
    return Change(
        **{
            part: connection.sql(f"from {name} order by all").to_arrow_table()
            for part, name in {"ids": "after", **changes.PARTS}.items()
        }
    )


def after(state: State, change: Change) -> State:
    """Return what a registry knows once a change is written."""
    return State(
        present=change.ids,
        history=_with(state.history, change.replaced, change.history),
        former=_with(state.former, change.forgotten, change.former),
        revision=state.revision + 1,
    )


def _with(rows: pa.Table, replaced: pa.Table, by: pa.Table) -> pa.Table:
    """Replace the rows of some ids."""
    with calculator() as connection:
        for name, table in {"rows_before": rows, "ids": replaced, "rows_now": by}.items():
            connection.register(name, table)
        return connection.sql(
            "from rows_before anti join ids using (entity_id) union all by name from rows_now"
        ).to_arrow_table()
