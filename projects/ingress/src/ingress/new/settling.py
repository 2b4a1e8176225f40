"""What of a table goes into its source: the columns of the row model, and a name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingress.new.found import Table
from ingress.new.names import can_be_field, names_in_raw
from ingress.new.values import no_key, shown
from ingress.sources import SOURCES as OTHERS
from shared.errors import InputError, UserError

# Under `report`, which a name needs that raw cannot have, nothing comes that is not in the row model.
AS_TEXT, NOT_LOADED = "comes as text", "not loaded, as the contract is `report`"


def settle(table: Table, *, cursor: str | None, named: bool) -> Table:
    """Return a table with those columns that go into the row model, the others told.

    Args:
        table: As it was found.
        cursor: The column by which changed rows are found.
        named: Whether the user has named the table, so that it may not be left out.

    Raises:
        UserError: Nothing identifies a row, or what is named is not there.
    """
    if not table.key and (named or table.reader.name != "Sql"):
        raise no_key(table.name, [each.name for each in table.columns])
    known = names_in_raw([each.name for each in table.columns], table.name)
    needed = {*table.key, *([cursor] if cursor else [])}
    columns, left = [], []
    for each in table.columns:
        if each.kind and each.name in known and can_be_field(each.name):
            nullable = each.name not in needed and (each.nullable or not table.whole)
            columns.append(replace(each, nullable=nullable))
        else:
            left.append(each if each.note and each.name in known else replace(each, note=why_left(each.name in known)))
    missing = needed - {each.name for each in columns}
    if missing and table.key:
        raise UserError(
            f"no column that a row model can have: {shown(missing)}",
            hint=f"it has {shown(each.name for each in columns)}",
        )
    # What raw cannot hold is an error under another contract.
    contract = table.contract
    if any(each.name not in known for each in left):
        contract = "report"
        left = [replace(each, note=each.note.replace(AS_TEXT, NOT_LOADED)) for each in left]
    return replace(table, columns=columns, left=left, contract=contract)


def why_left(in_raw: bool) -> str:
    """Say why a column is not in the row model."""
    return f"a name that no row model can have: {AS_TEXT}" if in_raw else "a name that raw cannot have: not loaded"


def check_different(name: str, tables: Sequence[Table]) -> None:
    """Refuse tables that would be called the same, or as one that is there.

    Raises:
        UserError: There are such.
    """
    seen: dict[str, str] = {}
    for table in tables:
        plain = table.name.replace("_", "")
        if plain in seen:
            raise UserError(
                f"tables whose names cannot be told apart: `{seen[plain]}`, `{table.name}`",
                hint="make a source of each, by --table",
            )
        seen[plain] = table.name
        if f"{name}_{table.name}" in {each.table for source in OTHERS.values() for each in source.resources}:
            raise UserError(f"there is a table of this name: `raw.{name}_{table.name}`", hint="choose another name")
    if not any(table.key for table in tables):
        raise InputError("no table has a key", hint="name one by --table, and its key by --key a,b")
