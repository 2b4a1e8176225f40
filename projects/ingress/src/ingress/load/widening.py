"""Types of raw's columns against the row model's: a wider one is taken on by declaration, any other is an error."""

from __future__ import annotations

import pyarrow as pa

from ingress.load.columns import columns_of
from ingress.load.renaming import rename
from ingress.raw_names import raw_name
from ingress.source import Resource
from shared.data_quality import arrow_schema
from shared.errors import InputError
from shared.utils.console import say
from shared.warehouse import Warehouse, quote
from shared.warehouse.sql.arrow import postgres_type

BIGINT_DIGITS = 19
# Numbers that no decimal is, as both engines write them.
STRANGERS = "('nan', 'inf', '-inf', 'infinity', '-infinity', '-0', '-0.0')"


def widen(warehouse: Warehouse, resource: Resource) -> None:
    """Give columns of raw the row model's types where that is declared, all in one transaction.

    Raises:
        InputError: A type differs, and that is not declared, or would lose something.
    """
    if not warehouse.table_exists(resource.relation):
        return
    with warehouse.transaction():
        rename(warehouse, resource, resource.model.model_fields)
        names = columns_of(warehouse, resource)
        for field in arrow_schema(resource.model):
            raw = field.with_name(raw_name(field.name, resource.name))
            old = names.get(raw.name, field.type)
            if old == field.type:
                continue
            hold_to_declaration(resource, field, old)
            hold_to_values(warehouse, resource, raw, old)
            alter(warehouse, resource, raw, old)


def hold_to_declaration(resource: Resource, field: pa.Field, old: pa.DataType) -> None:
    """Refuse what is not declared, or is no wider type.

    Raises:
        InputError: It is one of them.
    """
    if may_widen(old, field.type) and field.name in resource.widen:
        return
    hint = f"keep the type in `{resource.model.__name__}`: it does not become the new one without loss"
    if may_widen(old, field.type):
        hint = f'give `{resource.name}` widen=("{field.name}",) to have the column altered, or keep the type'
    raise InputError(
        f"column `{field.name}` of `{resource.relation}` has another type than the row model: "
        f"`{shown(old)}`, `{shown(field.type)}`",
        hint=hint,
    )


def hold_to_values(warehouse: Warehouse, resource: Resource, field: pa.Field, old: pa.DataType) -> None:
    """Refuse where a value of the column would not come back from its new type as it is.

    Raises:
        InputError: There is one.
    """
    condition = lossy(field, old)
    if condition is None:
        return
    ((lost,),) = warehouse.fetch(f"select count(*) from {quote(resource.relation)} where {condition}")
    if lost:
        raise InputError(
            f"column `{field.name}` of `{resource.relation}` has {lost:,} values that do not come back from "
            f"`{shown(field.type)}`",
            hint=f"give `{field.name}` more digits in `{resource.model.__name__}`, or keep `{shown(old)}`",
        )


def may_widen(old: pa.DataType, new: pa.DataType) -> bool:
    """Tell whether a type can hold what another one does, for all values or for those that are tried."""
    if pa.types.is_decimal(new):
        if pa.types.is_decimal(old):
            return bool(new.scale >= old.scale and new.precision - new.scale >= old.precision - old.scale)
        return bool(pa.types.is_int64(old) or pa.types.is_float64(old))
    return bool(pa.types.is_date(old) and new == pa.timestamp("us"))


def lossy(field: pa.Field, old: pa.DataType) -> str | None:
    """Return the condition under which a value would change, None where none can."""
    name, new = quote(field.name), field.type
    if not pa.types.is_decimal(new) or pa.types.is_decimal(old):
        return None
    whole = new.precision - new.scale
    if pa.types.is_integer(old):
        return f"abs({name}::decimal(38, 0)) >= {10**whole}" if whole < BIGINT_DIGITS else None
    # A text has all digits of a number with a point; PostgreSQL's cast of the number itself has 15.
    back = f"({name}::varchar::{type_of(new)})::double precision"
    safe = f"abs({name}) < 1e{whole} and lower({name}::varchar) not in {STRANGERS}"
    return f"case when {safe} then {back} <> {name} else {name} is not null end"


def alter(warehouse: Warehouse, resource: Resource, field: pa.Field, old: pa.DataType) -> None:
    """Give a column its new type."""
    name, kind = quote(field.name), type_of(field.type)
    text = "::varchar" if pa.types.is_floating(old) else ""
    statement = f"alter table {quote(resource.relation)} alter column {name} type {kind} using {name}{text}::{kind}"
    try:
        warehouse.execute(statement)
    except Exception as error:
        if "used by a view" not in str(error):
            raise
        raise InputError(
            f"column `{field.name}` of `{resource.relation}` cannot be widened while views read it",
            hint="drop the staging views of the table, load it, and build them again",
        ) from error
    say(f"  {resource.relation}: column `{field.name}` widened from `{shown(old)}` to `{shown(field.type)}`")


def column_of(field: pa.Field) -> str:
    """Return a column as `create table` and `alter table` take it, on either engine."""
    return f"{quote(field.name)} {type_of(field.type)}"


def type_of(kind: pa.DataType) -> str:
    """Return what both engines call a type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return "varchar" if pa.types.is_string(kind) else postgres_type(kind)


def shown(kind: pa.DataType) -> str:
    """Return what a row model calls a type, where it is a type of one."""
    names = {pa.int64(): "int", pa.float64(): "float", pa.string(): "str", pa.bool_(): "bool", pa.date32(): "date"}
    names |= {pa.timestamp("us"): "datetime", pa.timestamp("us", "UTC"): "AwareDatetime"}
    return f"Decimal({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else names.get(kind, str(kind))
