"""A table's columns as a row model would declare them, for whoever writes a new source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic import AwareDatetime
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError, NoSuchTableError

from ingress.readers.sql.declaration import Declaration, is_postgres, parted
from ingress.readers.sql.postgres_session import Session
from ingress.readers.sql.source import any_types
from shared.config import Settings
from shared.data_quality.fields import DECIMAL_DIGITS
from shared.data_quality.written import USUALLY, Unfit, reader
from shared.databases.address import Address
from shared.databases.errors import meaning
from shared.errors import InputError

# SQLite's types promise nothing: so many rows are looked at.
LOOKED_AT = 10_000
CHANGES = re.compile(r"updated|changed|modified|last_?(up|ch|mod|edit)|mtime|timestamp|row_?version", re.IGNORECASE)
# SQLAlchemy has no type for all that identifies rows, as MariaDB's own `uuid`.
BYTES = (sa.types._Binary, sa.types.NullType)
# The first that holds all of a column's texts.
MOMENTS: tuple[tuple[str, type], ...] = (("AwareDatetime", AwareDatetime), ("date", date), ("datetime", datetime))


@dataclass(frozen=True)
class Column:
    """A column as a row model has it.

    Attributes:
        kind: The type's name: `int`, `Decimal`, `AwareDatetime`, `JsonText`, …
        digits: Of a `Decimal`, its max_digits and decimal_places.
    """

    name: str
    kind: str
    nullable: bool
    digits: tuple[int, int] | None = None

    @property
    def annotation(self) -> str:
        """What stands behind the name in a row model: `Decimal | None = Field(max_digits=9, decimal_places=2)`."""
        text = f"{self.kind} | None" if self.nullable else self.kind
        return text + (f" = Field(max_digits={self.digits[0]}, decimal_places={self.digits[1]})" if self.digits else "")


@dataclass(frozen=True)
class Reflected:
    """A table or view.

    Attributes:
        columns: Those that a row model can have.
        key: The primary key, or else a unique constraint; empty where there is none.
        cursors: Columns that look as if they grow with every change of a row, the likeliest first.
        others: Columns of types that no row model holds; under the contract `evolve` they become text.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cursors: tuple[str, ...]
    others: tuple[str, ...]


def reflected(
    url: str, table: str, settings: Settings, *, setting: str = "the URL", login: str | None = None
) -> Reflected:
    """Look at a table or view, with its schema where it has one, as in `erp.articles`.

    Args:
        setting: What messages call the URL.
        login: Who connects where the URL names nobody.

    Raises:
        PlatformError: It is not there, or cannot be read.
    """
    schema, name = parted(table)
    with opened(url, table, settings, setting, login) as (engine, dialect), any_types():
        found = sa.Table(name, sa.MetaData(schema=schema), autoload_with=engine, resolve_fks=False)
        unique = sa.inspect(engine).get_unique_constraints(name, schema)
        keys = [found.primary_key.columns.keys(), *(each["column_names"] for each in unique)]
        # A unique constraint lets any number of rows be null, which then have no key.
        keys[1:] = sorted(keys[1:], key=lambda names: any(found.columns[name].nullable for name in names))
        key = tuple(next((columns for columns in keys if columns), ()))
        columns = {each.name: column_of(each, key, dialect) for each in found.columns}
        if dialect == "mysql":
            # Some may be there only for who asks for them by name.
            shown = seen(engine, found)
            columns = {name: column for name, column in columns.items() if name in shown}
            columns |= beyond_truth(engine, found, columns)
        if dialect == "sqlite":
            columns = looked_at(engine, found, columns)
    known = tuple(column for column in columns.values() if column is not None)
    others = tuple(name for name, column in columns.items() if column is None)
    return Reflected(known, key, cursors_of(known), others)


@contextmanager
def opened(
    url: str, table: str, settings: Settings, setting: str, login: str | None
) -> Iterator[tuple[sa.Engine, str]]:
    """Yield an engine, and raise what errors mean in their place."""
    if is_postgres(url):
        session = Session.from_url(url, Declaration(setting, table, login=login), settings)
        with session.explained():
            yield session.engine, "postgresql"
        return
    address = Address.from_url(url, setting, login, settings)
    try:
        yield address.engine(), address.dialect
    except DBAPIError as error:
        raise meaning(error, address, table) from None
    except NoSuchTableError:
        raise InputError(
            f"no such table in the database of {setting}: `{table}`", hint="correct the name, schema included"
        ) from None


