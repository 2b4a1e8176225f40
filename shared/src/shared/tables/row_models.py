"""The columns that a row model makes of a file's texts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from pydantic import AwareDatetime

from shared.data_quality.fields import Field
from shared.tables.conventions import Convention
from shared.tables.conversion import Column

TYPES: dict[type, str] = {
    int: "bigint",
    float: "double",
    str: "varchar",
    bool: "boolean",
    datetime: "timestamp",
    AwareDatetime: "timestamptz",
    date: "date",
}


def columns_of(fields: Iterable[Field], header: Iterable[str]) -> dict[str, Column]:
    """Return what the columns of a header become that a row model has fields for.

    Texts that fit are those which `shared.data_quality.written` reads as the same value, but for a few that are written
    in a rarer way: these are read row by row.
    """
    names = set(header)
    return {field.name: column_of(field) for field in fields if field.name in names}


def column_of(field: Field) -> Column:
    """Return what a field's texts become."""
    kind = TYPES.get(field.kind)
    if field.kind is Decimal:
        kind = f"decimal({field.arrow_type.precision}, {field.arrow_type.scale})"
    written = field.written
    truth = None if field.kind is not bool or written.is_usual else (written.true[0], written.false[0])
    convention = Convention(
        decimal=written.decimal, thousands=written.thousands or "", format=written.format or "", truth=truth
    )
    return Column(str(kind), convention)
