"""What an inspection has found, as plain values that go to JSON and come back the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from shared.errors import InputError
from shared.warehouse.sql.types import Kind

VERSION = 1
# Numbers as numbers, truth values as such, everything else as the engine writes it: dates as ISO 8601.
Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True)
class Quantile:
    """The value below which this share of the values lies."""

    share: float
    value: Value


@dataclass(frozen=True)
class Lengths:
    """How long a column's texts are, in characters; of binary values in bytes."""

    minimum: int
    maximum: int
    mean: float
    empty: int


@dataclass(frozen=True)
class Outliers:
    """Values beyond Tukey's fences: more than 1.5 interquartile ranges below the first or above the third quartile."""

    low: Value
    high: Value
    below: int
    above: int


@dataclass(frozen=True)
class Top:
    """A value and how many rows have it."""

    value: Value
    count: int


@dataclass(frozen=True)
class Bin:
    """How many values lie from `low` up to `high`, which itself counts only in the last bin."""

    low: Value
    high: Value
    count: int


@dataclass(frozen=True)
class Resemblance:
    """How many of a column's texts read as something else."""

    kind: Literal["number", "date"]
    count: int


@dataclass(frozen=True)
class ColumnProfile:
    """What is in a column. What does not apply to its kind is None or empty.

    Attributes:
        type: As the engine names it.
        kind: What that comes to on either engine.
        values: How many rows have a value.
        nulls: How many have none.
        distinct: How many different values there are.
        distinct_is_approximate: Whether that is an estimate, the table being too large to count.
        minimum: The least value, of texts by code points, of numbers and times among the finite ones.
        maximum: The greatest.
        mean: Of the finite numbers; of truth values the share of true.
        quantiles: Interpolated between values; of dates the day that falls into.
        quantiles_are_approximate: Whether they are estimates.
        nan: How many values are not a number.
        infinite: How many are infinite, or larger than a double can be.
        top: The most frequent values; empty where each value is there once.
        histogram: The finite numbers or times in bins of one width.
        resembles: What the texts look like, where their least or greatest looks like it.
    """

    name: str
    type: str
    kind: Kind
    values: int
    nulls: int
    distinct: int
    distinct_is_approximate: bool = False
    minimum: Value | None = None
    maximum: Value | None = None
    mean: float | None = None
    quantiles: tuple[Quantile, ...] = ()
    quantiles_are_approximate: bool = False
    nan: int = 0
    infinite: int = 0
    lengths: Lengths | None = None
    outliers: Outliers | None = None
    top: tuple[Top, ...] = ()
    histogram: tuple[Bin, ...] = ()
    resembles: Resemblance | None = None

    @property
    def null_share(self) -> float:
        """The share of rows without a value; 0 where there are no rows."""
        return self.nulls / ((self.nulls + self.values) or 1)

    @property
    def is_empty(self) -> bool:
        """Whether there are rows and none has a value."""
        return self.nulls > 0 and self.values == 0

    @property
    def is_constant(self) -> bool:
        """Whether more than one row has a value, and all the same."""
        return self.values > 1 and self.distinct == 1

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own, as far as was counted."""
        return self.nulls == 0 and self.values > 1 and self.distinct == self.values and not self.distinct_is_approximate

    def quantile(self, share: float) -> Value | None:
        """Return one of the quantiles, None where there is none."""
        return next((quantile.value for quantile in self.quantiles if quantile.share == share), None)


@dataclass(frozen=True)
class Key:
    """Whether columns tell rows apart.

    Attributes:
        origin: `given` by the caller, or `declared` as primary key in the database.
        duplicated: How many keys more than one row has.
        surplus: How many rows would have to go for each key to be there once.
        incomplete: How many rows have no value in a column of the key.
    """

    columns: tuple[str, ...]
    origin: Literal["given", "declared"]
    duplicated: int
    surplus: int
    incomplete: int


@dataclass(frozen=True)
class Freshness:
    """The newest value of the column that says when rows came, and why it is that column."""

    column: str
    newest: str
    chosen: Literal["named", "by name", "by newest value"]


@dataclass(frozen=True)
class TableProfile:
    """What is in a table or view.

    Attributes:
        rows: How many there are.
        sampled: How many of them the columns were measured on, None where on all.
        size_bytes: Its size with its indexes, where the engine tells.
        problem: Why it could not be inspected; then there is nothing else.
    """

    schema: str
    name: str
    is_view: bool
    rows: int = 0
    sampled: int | None = None
    size_bytes: int | None = None
    columns: tuple[ColumnProfile, ...] = ()
    key: Key | None = None
    freshness: Freshness | None = None
    problem: str | None = None

    @property
    def full_name(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> ColumnProfile:
        """Return one of the columns.

        Raises:
            KeyError: There is none of that name.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Inspection:
    """What is in a database, a schema or a table.

    Attributes:
        database: Which one, by its identity: `warehouse`, or the name of a lab.
        location: Where it is, without a password.
        taken_at: When, in UTC.
        target: What was asked for, None for the whole database.
        size_bytes: The size of the whole database.
        version: Of this form.
    """

    database: str
    engine: str
    location: str
    taken_at: datetime
    target: str | None
    size_bytes: int | None
    tables: tuple[TableProfile, ...]
    version: int = VERSION

    def table(self, full_name: str) -> TableProfile:
        """Return one of the tables by `schema.table`.

        Raises:
            KeyError: There is none of that name.
        """
        for table in self.tables:
            if table.full_name == full_name:
                return table
        raise KeyError(full_name)

    def covers(self, table: TableProfile) -> bool:
        """Tell whether a table lies in what was asked for, wherever it is now."""
        return self.target in (None, table.schema, table.full_name)

    def to_json(self) -> str:
        """Return all of it as JSON that `from_json` reads."""
        return ADAPTER.dump_json(self, indent=1).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Inspection:
        """Read an inspection.

        Raises:
            InputError: It is no inspection, or one of another version.
        """
        try:
            content = json.loads(text)
            version = content.get("version") if isinstance(content, dict) else None
            if version != VERSION:
                raise InputError(
                    f"no inspection of version {VERSION}: version is `{version}`", hint="inspect the database again"
                )
            return ADAPTER.validate_json(text)
        except (ValidationError, ValueError) as error:
            raise InputError(
                f"not an inspection: {str(error).partition(chr(10))[0]}", hint="inspect the database again"
            ) from error


ADAPTER: TypeAdapter[Inspection] = TypeAdapter(Inspection)
