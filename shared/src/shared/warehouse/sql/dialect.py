"""How each engine writes what standard SQL leaves to them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

import pyarrow as pa
from typing_extensions import override

from shared.warehouse.sql.catalog import DUCKDB_CATALOG, POSTGRES_CATALOG, Field
from shared.warehouse.sql.quoting import quote_name
from shared.warehouse.sql.types import NUMBERS, TIMES, Kind

# What is measured as it is; the rest as its text, which both engines can compare and group.
NATIVE: frozenset[Kind] = NUMBERS | TIMES | {"boolean", "interval", "binary"}
LARGEST = 1.7e308
SAMPLE = "inspected_sample"


def double(number: float) -> str:
    """Return a number as SQL.

    Not a parameter: where there is one, PostgreSQL's driver would also take a `$1` in a column's name for it.
    """
    return f"cast('{number!r}' as double precision)"


class Sample(NamedTuple):
    """Random rows of a table, the same ones in each query.

    Attributes:
        origin: What to select from.
        before: Statements that make it.
        after: Statements that take it away again.
    """

    origin: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Dialect(ABC):
    """The SQL of one engine.

    Attributes:
        catalog: The query of `shared.warehouse.sql.catalog`, with the names of its columns of schema and table.
        approximates: Whether it can estimate distinct counts and quantiles.
        with_nan: Kinds of which a value may be not a number.
        repeat: A statement after which `random()` returns the same numbers again, where that is how to repeat a sample.
    """

    catalog: ClassVar[tuple[str, str, str]]
    approximates: ClassVar[bool]
    with_nan: ClassVar[frozenset[Kind]]
    repeat: ClassVar[str | None] = None

    def relations(self, schema: str | None, name: str | None) -> tuple[str, list[str]]:
        """Return the query for all relations, those of a schema or one of them, with its parameters."""
        query, *columns = self.catalog
        wanted = [(column, value) for column, value in zip(columns, (schema, name), strict=True) if value is not None]
        conditions = (f"and {column} = ${place}" for place, (column, _) in enumerate(wanted, start=1))
        return query.format(" ".join(conditions)), [value for _, value in wanted]

    def is_nan(self, kind: Kind, value: str) -> str:
        """Return the condition that a value is not a number, though of a number's type."""
        return f"{value} = 'NaN'" if kind in self.with_nan else "false"

    @abstractmethod
    def value(self, field: Field) -> str:
        """Return a column as what it is measured as."""

    @abstractmethod
    def finite(self, kind: Kind, value: str) -> str | None:
        """Return the condition under which a number or time is one and finite, None where its kind always is."""

    def number(self, kind: Kind, value: str) -> str | None:
        """Return a value as a finite double, times as seconds since 1970, None where its kind has none."""
        if kind in NUMBERS | TIMES:
            seconds = f"extract(epoch from {value})" if kind in TIMES else value
            double, condition = f"cast({seconds} as double precision)", self.finite(kind, value)
            return f"case when {condition} then {double} end" if condition else double
        if kind == "boolean":
            return f"case when {value} then 1.0 when not {value} then 0.0 end"
        return None

    @abstractmethod
    def sample(self, origin: str, wanted: int, rows: int) -> Sample:
        """Return a sample of about so many of a table's rows."""

    @abstractmethod
    def row_hash(self, fields: Iterable[pa.Field]) -> str:
        """Return the hash of a row: of names, types and values of these columns, in the order given.

        No two different rows make the same text.
        """

    @abstractmethod
    def content(self, names: Iterable[str]) -> str:
        """Return an aggregate of these columns that is the same for the same rows, in any order; null without rows."""

    @abstractmethod
    def row(self, parts: Sequence[str]) -> str:
        """Return several texts as one column: a table may have more measures than a result can have columns."""

    @abstractmethod
    def mean(self, number: str) -> str:
        """Return the mean of doubles."""

    @abstractmethod
    def quantiles(self, number: str, shares: Sequence[float], *, approximate: bool) -> str:
        """Return quantiles of doubles as a list."""

    @abstractmethod
    def approximate_distinct(self, value: str) -> str:
        """Return an estimate of how many different values there are."""

    @abstractmethod
    def bin(self, number: str, low: float, high: float, bins: int) -> str:
        """Return which of so many bins between two bounds a number falls into, the first being 1."""

    @abstractmethod
    def matches(self, value: str, pattern: str) -> str:
        """Return the condition that a text matches a regular expression, a literal or a parameter."""


