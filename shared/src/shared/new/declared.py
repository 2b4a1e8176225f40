"""What a first declaration is made from and comes to, whatever it declares."""

from __future__ import annotations

from typing import Any

from shared.errors import UserError
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, quote_name
from shared.warehouse.sql.catalog import Relation

# Of types that a row can be named by wherever it goes.
KEY_KINDS = ("text", "integer", "uuid")


def relation_in(warehouse: Warehouse, layer: str, name: str) -> Relation | None:
    """Return the table or view that is called `layer.x`, None where there is none or it is of another layer."""
    schema, _, table = name.partition(".")
    found = warehouse.relations(schema, table) if schema == layer and table else []
    return next(iter(found), None)


def called_like_a_key(column: str) -> bool:
    """Tell whether a column's name says that it identifies something."""
    return column in ("id", "key", "code") or column.endswith(("_id", "_key", "_code", "_number"))


def key_of(warehouse: Warehouse, relation: Relation, named: str | None) -> str:
    """Return the column that identifies a relation's rows: the first that can, those called like keys before others.

    Raises:
        UserError: There is none, or the one that was named does not.
    """
    columns = [field.name for field in relation.fields if field.kind in KEY_KINDS]
    if named is not None and named not in columns:
        raise UserError(f"no column that could be the key: `{named}`", hint=suggestion(named, columns))
    tried = [named] if named is not None else sorted(columns, key=lambda column: not called_like_a_key(column))
    counts = ", ".join(f"count({quote_name(column)}), count(distinct {quote_name(column)})" for column in tried)
    rows, *found = warehouse.fetch(f"select count(*){counts and ', '}{counts} from {relation.sql}")[0]
    for column, filled, distinct in zip(tried, found[::2], found[1::2], strict=True):
        if filled == distinct == rows:
            return column
    raise UserError(
        f"no column of `{relation.full_name}` has a value of its own in each row"
        if named is None
        else f"`{named}` of `{relation.full_name}` has no value of its own in each row",
        hint="name the column that identifies a row with --key, or have the model get one",
    )


def made_by(text: str, attribute: str) -> Any:
    """Return what a module calls by this name: what it would be when the module is found."""
    scope: dict[str, Any] = {}
    exec(compile(text, "declaration", "exec"), scope)
    return scope[attribute]
