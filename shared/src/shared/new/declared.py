"""What a first declaration is made from and comes to, whatever it declares."""

from __future__ import annotations

from typing import Any

from shared.warehouse import Warehouse
from shared.warehouse.sql.catalog import Relation


def relation_in(warehouse: Warehouse, layer: str, name: str) -> Relation | None:
    """Return the table or view that is called `layer.x`, None where there is none or it is of another layer."""
    schema, _, table = name.partition(".")
    found = warehouse.relations(schema, table) if schema == layer and table else []
    return next(iter(found), None)


def called_like_a_key(column: str) -> bool:
    """Tell whether a column's name says that it identifies something."""
    return column in ("id", "key", "code") or column.endswith(("_id", "_key", "_code", "_number"))


def made_by(text: str, attribute: str) -> Any:
    """Return what a module calls by this name: what it would be when the module is found."""
    scope: dict[str, Any] = {}
    exec(compile(text, "declaration", "exec"), scope)
    return scope[attribute]
