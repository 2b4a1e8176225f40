"""The parties of an entity: one row for each record that a source system holds today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from entity_resolution.entity import KEY, Entity
from entity_resolution.kinds.names import formal, with_formal_names
from entity_resolution.kinds.vocabulary import derived
from shared.errors import UserError
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, literal, quote
from shared.warehouse.sql.catalog import Relation


def current_parties(warehouse: Warehouse, entity: Entity) -> str:
    """Return the query, in brackets, for the current version of every party: columns `KEY` and the entity's.

    Values are those of core, but an empty text says no more than a missing one.

    Raises:
        UserError: Core lacks the entity's relation, or that lacks a column.
    """
    kinds = {field.name: field.kind for field in party_relation(warehouse, entity).fields}
    columns = [
        f"nullif({quote(name)}, '') as {quote(name)}" if kinds[name] == "text" else quote(name)
        for name in entity.columns
    ]
    where = f" where {entity.parties.where}" if entity.parties.where else ""
    return f"(select {', '.join([*_key(entity), *columns])} from {quote(entity.parties.relation)}{where})"


def compared_parties(entity: Entity, parties: str) -> str:
    """Return the query for parties as they are compared: `KEY` as it is, each column in its form, and formal names.

    Args:
        entity: What they are parties of.
        parties: A table with the columns of `current_parties`.
    """
    forms = [f"{form.of(name)} as {quote(name)}" for name, form in entity.forms.items() if name not in KEY]
    formed = f"select {', '.join([*map(quote, KEY), *forms])} from {parties}"
    if not entity.known:
        return formed
    # A join keeps no order, and samples are drawn by it.
    return f'{with_formal_names(formed, entity.known)} order by party.party_id collate "C"'


def held_out_parties(entity: Entity, fillers: Mapping[str, Iterable[str]]) -> str:
    """Return the columns of parties in their forms, without fillers: values that stand for nothing, by column."""
    made = {name: derived(name) for name in entity.worded}
    columns = [
        f"case when {form.as_text(quote(name))} not in ({', '.join(map(literal, fillers[name]))}) "
        f"then {quote(each)} end as {quote(each)}"
        if fillers.get(name)
        else quote(each)
        for name, form in entity.forms.items()
        if name not in KEY
        for each in (name, *made.get(name, ()))
    ]
    return ", ".join([*map(quote, KEY), *columns, *(quote(formal(name)) for name in entity.known)])


def record_hash(warehouse: Warehouse, parties: str) -> str:
    """Return the expression for the hash of a party, by which a changed one is known.

    Args:
        warehouse: Where they are.
        parties: A table, or a query in brackets, with the columns of `current_parties`.
    """
    schema = warehouse.fetch_arrow(f"select * from {parties} as party where false").schema
    return warehouse.dialect.row_hash(sorted(schema, key=lambda field: field.name))


def count_parties(warehouse: Warehouse, parties: str) -> int:
    """Count parties, a table or a query in brackets.

    Raises:
        UserError: One of them has no id, or the same as another one.
    """
    count, ids = warehouse.fetch(f"select count(*), count(distinct party_id) from {parties} as party")[0]
    if ids < count:
        raise UserError(
            f"parties without an id, or with that of another one: `{count - ids}`",
            hint="correct `id`, `source` or `where` of the entity's parties, so that each record is there once",
        )
    return int(count)


def _key(entity: Entity) -> list[str]:
    parties = entity.parties
    source = f"cast({quote(parties.source)} as varchar)" if parties.source else literal(entity.name)
    record = f"cast({quote(parties.id)} as varchar)"
    return [
        f"{expression} as {name}"
        for name, expression in zip(KEY, (f"{source} || ':' || {record}", source, record), strict=True)
    ]


def party_relation(warehouse: Warehouse, entity: Entity) -> Relation:
    """Return the relation of core that holds the parties, with all columns that the entity needs.

    Raises:
        UserError: Core lacks it, or it lacks a column.
    """
    schema, _, name = entity.parties.relation.partition(".")
    found = warehouse.relations(schema, name)
    if not found:
        raise UserError(
            f"there are no parties to resolve, table missing: `{entity.parties.relation}`",
            hint="run `./pixiw run ingest` and `./pixiw run transform-core` first",
        )
    there = {field.name for field in found[0].fields}
    parties = entity.parties
    for column in (parties.id, *([parties.source] if parties.source else []), *entity.columns):
        if column not in there:
            raise UserError(
                f"the entity `{entity.name}` needs a column that `{parties.relation}` does not have: `{column}`",
                hint=f"correct the declaration in entities/, or the model; {suggestion(column, there)}",
            )
    return found[0]
