"""Both ways of checking, row by row and in columns, find the same rows bad."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, create_model

from shared.data_quality import POSITION, ColumnChecker, JsonText, RowChecker, RowModel

EPOCH = datetime(2017, 1, 1)
PATTERNS = ("^[0-9]{4}$", "a", "^$", "^C-[0-9]+$", "b.", "^[^ ]+$", "é|x")
TEXT = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["4001", "C-7", "a\n", "4001\n", "b\nc", "é", "", " ", "𝒳yz", "e\u0301", "\0", "a\0b"]),
)
UNSIGNED = [2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 2**11, 2**64 - 1]
FLOATS = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0, 1.5, math.nan, math.inf, -math.inf, 1e300]))
SMALL = st.integers(-3, 3)
ZONES = st.sampled_from([timezone.utc, timezone(timedelta(hours=11)), timezone(timedelta(hours=-3, minutes=-30))])
JSON = ['{"a": 1}', "[1, 2.50]", " null ", '"x"', "1e400", '{"a": 1, "a": 2}', r'"\\u0000"']
NO_JSON = [
    "",
    "x",
    "{'a': 1}",
    '{"a": 1,}',
    "NaN",
    '{"a"',
    "1 2",
    "[" * 300,
    '"\0"',
    r'"\u0000"',
    r'"\\\u0000"',
    r'"\ud800"',
]
KINDS = [
    *("int", "float", "str", "bool", "datetime", "date", "literal", "int as float"),
    *("decimal", "int as decimal", "moment", "json"),
]


@st.composite
def bounds(draw: st.DrawFn, bound: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Draw up to two constraints on the order of values."""
    names = draw(st.lists(st.sampled_from(["ge", "gt", "le", "lt"]), max_size=2, unique=True))
    return {name: draw(bound) for name in names}


@st.composite
def decimal_columns(draw: st.DrawFn, *, of_integers: bool) -> tuple[Any, dict[str, Any], pa.DataType, Any]:
    """Draw a field of decimals, and a column of decimals with more or fewer digits, or of integers."""
    places = draw(st.integers(0, 5))
    digits = draw(st.one_of(st.integers(places + 1, places + 4), st.just(38)))
    rules = {"max_digits": digits, "decimal_places": places, **draw(bounds(SMALL.map(Decimal)))}
    if of_integers:
        return Decimal, rules, pa.int64(), st.one_of(SMALL, st.integers(-(2**63), 2**63 - 1))
    scale = draw(st.integers(0, 8))
    types = [pa.decimal128(38, scale), pa.decimal128(scale + 4, scale), pa.decimal256(76, scale)]
    found = draw(st.sampled_from(types))
    whole = 10 ** (found.precision - scale) - 1
    return Decimal, rules, found, st.decimals(-whole, whole, places=scale)


@st.composite
def columns(draw: st.DrawFn) -> tuple[Any, dict[str, Any], pa.DataType, st.SearchStrategy[Any]]:
    """Draw a field's type and constraints, the arrow type that its column has, and what to fill it with."""
    kind = draw(st.sampled_from(KINDS))
    if kind in ("decimal", "int as decimal"):
        return draw(decimal_columns(of_integers=kind == "int as decimal"))
    if kind == "int":
        width = draw(st.sampled_from([pa.int64(), pa.int32(), pa.uint8(), pa.uint64()]))
        unsigned = {pa.uint8(): st.integers(0, 5), pa.uint64(): st.one_of(SMALL.map(abs), st.sampled_from(UNSIGNED))}
        values = unsigned.get(width, st.one_of(SMALL, st.integers(-(2**31), 2**31 - 1)))
        return draw(st.sampled_from([int, float])), draw(bounds(SMALL)), width, values
    if kind == "int as float":
        near_the_end = st.sampled_from([2.0**63, -(2.0**63), 2.0**62, 2.0**53 + 2])
        return int, draw(bounds(SMALL)), pa.float64(), st.one_of(FLOATS, near_the_end, SMALL.map(float))
    if kind == "float":
        finite = {"allow_inf_nan": False} if draw(st.booleans()) else {}
        bound = st.one_of(SMALL, st.sampled_from([0.5, -1.5]))
        return float, {**draw(bounds(bound)), **finite}, pa.float64(), FLOATS
    if kind == "str":
        rules = {
            "min_length": draw(SMALL.map(abs)),
            "max_length": draw(SMALL.map(abs)),
            "pattern": draw(st.sampled_from(PATTERNS)),
        }
        chosen = draw(st.sets(st.sampled_from(sorted(rules))))
        kinds = st.sampled_from([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
        return str, {name: rules[name] for name in chosen}, draw(kinds), TEXT
    if kind == "datetime":
        moments = st.integers(-3, 3).map(lambda hours: EPOCH + timedelta(hours=hours))
        return datetime, draw(bounds(moments)), pa.timestamp(draw(st.sampled_from(["s", "ms", "us"]))), moments
    if kind == "moment":
        moments = st.builds(lambda hours, zone: (EPOCH + timedelta(hours=hours)).replace(tzinfo=zone), SMALL, ZONES)
        kinds = st.builds(pa.timestamp, st.sampled_from(["s", "ms", "us"]), st.sampled_from(["UTC", "+02:00"]))
        return AwareDatetime, draw(bounds(moments)), draw(kinds), moments
    if kind == "json":
        return JsonText, {}, draw(st.sampled_from([pa.string(), pa.large_string()])), st.sampled_from([*JSON, *NO_JSON])
    if kind == "date":
        days = st.integers(-3, 3).map(lambda number: date(2017, 1, 1) + timedelta(days=number))
        return date, draw(bounds(days)), pa.date32(), days
    if kind == "literal":
        return Literal["a", "b"], {}, pa.string(), st.sampled_from(["a", "b", "c", "", "A"])
    return bool, {}, pa.bool_(), st.booleans()


@st.composite
def models_and_batches(draw: st.DrawFn) -> tuple[type[RowModel], pa.RecordBatch]:
    """Draw a row model and a batch to check by it."""
    definitions: dict[str, Any] = {}
    arrays: dict[str, pa.Array] = {}
    size = draw(st.integers(0, 6))
    for number in range(draw(st.integers(1, 3))):
        kind, constraints, arrow_type, values = draw(columns())
        optional = draw(st.booleans())
        definitions[f"f{number}"] = (kind | None if optional else kind, Field(**constraints))
        filled = draw(st.lists(st.one_of(st.none(), values), min_size=size, max_size=size))
        arrays[f"f{number}"] = pa.array(filled, arrow_type)
    model = create_model("Drawn", __base__=RowModel, **definitions)
    return model, pa.RecordBatch.from_pydict(arrays)


@settings(max_examples=200, deadline=None)
@given(models_and_batches())
def test_both_ways_agree(drawn: tuple[type[RowModel], pa.RecordBatch]) -> None:
    """Whatever the model and the values: the same rows are bad, for the same reasons, and the good ones are equal."""
    model, batch = drawn
    in_columns = ColumnChecker(model)
    assert in_columns.extra_columns(batch.schema, "batch") == []
    by_column = in_columns.check(batch, 1)
    by_row = RowChecker(model).check(batch.to_pylist(), range(1, batch.num_rows + 1))
    assert by_column.bad == by_row.bad
    assert by_column.good.column(POSITION).equals(by_row.good.column(POSITION))
    assert repr(by_column.good.to_pylist()) == repr(by_row.good.to_pylist())
    by_column.good.validate(full=True)
