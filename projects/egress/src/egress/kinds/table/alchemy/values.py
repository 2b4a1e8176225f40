"""A model's columns and values as any database takes them, and whether what it holds is what was sent.

SQLite has neither decimals nor dates: there they are text, with all digits, in ISO 8601.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from egress.engine.pending import ROW_KEY
from egress.engine.unfit import MICROSECONDS, NO_NUMBER, NO_TIME, UTC_MICROSECONDS, beyond_python
from shared.errors import InputError
from shared.warehouse.sql.arrow import kind_of_arrow
from shared.warehouse.sql.types import Kind

# InnoDB indexes up to 3,072 bytes, of which four may be one character.
KEY_CHARACTERS = 700
MARIADB_EXACT, MYSQL_EXACT = "utf8mb4_nopad_bin", "utf8mb4_0900_bin"
LARGEST = (1 << 63) - 1
TOO_LARGE = "is larger than what the target holds exactly"


@dataclass(frozen=True)
class Values:
    """How a model's values are at a database.

    Attributes:
        columns: The model's columns.
        key: The one that identifies a row.
        dialect: The database's.
    """

    columns: pa.Schema
    key: str
    dialect: sa.Dialect

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """What each column holds."""
        return {column.name: kind_of_arrow(column.type) for column in self.columns}

    def table(self, name: str, schema: str | None) -> sa.Table:
        """Return the table as it would be made.

        Raises:
            InputError: A column is of a type that has no form in other databases.
        """
        columns = [
            sa.Column(column.name, self.type_of(column), primary_key=column.name == self.key, autoincrement=False)
            for column in self.columns
        ]
        return sa.Table(
            name, sa.MetaData(), *columns, schema=schema, mysql_engine="InnoDB", mysql_default_charset="utf8mb4"
        )

    def type_of(self, column: pa.Field) -> sa.types.TypeEngine[Any]:
        """Return the type of a column that holds each value exactly.

        Raises:
            InputError: There is none.
        """
        kind, type_, of_mysql = kind_of_arrow(column.type), column.type, self.dialect.name == "mysql"
        if kind == "other" and not (pa.types.is_null(type_) or pa.types.is_dictionary(type_)):
            raise InputError(
                f"no column of a database holds the type of `{column.name}`: `{type_}`",
                hint="make it text, for instance JSON",
            )
        if self.is_text(kind):
            if not of_mysql:
                return sa.Text()
            exact = MARIADB_EXACT if getattr(self.dialect, "is_mariadb", False) else MYSQL_EXACT
            # `text` holds 64 KB, and no index.
            key = column.name == self.key
            return mysql.VARCHAR(KEY_CHARACTERS, collation=exact) if key else mysql.LONGTEXT(collation=exact)
        if kind == "integer":
            return sa.Numeric(20, 0) if type_ == pa.uint64() and of_mysql else sa.BigInteger()
        if kind == "decimal":
            return sa.Numeric(type_.precision, type_.scale)
        if kind == "timestamp":
            return mysql.DATETIME(fsp=6) if of_mysql else sa.DateTime(timezone=type_.tz is not None)
        plain: dict[Kind, sa.types.TypeEngine[Any]] = {"boolean": sa.Boolean(), "float": sa.Double(), "date": sa.Date()}
        return plain[kind]

    def is_text(self, kind: Kind) -> bool:
        """Tell whether values of a kind are text there."""
        as_text = ("decimal", "date", "timestamp") if self.dialect.name == "sqlite" else ()
        return kind in ("text", "other", *as_text)

    def unfit(self, rows: pa.Table) -> dict[str, str]:
        """Return why rows have values that a driver cannot be given, by key."""
        found: dict[str, str] = {}
        for column in self.columns:
            values, kind = rows[column.name], self.kinds[column.name]
            if kind == "float":
                bad, why = pc.invert(pc.is_finite(values)), NO_NUMBER
            elif values.type == pa.uint64() and self.dialect.name != "mysql":
                bad, why = pc.greater(values, LARGEST), TOO_LARGE
            elif kind in ("date", "timestamp"):
                bad, why = beyond_python(values), NO_TIME
            else:
                continue
            spoilt = rows.filter(pc.fill_null(bad, False))[ROW_KEY].to_pylist()
            found |= dict.fromkeys(spoilt, f"`{column.name}` {why}")
        return found

    def to_send(self, rows: pa.Table) -> list[dict[str, Any]]:
        """Return rows as a driver takes them."""
        columns = [self._sent(rows[column.name], self.kinds[column.name]) for column in self.columns]
        names = self.columns.names
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def keys(self, texts: Collection[str]) -> dict[str, Any]:
        """Return keys as a driver takes them, by their texts; one that is none (any more) is left out."""
        type_, kind = self.columns.field(self.key).type, self.kinds[self.key]
        column = pa.array(texts, pa.string())
        if kind in ("text", "other"):
            return {text: text for text in texts}
        try:
            return dict(zip(texts, self._sent(pa.chunked_array([column.cast(type_)]), kind), strict=True))
        except pa.ArrowInvalid:
            if len(texts) == 1:
                return {}
            return {key: value for text in texts for key, value in self.keys([text]).items()}

    def _sent(self, values: pa.ChunkedArray, kind: Kind) -> list[Any]:
        if kind == "timestamp":
            utc = values.type.tz is not None
            if self.is_text(kind):
                return list(
                    values.cast(UTC_MICROSECONDS if utc else MICROSECONDS, safe=False).cast(pa.string()).to_pylist()
                )
            naive = values.cast(UTC_MICROSECONDS).cast(MICROSECONDS) if utc else values.cast(MICROSECONDS)
            if utc and self.dialect.name != "mysql":
                return [one and one.replace(tzinfo=timezone.utc) for one in naive.to_pylist()]
            return list(naive.to_pylist())
        if kind == "date" and self.is_text(kind):
            return list(values.cast(pa.string()).to_pylist())
        if kind == "decimal" and self.is_text(kind):
            return [None if value is None else f"{value:f}" for value in values.to_pylist()]
        return list(values.to_pylist())

    def changed(self, sent: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
        """Name the columns in which what is there is not what was sent."""
        for name, kind in self.kinds.items():
            if plain(sent[name], kind) != plain(there[name], kind):
                yield name


def plain(value: Any, kind: Kind) -> Any:
    """Return a value in the one form that all databases' forms of it are compared in."""
    if value is None or isinstance(value, bool):
        return value
    if kind == "decimal":
        try:
            return Decimal(repr(value) if isinstance(value, float) else value)
        except (InvalidOperation, TypeError, ValueError):
            return value
    if kind == "timestamp" and isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(timezone.utc).replace(tzinfo=None)
    return value
