"""Both ways of checking, row by row and in columns, find the same rows bad."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, create_model

from shared.data_quality import POSITION, ColumnChecker, RowChecker, RowModel

EPOCH = datetime(2017, 1, 1)
PATTERNS = ("^[0-9]{4}$", "a", "^$", "^C-[0-9]+$", "b.", "^[^ ]+$", "é|x")
TEXT = st.one_of(
    st.text(max_size=5), st.sampled_from(["4001", "C-7", "a\n", "4001\n", "b\nc", "é", "", " ", "𝒳yz", "e\u0301"])
)
FLOATS = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0, 1.5, math.nan, math.inf, -math.inf, 1e300]))
SMALL = st.integers(-3, 3)


@st.composite
def bounds(draw: st.DrawFn, bound: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Draw up to two constraints on the order of values."""
    names = draw(st.lists(st.sampled_from(["ge", "gt", "le", "lt"]), max_size=2, unique=True))
    return {name: draw(bound) for name in names}


@st.composite
def columns(draw: st.DrawFn) -> tuple[Any, dict[str, Any], pa.DataType, st.SearchStrategy[Any]]:
    """Draw a field's type and constraints, the arrow type that its column has, and what to fill it with."""
    kind = draw(st.sampled_from(["int", "float", "str", "bool", "datetime", "date", "literal", "int as float"]))
    if kind == "int":
        width = draw(st.sampled_from([pa.int64(), pa.int32(), pa.uint8()]))
        values = st.integers(0, 5) if width == pa.uint8() else st.one_of(SMALL, st.integers(-(2**31), 2**31 - 1))
        return int, draw(bounds(SMALL)), width, values
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


@settings(max_examples=100, deadline=None)
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
