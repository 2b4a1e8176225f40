"""The queries that measure all columns of a table at once: one for aggregates, one for what needs their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.inspector.values import SHOWN
from shared.warehouse.sql.catalog import Field
from shared.warehouse.sql.dialect import Dialect, double
from shared.warehouse.sql.quoting import literal
from shared.warehouse.sql.types import NUMBERS, ORDERED, TIMES

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 20
# Of how many steps a double can tell each from the next.
LARGEST_STEPS = 1 << 40
# What reads as a number or a date; a leading zero makes an identifier of a number.
NUMBER_PATTERN = r"^ *[+-]?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)? *$"
DATE_PATTERN = r"^ *([0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.*)?|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{4}) *$"
PATTERNS = {"number": NUMBER_PATTERN, "date": DATE_PATTERN}


@dataclass(frozen=True)
class Measured:
    """A column and where it is found in a query's source: its value, and the same as a number where it has one."""

    index: int
    field: Field

    @property
    def value(self) -> str:
        """The name of its value."""
        return f"v{self.index}"

    @property
    def number(self) -> str:
        """The name of its number."""
        return f"n{self.index}"

    @property
    def is_graded(self) -> bool:
        """Whether it has quantiles, outliers and a histogram."""
        return self.field.kind in NUMBERS | TIMES


@dataclass(frozen=True)
class Bins:
    """Parts of one width between two numbers."""

    low: float
    high: float
    count: int

    @classmethod
    def between(cls, low: float, high: float, step: float | None) -> Bins:
        """Return bins from the least to the greatest of numbers; where those come in steps, of as many steps each."""
        if step is None or high - low > LARGEST_STEPS * step:
            return cls(low, high, BINS)
        steps = round((high - low) / step) + 1
        width = -(-steps // BINS)
        count = -(-steps // width)
        return cls(low, low + count * width * step, count)

    def edge(self, place: int) -> float:
        """Return where a bin begins; one more than the last is where that ends."""
        return self.high if place == self.count else self.low + (self.high - self.low) * (place / self.count)


@dataclass(frozen=True)
class Detail:
    """What the second query is to find out about a column.

    Attributes:
        top: Whether its most frequent values are wanted.
        bins: Into which to sort numbers; None where there is no histogram to draw.
        fences: Beyond which numbers are outliers; there are both or neither.
        pattern: What its texts may match.
    """

    top: bool = False
    bins: Bins | None = None
    fences: tuple[float, float] | None = None
    pattern: Literal["number", "date"] | None = None


def source(dialect: Dialect, origin: str, columns: Sequence[Measured]) -> str:
    """Return a query for columns of a table under names of ours, so that theirs are quoted in one place."""
    parts = []
    for column in columns:
        value = dialect.value(column.field)
        number = dialect.number(column.field.kind, value)
        parts += [f"{value} as {column.value}"] + ([f"{number} as {column.number}"] if number else [])
    return f"select {', '.join(parts) or '1'} from {origin}"


def aggregates(dialect: Dialect, column: Measured, *, rough_distinct: bool, rough_quantiles: bool) -> dict[str, str]:
    """Return what is measured of a column in the first query, by name; what is called rough is estimated."""
    kind, value, number = column.field.kind, column.value, column.number
    distinct = dialect.approximate_distinct(value) if rough_distinct else f"count(distinct {value})"
    found = {"values": f"count({value})", "distinct": distinct}
    if column.is_graded:
        finite = f" filter (where {number} is not null)" if dialect.finite(kind, value) else ""
        found["minimum"], found["maximum"] = f"min({value}){finite}", f"max({value}){finite}"
        found |= {"finite": f"count({number})", "low": f"min({number})", "high": f"max({number})"}
        found["quantiles"] = dialect.quantiles(number, SHARES, approximate=rough_quantiles)
    elif kind in ORDERED:
        found["minimum"], found["maximum"] = shown(f"min({value})"), shown(f"max({value})")
    if kind in NUMBERS or kind == "boolean":
        found["mean"] = dialect.mean(number)
    if kind in dialect.with_nan:
        found["nan"] = f"count(*) filter (where {dialect.is_nan(kind, value)})"
    if kind in ("text", "json", "binary"):
        length = f"{'octet_length' if kind == 'binary' else 'length'}({value})"
        found |= {"shortest": f"min({length})", "longest": f"max({length})", "length": f"avg({length})"}
        found["blank"] = f"count(*) filter (where {length} = 0)"
    return found


def shown(text: str) -> str:
    """Return as much of a text as is shown, and one more character where it is longer."""
    return f"left(cast({text} as varchar), {SHOWN + 1})"


def aggregate_query(
    dialect: Dialect, origin: str, columns: Sequence[Measured], measures: Sequence[Mapping[str, str]]
) -> str:
    """Return the first query: one row, the count of rows and a list of texts for each column."""
    lists = [dialect.row(list(measured.values())) for measured in measures]
    return f"select {', '.join(['count(*)', *lists])} from ({source(dialect, origin, columns)}) as measured"


def detail_query(
    dialect: Dialect, origin: str, details: Mapping[Measured, Detail], *, top: int, once: bool
) -> str | None:
    """Return the second query, None where there is nothing to ask.

    Its rows are column, what, place, value, count, below, above: a frequent value (`top`), a bin (`bin`), texts that
    match a pattern (`like`).

    Args:
        top: How many frequent values.
        once: Whether to keep the source's rows: a view is dear to run for each column, and a sample must stay the same.
    """
    parts = []
    for column, detail in details.items():
        if detail.top:
            parts.append(top_part(column, top))
        if detail.bins and detail.fences:
            parts.append(bin_part(dialect, column, detail.bins, detail.fences))
        if detail.pattern:
            condition = dialect.matches(column.value, literal(PATTERNS[detail.pattern]))
            parts.append(f"select {column.index}, 'like', 0, null, count(*), 0, 0 from source where {condition}")
    if not parts:
        return None
    kept = "materialized" if once else "not materialized"
    return f"with source as {kept} ({source(dialect, origin, list(details))}) {' union all '.join(parts)}"


def top_part(column: Measured, top: int) -> str:
    """Return the part of a column's most frequent values, those as frequent in the order of the values."""
    value = column.value
    return (
        f"(select {column.index}, 'top', cast(row_number() over (order by n desc, {value}) as integer), "
        f"{shown(value)}, n, 0, 0 from (select {value}, count(*) as n from source where {value} is not null "
        f"group by {value} order by n desc, {value} limit {top}) as grouped)"
    )


def bin_part(dialect: Dialect, column: Measured, bins: Bins, fences: tuple[float, float]) -> str:
    """Return the part of a column's histogram, with the outliers in each bin."""
    number = column.number
    place = dialect.bin(number, bins.low, bins.high, bins.count)
    return (
        f"(select {column.index}, 'bin', place, null, count(*), "
        f"count(*) filter (where {number} < {double(fences[0])}), "
        f"count(*) filter (where {number} > {double(fences[1])}) from "
        f"(select {number}, {place} as place from source where {number} is not null) as placed group by place)"
    )