class DuckDBDialect(Dialect):
    """DuckDB's."""

    catalog = (DUCKDB_CATALOG, "c.schema_name", "c.table_name")
    approximates = True
    with_nan = frozenset({"float"})

    @override
    def value(self, field: Field) -> str:
        column = quote_name(field.name)
        if field.kind == "timestamp" and not field.is_zoned:
            # One type for those of seconds, milliseconds and nanoseconds.
            return f"cast({column} as timestamp)"
        return column if field.kind in NATIVE else f"cast({column} as varchar)"

    @override
    def finite(self, kind: Kind, value: str) -> str | None:
        return f"isfinite({value})" if kind == "float" or kind in TIMES else None

    @override
    def sample(self, origin: str, wanted: int, rows: int) -> Sample:
        table = f"temp.main.{SAMPLE}"
        chosen = f"select * from {origin} using sample reservoir({wanted:d} rows) repeatable (1)"
        return Sample(table, (f"create or replace temporary table {SAMPLE} as {chosen}",), (f"drop table {table}",))

    @override
    def row_hash(self, fields: Iterable[pa.Field]) -> str:
        # A text goes in with its length before it, which null lacks; anything else has no `;` within and is empty only
        # where it is null.
        fields = list(fields)
        return f"md5(concat('{header(fields)}', {', '.join(part for field in fields for part in hashed_texts(field))}))"

    @override
    def content(self, names: Iterable[str]) -> str:
        return f"sum(hash({', '.join(map(quote_name, names))}))"

    @override
    def row(self, parts: Sequence[str]) -> str:
        return f"[{', '.join(f'cast({part} as varchar)' for part in parts)}]"

    @override
    def mean(self, number: str) -> str:
        return f"avg({number})"

    @override
    def quantiles(self, number: str, shares: Sequence[float], *, approximate: bool) -> str:
        function = "approx_quantile" if approximate else "quantile_cont"
        return f"{function}({number}, [{', '.join(map(str, shares))}])"

    @override
    def approximate_distinct(self, value: str) -> str:
        return f"approx_count_distinct({value})"

    @override
    def bin(self, number: str, low: float, high: float, bins: int) -> str:
        # The formula of PostgreSQL's width_bucket, so that both draw the same picture.
        share = f"({number} - {double(low)}) / ({double(high)} - {double(low)})"
        return f"least(cast(floor({bins} * ({share})) as integer), {bins - 1}) + 1"

    @override
    def matches(self, value: str, pattern: str) -> str:
        return f"regexp_matches({value}, {pattern})"


class PostgresDialect(Dialect):
    """PostgreSQL's."""

    catalog = (POSTGRES_CATALOG, "nspname", "relname")
    approximates = False
    with_nan = frozenset({"float", "decimal"})
    repeat = "select setseed(0.5)"

    @override
    def value(self, field: Field) -> str:
        column = quote_name(field.name)
        # By code points, as DuckDB compares: quicker than by the rules of a language, and the same everywhere.
        return column if field.kind in NATIVE else f'cast({column} as text) collate "C"'

    @override
    def finite(self, kind: Kind, value: str) -> str | None:
        if kind in TIMES:
            return f"isfinite({value})"
        # Not-a-number is greater than infinity here. A decimal may be larger than a double can be.
        limit = {"float": "cast('Infinity' as double precision)", "decimal": f"cast('{LARGEST!r}' as numeric)"}
        return f"abs({value}) < {limit[kind]}" if kind in limit else None

    @override
    def sample(self, origin: str, wanted: int, rows: int) -> Sample:
        # Whoever may only read cannot keep rows, but the same random numbers choose the same ones.
        return Sample(f"(select * from {origin} where random() < {wanted / rows!r}) as sampled")

    @override
    def row_hash(self, fields: Iterable[pa.Field]) -> str:
        # PostgreSQL has a text for a row, with quotes where it needs them, that takes half the time of putting one
        # together.
        fields = list(fields)
        names = ", ".join(quote_name(field.name) for field in fields)
        return f"md5('{header(fields)}' || cast(row({names}) as text))"

    @override
    def content(self, names: Iterable[str]) -> str:
        # The hash of a row itself would be undefined for types without equality, such as JSON.
        return f"sum(hashtextextended(cast(row({', '.join(map(quote_name, names))}) as text), 0))"

    @override
    def row(self, parts: Sequence[str]) -> str:
        return f"array[{', '.join(f'cast({part} as text)' for part in parts)}]"

    @override
    def mean(self, number: str) -> str:
        # The mean of doubles fails where a sum of squares leaves their range; that of decimals has no range.
        return f"avg(cast({number} as numeric))"

    @override
    def quantiles(self, number: str, shares: Sequence[float], *, approximate: bool) -> str:
        listed = ", ".join(map(str, shares))
        return f"percentile_cont(cast(array[{listed}] as double precision[])) within group (order by {number})"

    @override
    def approximate_distinct(self, value: str) -> str:
        return f"count(distinct {value})"

    @override
    def bin(self, number: str, low: float, high: float, bins: int) -> str:
        return f"least(width_bucket({number}, {double(low)}, {double(high)}, {bins}), {bins})"

    @override
    def matches(self, value: str, pattern: str) -> str:
        return f"{value} ~ {pattern}"


def header(fields: Sequence[pa.Field]) -> str:
    """Return a hash of the names and types of columns."""
    return hashlib.md5("\n".join(f"{field.name} {field.type}" for field in fields).encode()).hexdigest()


def hashed_texts(field: pa.Field) -> tuple[str, ...]:
    """Return the texts that stand for a value in the hash of a DuckDB row."""
    text = f"cast({quote_name(field.name)} as varchar)"
    if pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type):
        return text, "';'"
    return f"length({text})", "':'", text
