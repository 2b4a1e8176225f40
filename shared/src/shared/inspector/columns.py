"""From what two queries have returned to what is known of a column."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from shared.inspector.queries import PATTERNS, SHARES, Bins, Detail, Measured
from shared.inspector.results import Bin, ColumnProfile, Lengths, Outliers, Quantile, Resemblance, Top, Value
from shared.inspector.values import finite, numbers, parsed, seconds_as

# Tukey's factor: values further from the quartiles than this many interquartile ranges are outliers.
REACH = 1.5
DAY = 86_400.0
RESEMBLANCES: tuple[Literal["number", "date"], ...] = ("number", "date")

Texts = Mapping[str, "str | None"]


def basics(measured: Measured, rows: int, result: Texts) -> ColumnProfile:
    """Return what the first query has found out about a column."""
    kind = measured.field.kind
    values, nan = int(result["values"] or 0), int(result.get("nan") or 0)
    return ColumnProfile(
        name=measured.field.name,
        type=measured.field.type,
        kind=kind,
        values=values,
        nulls=rows - values,
        # An estimate may be more than there are.
        distinct=min(int(result["distinct"] or 0), values),
        minimum=parsed(kind, result.get("minimum")),
        maximum=parsed(kind, result.get("maximum")),
        mean=finite(result.get("mean")),
        quantiles=quantiles(measured, result),
        nan=nan,
        infinite=values - nan - int(result["finite"] or 0) if "finite" in result else 0,
        lengths=lengths(result),
    )


def quantiles(measured: Measured, result: Texts) -> tuple[Quantile, ...]:
    """Return a column's quantiles, none where one of them leaves the range of doubles."""
    found = numbers(result.get("quantiles"))
    if not all(map(math.isfinite, found)):
        return ()
    return tuple(Quantile(share, in_kind(measured, number)) for share, number in zip(SHARES, found, strict=False))


def lengths(result: Texts) -> Lengths | None:
    """Return the lengths of a column's texts, None where it has none."""
    shortest, longest, mean = result.get("shortest"), result.get("longest"), finite(result.get("length"))
    if shortest is None or longest is None or mean is None:
        return None
    return Lengths(int(shortest), int(longest), mean, int(result["blank"] or 0))


def in_kind(measured: Measured, number: float) -> Value:
    """Return a number that was found for a column as its kind has it: of times, the time."""
    field = measured.field
    if field.kind in ("date", "timestamp"):
        return seconds_as(field.kind, number, zoned=field.is_zoned)
    return number


def wanted(column: ColumnProfile, result: Texts) -> Detail:
    """Return what the second query has to find out, now that the first one's results are there."""
    # Where each value is there once, none is frequent.
    unique = column.values > 1 and column.distinct == column.values and not column.distinct_is_approximate
    detail = Detail(top=column.values > 0 and column.kind != "binary" and not unique, pattern=resembled(column))
    low, high, found = finite(result.get("low")), finite(result.get("high")), numbers(result.get("quantiles"))
    if low is None or high is None or not low < high:
        return detail
    first, third = found[SHARES.index(0.25)], found[SHARES.index(0.75)]
    fences = first - REACH * (third - first), third + REACH * (third - first)
    if not all(map(math.isfinite, (high - low, *fences))):
        return detail
    step = {"integer": 1.0, "date": DAY}.get(column.kind)
    return replace(detail, bins=Bins.between(low, high, step), fences=fences)


def resembled(column: ColumnProfile) -> Literal["number", "date"] | None:
    """Return what a column of texts may hold instead, judged by its least and greatest."""
    if column.kind != "text":
        return None
    ends = [str(end) for end in (column.minimum, column.maximum) if end]
    return next((kind for kind in RESEMBLANCES if any(re.match(PATTERNS[kind], end) for end in ends)), None)


def detailed(
    measured: Measured, column: ColumnProfile, detail: Detail, rows: Sequence[tuple[Any, ...]]
) -> ColumnProfile:
    """Return a column with what the second query has found out: rows of what, place, value, count, below, above."""
    frequent = [(parsed(column.kind, text), count) for what, _, text, count, *_ in sorted(rows) if what == "top"]
    column = replace(column, top=tuple(Top(value, count) for value, count in frequent if value is not None))
    alike = sum(count for what, _, _, count, *_ in rows if what == "like")
    if alike and detail.pattern:
        column = replace(column, resembles=Resemblance(detail.pattern, alike))
    if detail.bins is None or detail.fences is None:
        return column
    rows_of_bins = [row[1:] for row in rows if row[0] == "bin"]
    below, above = sum(row[-2] for row in rows_of_bins), sum(row[-1] for row in rows_of_bins)
    return replace(
        column,
        histogram=histogram(measured, detail.bins, {place: count for place, _, count, *_ in rows_of_bins}),
        outliers=Outliers(in_kind(measured, detail.fences[0]), in_kind(measured, detail.fences[1]), below, above),
    )


def histogram(measured: Measured, bins: Bins, counts: Mapping[int, int]) -> tuple[Bin, ...]:
    """Return bins with how many values each of them holds, those without any too."""
    edges = [in_kind(measured, bins.edge(place)) for place in range(bins.count + 1)]
    return tuple(Bin(edges[place], edges[place + 1], counts.get(place + 1, 0)) for place in range(bins.count))
