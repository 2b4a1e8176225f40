"""How each engine writes what standard SQL leaves to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from typing_extensions import override

from shared.inspector.catalog import Field
from shared.inspector.results import Kind
from shared.warehouse import Warehouse, literal, quote_name

NUMBERS: frozenset[Kind] = frozenset({"integer", "decimal", "float"})
TIMES: frozenset[Kind] = frozenset({"date", "timestamp"})
# What has an order that both engines agree on.
ORDERED: frozenset[Kind] = NUMBERS | TIMES | {"time", "interval", "text"}
# What is measured as it is; the rest as its text, which both engines can compare and group.
NATIVE: frozenset[Kind] = NUMBERS | TIMES | {"boolean", "interval", "binary"}
LARGEST = 1.7e308


def double(number: float) -> str:
    """Return a number as SQL.

    Not a parameter: where there is one, PostgreSQL's driver would also take a `$1` in a column's name for it.
    """
    return f"cast('{number!r}' as double precision)"


class Dialect(ABC):
    """The SQL of one engine.

    Attributes:
        approximates: Whether it can estimate distinct counts and quantiles.
    """

    approximates: ClassVar[bool]

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
        """Return the condition that a text matches a regular expression."""


class DuckDBDialect(Dialect):
    """DuckDB's."""

    approximates = True

    @override
    def value(self, field: Field) -> str:
        column = quote_name(field.name)
        if field.kind == "timestamp" and "ZONE" not in field.type:
            # One type for those of seconds, milliseconds and nanoseconds.
            return f"cast({column} as timestamp)"
        return column if field.kind in NATIVE else f"cast({column} as varchar)"

    @override
    def finite(self, kind: Kind, value: str) -> str | None:
        return f"isfinite({value})" if kind == "float" or kind in TIMES else None

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
        return f"regexp_matches({value}, {literal(pattern)})"


class PostgresDialect(Dialect):
    """PostgreSQL's."""

    approximates = False

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
        return f"{value} ~ {literal(pattern)}"


def dialect_of(warehouse: Warehouse) -> Dialect:
    """Return the dialect of a warehouse's engine."""
    return DuckDBDialect() if warehouse.engine == "duckdb" else PostgresDialect()
