"""Histories fed to the tables of a registry, as resolutions feed them."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from registry_histories import Contract, history, members_of, table_of

from entity_resolution.engine.registry import RegistryTables, next_change, publish, read_part, read_state
from shared.warehouse import Warehouse

TABLES = RegistryTables("customer", "master.customer_xref")


def replay(warehouse: Warehouse, tables: RegistryTables, names: list[str], *, steps: int, seed: int) -> None:
    """Feed histories side by side to one registry and hold each step against the contract."""
    chance = random.Random(seed)
    contract = Contract()
    ids_before: dict[str, str] = {}
    ids: dict[str, str] = {}
    for number, step in enumerate(zip(*(history(name, steps, chance) for name in names), strict=True)):
        clusters = [cluster for parts, _ in step for cluster in parts]
        former, ids_before = ids_before, ids
        ids = written(warehouse, tables, table_of(clusters, chance), f"run {number}")
        events = warehouse.fetch_arrow(f"select * from {tables.events} where run_id = 'run {number}'").to_pylist()
        contract.step(clusters, ids, events, warehouse.fetch_arrow(f"select * from {tables.history}"))
        undone = {name for name, (_, back) in zip(names, step, strict=True) if back}
        for record, entity in ids.items():
            if record.partition(":")[0] in undone:
                assert entity == former[record], "a split does not bring the old ids back"
    rows = warehouse.row_count(tables.events)
    written(warehouse, tables, table_of(clusters, chance), "again")
    assert warehouse.row_count(tables.events) == rows > 0


def changed_company(present: pa.Table, clusters: pa.Table) -> pa.Table:
    """Return column `party_id`: the records that are with others than before, new ones and those that are gone."""
    now, before = (members_of(dict(zip(*each.to_pydict().values(), strict=True))) for each in (clusters, present))
    differing = {*now.values()} ^ {*before.values()}
    return pa.table({"party_id": pa.array(sorted({party for parties in differing for party in parties}), pa.string())})


def written(warehouse: Warehouse, tables: RegistryTables, clusters: pa.Table, run_id: str) -> dict[str, str]:
    """Give clusters ids and publish them, as a resolution does."""
    with duckdb.connect(config={"threads": 1}) as connection:
        state = read_state(warehouse, tables)
        change = next_change(connection, clusters, state)
        touched = changed_company(state.present, clusters)
        known = read_part(warehouse, tables, touched)
        of_part = pa.concat_arrays([*known.present["party_id"].chunks, *touched["party_id"].chunks])
        part = next_change(connection, clusters.filter(pc.is_in(clusters["party_id"], of_part)), known)
    assert vars(part) | {"ids": None} == vars(change) | {"ids": None}, "a part is not decided as it is among all"
    columns = {name: pa.repeat("", len(change.ids)) for name in ("source_system", "source_id", "run_id")}
    xref = change.ids
    for name, values in columns.items():
        xref = xref.append_column(name, values)
    xref = xref.append_column("resolved_at", pa.repeat(pa.scalar(0, pa.timestamp("us")), len(xref)))
    with warehouse.transaction():
        warehouse.execute(f"delete from {tables.xref}")
        warehouse.append_arrow(tables.xref, xref)
        publish(warehouse, tables, change, run_id)
    return dict(zip(*change.ids.to_pydict().values(), strict=True))