def column_of(column: sa.Column[Any], key: Sequence[str], dialect: str) -> Column | None:
    """Return a column as a row model has it, or None where none can."""
    kind, digits = kind_of(column.type, dialect), None
    if kind is None and column.name in key and isinstance(column.type, BYTES):
        # As text they tell rows apart as well, whatever they stand for.
        kind = "str"
    if kind == "Decimal":
        precision, scale = getattr(column.type, "precision", None), getattr(column.type, "scale", None) or 0
        digits = (max(precision, scale + 1), scale) if precision and scale >= 0 else None
        if digits is None or digits[0] > DECIMAL_DIGITS:
            return None
    nullable = bool(column.nullable) and column.name not in key
    return None if kind is None else Column(column.name, kind, nullable, digits)


def kind_of(kind: sa.types.TypeEngine[Any], dialect: str) -> str | None:
    """Return the name of the row model's type for one of SQLAlchemy's."""
    if isinstance(kind, mysql.TINYINT) and kind.display_width == 1:
        return "bool"
    if isinstance(kind, mysql.BIT):
        return "bool" if kind.length in (None, 1) else "int"
    if isinstance(kind, sa.DateTime):
        with_zone = kind.timezone or (dialect == "mysql" and isinstance(kind, sa.TIMESTAMP))
        return "AwareDatetime" if with_zone else "datetime"
    names: dict[Any, str] = {
        sa.Boolean: "bool",
        (sa.Integer, mysql.YEAR): "int",
        sa.Float: "float",
        sa.Numeric: "Decimal",
        sa.Date: "date",
        sa.JSON: "JsonText",
        (sa.String, sa.Uuid): "str",
    }
    return next((name for types, name in names.items() if isinstance(kind, types)), None)


def seen(engine: sa.Engine, table: sa.Table) -> set[str]:
    """Return the columns of a table that a load sees."""
    with engine.connect() as connection:
        query = sa.select(sa.text("*")).select_from(table).where(sa.literal_column("1 = 0"))
        return set(connection.execute(query).keys())


def beyond_truth(engine: sa.Engine, table: sa.Table, columns: dict[str, Column | None]) -> dict[str, Column | None]:
    """Return the columns of `tinyint(1)` whose first rows hold other numbers than 0 and 1: they are no truth values."""
    asked = {name: each for name, each in columns.items() if each and each.kind == "bool"}
    if not asked:
        return {}
    first = (
        sa.select(*(sa.cast(table.columns[name], sa.Integer).label(name) for name in asked)).limit(LOOKED_AT).subquery()
    )
    with engine.connect() as connection:
        (row,) = connection.execute(
            sa.select(*(sa.func.max(sa.case((first.c[name].not_in((0, 1)), 1), else_=0)) for name in asked))
        )
    return {name: replace(each, kind="int") for (name, each), odd in zip(asked.items(), row, strict=True) if odd}


def looked_at(engine: sa.Engine, table: sa.Table, declared: dict[str, Column | None]) -> dict[str, Column | None]:
    """Return columns of SQLite's by what their first rows hold; one of nothing but nulls stays as it is declared."""
    bare = sa.table(table.name, *(sa.column(name) for name in declared)).alias("source")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*bare.columns).limit(LOOKED_AT)).all()
    found: dict[str, Column | None] = {}
    for at, (name, column) in enumerate(declared.items()):
        values = [row[at] for row in rows if row[at] is not None]
        if values:
            base = column or Column(name, "str", bool(table.columns[name].nullable))
            found[name] = by_values(base, values)
        else:
            found[name] = column
    return found


def by_values(column: Column, values: Sequence[Any]) -> Column | None:
    """Return a column of the declared type where its values are of it, or else of the type that they have."""
    kinds = {type(value) for value in values}
    if kinds == {int}:
        truths = column.kind == "bool" and {*values} <= {0, 1}
        return column if truths or column.kind in ("float", "Decimal") else replace(column, kind="int")
    if kinds <= {int, float}:
        return (
            column
            if column.kind == "Decimal" and all_fit(column, values)
            else replace(column, kind="float", digits=None)
        )
    if kinds == {str}:
        return replace(
            column, kind=next((name for name, kind in MOMENTS if all_read(values, kind)), "str"), digits=None
        )
    return None


def all_fit(column: Column, values: Sequence[float]) -> bool:
    """Tell whether numbers have no more decimals than their type declares."""
    places = -(column.digits or (0, 0))[1]
    return all(int(Decimal(repr(value)).normalize().as_tuple().exponent) >= places for value in values)


def all_read(values: Sequence[str], kind: type) -> bool:
    """Tell whether all texts are dates or times of a kind."""
    read = reader(kind, USUALLY)
    try:
        for value in values:
            read(value)
    except Unfit:
        return False
    return True


def cursors_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return the columns that look as if they grow with every change, the likeliest first."""
    order = ("AwareDatetime", "datetime", "date", "int")
    named = [column for column in columns if column.kind in order and CHANGES.search(column.name)]
    return tuple(column.name for column in sorted(named, key=lambda column: order.index(column.kind)))
