"""What a new model can be made of: which relations its layer may read, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.errors import InputError, UserError
from shared.new.declared import KEY_KINDS, called_like_a_key, key_of
from shared.new.names import SAFE, reserved
from shared.utils.console import say
from shared.utils.excerpts import excerpt
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.catalog import Relation
from transformation.layers import MASTER_SOURCES, declared_keys, source_tables
from transformation.new.columns import SHOWN_NAME, Column, column_of
from transformation.new.files import NewModel

# Data passes through the layers in one direction.
READS = {"core": ("staging", "core"), "egress": ("core", "master", "egress")}
MOST_RELATIONS = 5


def looked_at(warehouse: Warehouse, name: str, layer: str, wanted: Sequence[str], key: str | None) -> NewModel:
    """Look at relations, and return the model that is made of them.

    Args:
        warehouse: Where they are; nothing is written.
        name: The model's.
        layer: Its layer.
        wanted: The relations, `schema.table`.
        key: The column that identifies a row of the first one; looked for where None.

    Raises:
        UserError: There is no such relation, the layer may not read it, it has no key, or two cannot be joined.
    """
    if len(set(wanted)) != len(wanted) or len(wanted) > MOST_RELATIONS:
        raise UserError(f"not 1 to {MOST_RELATIONS} different relations", hint="name each of them once")
    relations = readable(warehouse, layer)
    for each in wanted:
        if each not in relations:
            raise unknown(each, layer, relations)
    if len({relations[each].name for each in wanted}) != len(wanted):
        raise UserError("two relations of one name", hint="write the model by hand, with names of their own")
    first, *others = (relations[each] for each in wanted)
    if key is None and not warehouse.fetch(f"select 1 from {first.sql} limit 1"):
        raise InputError(
            f"`{first.full_name}` has no rows that would tell its key", hint="name the column with --key, or load some"
        )
    found = key_of(warehouse, first, key)
    joins = {other.full_name: joining(warehouse, first, other) for other in others}
    columns = columns_of([first, *others])
    if found not in {column.name for column in columns}:
        raise UserError(f"a model can have no such column: `{excerpt(found, SHOWN_NAME)}`", hint="name another: --key")
    declared = {table.relation for table in source_tables(MASTER_SOURCES)}
    undeclared = [each for each in wanted if each.startswith("master.") and each not in declared]
    return NewModel(name, layer, [each.full_name for each in (first, *others)], joins, found, columns, undeclared)


def readable(warehouse: Warehouse, layer: str) -> Mapping[str, Relation]:
    """Return the relations that a layer's models may read: dbt's or master's, of this layer or before it."""
    models = declared_keys()
    return {
        each.full_name: each
        for schema in READS[layer]
        for each in warehouse.relations(schema)
        if (schema == "master" or each.name in models) and SAFE.fullmatch(each.name) and each.name not in reserved()
    }


def unknown(name: str, layer: str, relations: Mapping[str, Relation]) -> UserError:
    """Return the error for a relation that is none, or none of this layer's."""
    schema = name.partition(".")[0]
    if schema in ("raw", "staging", "core", "master", "egress") and schema not in READS[layer]:
        return UserError(
            f"a model of {layer} does not read `{excerpt(name, SHOWN_NAME)}`",
            hint=f"it reads {', '.join(READS[layer])}",
        )
    return UserError(f"there is no such relation: `{excerpt(name, SHOWN_NAME)}`", hint=suggestion(name, relations))


def joining(warehouse: Warehouse, first: Relation, other: Relation) -> str:
    """Return the column by which at most one row of the other relation is found for each of the first.

    Raises:
        UserError: There is none.
    """
    kinds = {field.name: field.kind for field in first.fields}
    shared = [each.name for each in other.fields if kinds.get(each.name) == each.kind and each.kind in KEY_KINDS]
    for column in sorted(shared, key=lambda column: not called_like_a_key(column)):
        filled, distinct = warehouse.fetch(
            f"select count({quote(column)}), count(distinct {quote(column)}) from {other.sql}"
        )[0]
        if filled == distinct and SAFE.fullmatch(column) and column not in reserved():
            return column
    raise UserError(
        f"no column of both has a value of its own in each row of `{other.full_name}`",
        hint=f"make the model of `{first.full_name}` alone, and join in its SQL",
    )


def columns_of(relations: Sequence[Relation]) -> list[Column]:
    """Return the columns of a model, those of the first relation first, and say which are left out."""
    found: dict[str, Column] = {}
    for relation in relations:
        for field in relation.fields:
            column = column_of(relation.full_name, field)
            if isinstance(column, str):
                say(f"left out: `{relation.full_name}`, `{excerpt(field.name, SHOWN_NAME)}`: {column}")
            elif field.name not in found:
                found[field.name] = column
    return [*found.values()]
