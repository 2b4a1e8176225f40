"""The tables of golden records: one record an entity, and where each of its values comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from entity_resolution.engine import bulk_tables
from entity_resolution.engine.golden import overrides
from entity_resolution.engine.golden.query import PROVENANCE, golden_columns, golden_query, provenance_query
from entity_resolution.entity import GENERAL, Entity
from shared.warehouse import Warehouse, quote

# What was chosen, and what people have decided, until it is published: temporary tables, which the session takes along.
KEY = ("entity_id",)
NEW, DECIDED = "new_golden", "new_decided"


def golden_table(entity: Entity) -> str:
    """Return the table of an entity's golden records."""
    return f"master.golden_{entity.name}"


def provenance_table(entity: Entity) -> str:
    """Return the table of where each value of an entity's golden records comes from."""
    return f"master.{entity.name}_provenance"


def make_golden(warehouse: Warehouse, entity: Entity, types: Mapping[str, str]) -> None:
    """Bring both tables in line with what is declared; rows stay.

    Args:
        warehouse: Where master is.
        entity: What the records are of.
        types: The type of each field.
    """
    golden = golden_table(entity)
    needed = {"party_count": "bigint", "source_systems": "varchar", "resolved_at": "timestamp", "run_id": "varchar"}
    columns = [
        "entity_id varchar not null",
        *(f"{quote(name)} {type_}" for name, type_ in types.items()),
        *(f"{name} {type_} not null" for name, type_ in needed.items()),
    ]
    bulk_tables.make(warehouse, golden, columns, KEY)
    there = types_of(warehouse, entity).keys()
    for name in types.keys() - there:
        warehouse.execute(f"alter table {golden} add column {quote(name)} {types[name]}")
    for name in there - {*GENERAL, *types}:
        warehouse.execute(f"alter table {golden} drop column {quote(name)}")
    # Without a key: to keep one up to date takes several times as long as to write the rows.
    warehouse.execute(
        f"create table if not exists {provenance_table(entity)} (entity_id varchar not null, field varchar not null, "
        "source_system varchar, source_id varchar, rule varchar not null)"
    )


def types_of(warehouse: Warehouse, entity: Entity) -> dict[str, str]:
    """Return the types of the columns that golden records have now."""
    schema, _, name = golden_table(entity).partition(".")
    return {field.name: field.type for field in warehouse.relations(schema, name)[0].fields}


def choose(warehouse: Warehouse, entity: Entity, parties: str, xref: str) -> None:
    """Make the new golden records, in `NEW`.

    Args:
        warehouse: Where master is.
        entity: Says which value survives.
        parties: The parties that were resolved, see `Workplace.parties`.
        xref: A table of which party is part of which entity.
    """
    warehouse.execute(f"drop table if exists {NEW}")
    warehouse.execute(f"create temporary table {NEW} as {golden_query(entity, parties, xref)}")


def publish(warehouse: Warehouse, entity: Entity, history: str, now: datetime, run_id: str, where: str = "") -> None:
    """Replace rows of both tables by what `choose` has made and people have decided: part of a transaction.

    Args:
        warehouse: Where master is.
        entity: What the records are of.
        history: The table of where each id leads now.
        now: When it is.
        run_id: Whose records they are.
        where: Which rows are replaced, as SQL behind a table: all where empty.
    """
    golden, names = golden_table(entity), ", ".join(map(quote, golden_columns(entity)))
    for field in overrides.make_applied(warehouse, entity, history, DECIDED):
        overrides.apply(warehouse, NEW, DECIDED, field, types_of(warehouse, entity)[field])
    warehouse.execute(f"delete from {golden}{where}")
    warehouse.execute(
        f"insert into {golden} ({names}, resolved_at, run_id) select {names}, $1, $2 from {NEW}", [now, run_id]
    )
    bulk_tables.check(warehouse, golden, KEY)
    provenance = provenance_table(entity)
    warehouse.execute(f"delete from {provenance}{where}")
    warehouse.execute(f"insert into {provenance} ({', '.join(PROVENANCE)}) {provenance_query(entity, NEW, DECIDED)}")
