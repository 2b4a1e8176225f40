"""Which tables and views the target of an inspection names."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import InputError
from shared.utils.names import suggestion
from shared.warehouse.sql.catalog import Relation


def relations_of(target: str | None, everything: Sequence[Relation]) -> list[Relation]:
    """Return the relations that a target names: all of them, those of a schema, or `schema.table`.

    Raises:
        InputError: There is nothing of that name, or nothing in it.
    """
    found = [one for one in everything if target in (None, one.schema, one.full_name)]
    if found:
        return found
    if target is None:
        raise InputError("nothing to inspect: the database has no tables", hint="load something first")
    schemas = {one.schema for one in everything}
    inside = [one.full_name for one in everything if target.startswith(f"{one.schema}.")]
    # Of a table named without its schema, what it is called with it.
    known = inside or [*schemas, *(one.full_name for one in everything if one.name == target)]
    raise InputError(f"no such table, and no schema with tables: `{target}`", hint=suggestion(target, known))
