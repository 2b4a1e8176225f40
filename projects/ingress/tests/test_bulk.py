"""Rows that are checked in bulk: the same are good, and the same bad for the same reasons, as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, StringConstraints

from ingress import bulk
from ingress.readers.files.reader import Files
from ingress.source import Resource
from shared.data_quality import Checked, JsonText, RowModel, Written, row_model
from shared.data_quality.json_text import exact_number
from shared.data_quality.rows import Row
from shared.utils.strict_json import strict_json


class Values(RowModel):
    """A column of each kind."""

    whole: int
    few: int | None = Field(ge=0, le=9)
    share: float
    amount: Decimal | None = Field(max_digits=8, decimal_places=2)
    units: Decimal = Field(Decimal(7), max_digits=4, decimal_places=0)
    name: str = Field(min_length=1, max_length=12)
    state: Literal["a", "b"] | None = None
    flag: bool
    day: date | None
    at: datetime
    moment: AwareDatetime | None
    document: JsonText | None = None


RESOURCE = Resource("values", "values", Values, ("whole",), Files("values", "*.jsonl"))
PLAIN: dict[str, Any] = {
    "whole": 1,
    "few": 2,
    "share": 0.5,
    "amount": "12.30",
    "units": 5,
    "name": "é",
    "state": "a",
    "flag": True,
    "day": "2024-02-29",
    "at": "2024-01-31T10:11:12",
    "moment": "2024-01-31T10:11:12.5+02:00",
    "document": {"a": [1, None]},
    "more": "x",
}
# As JSON has them: with all digits.
WRITTEN = [
    "0",
    "-0",
    "1",
    "9",
    "10",
    "-1",
    "1.0",
    "-0.0",
    "1.5",
    "0.1",
    "1e2",
    "1E-7",
    "1e400",
    "123456.78",
    "123456.789",
    "-0.5",
    "1.230",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "0.1234567890123456789",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[1.10]",
    '{"a":1.50}',
    '{"a":{"b":[null,1e400]}}',
    '""',
    '"a"',
    '"c"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud83d\\ude00"',
    '"true"',
    '"TRUE"',
    '"0"',
    '"1"',
    '"-0"',
    '"-0.0"',
    '"01"',
    '"+1"',
    '"1_0"',
    '"1.5"',
    '"1.50"',
    '"1.234"',
    '"-0.5"',
    '"1e2"',
    '"NaN"',
    '"nan"',
    '"Infinity"',
    '"123456.78"',
    '"1234567.8"',
    '"12345"',
    '"1.0"',
    '"1.00"',
    '"2024-02-29"',
    '"2023-02-29"',
    '"2024-2-9"',
    '"2024-01-31T00:00"',
    '"2024-01-31\\u002000:00:00.000"',
    '"2024-01-31T10:00"',
    '"20240131"',
    '"2024-01-31T24:00:00"',
    '"2024-01-31T10:11:60"',
    '"2024-01-31T10:11:12.1234567"',
    '"2024-01-31T10:11:12.123456000"',
    '"0000-01-01"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"2024-01-31T10:11:12Z"',
    '"2024-01-31T10:11:12+01"',
    '"2024-01-31T10:11:12-0530"',
    '"2024-01-31T10:11:12+25:00"',
    '"2024-01-31\\n"',
    '"[1,\\u00201.50]"',
    '"{"',
    '"xxxxxxxxxxxxx"',
]


class Grade(IntEnum):
    """A whole number of another type."""

    BEST = 1


# As Python has them, in rows from dlt.
OBJECTS = [
    *(
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+30"),
        Decimal("-0.0"),
        Decimal("2.50"),
    ),
    *(Grade.BEST, np.int64(3), np.float64(0.5), b"x", (1, 2), {1: "x"}, date(2024, 1, 31), datetime(2024, 1, 31)),
    *(datetime(2024, 1, 31, tzinfo=timezone.utc), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
]
ODD = [*(strict_json(text, exact_number) for text in WRITTEN), *OBJECTS]


def assert_same(rows: list[dict[str, Any]], resource: Resource = RESOURCE) -> None:
    """Check rows in both ways, and compare what is found."""
    extras = list(dict.fromkeys(name for row in rows for name in row if name not in resource.model.model_fields))
    positions = range(3, 3 + 2 * len(rows), 2)
    checker = resource.columns_if_plain
    assert checker is not None
    found = bulk.in_columns(resource, checker, rows, positions, extras)
    one_by_one = resource.rows.check(rows, positions, extras)
    assert found.bad == one_by_one.bad
    assert found.good.schema.equals(one_by_one.good.schema)
    assert repr(found.good.to_pylist()) == repr(one_by_one.good.to_pylist())
    found.good.validate(full=True)


@pytest.mark.parametrize("name", PLAIN)
def test_odd_values_are_found_as_one_by_one(name: str) -> None:
    """Of every kind of column, each value among plain ones, and each by itself, with all of its kind, and absent."""
    assert_same([row for odd in ODD for row in (PLAIN, {**PLAIN, name: odd})])
    for odd in ODD:
        assert_same([{**PLAIN, name: odd}] * 2)
    assert_same([PLAIN, {other: value for other, value in PLAIN.items() if other != name}, PLAIN])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({}, optional={name: st.sampled_from([PLAIN[name], *ODD]) for name in PLAIN}), max_size=5
    )
)
def test_any_rows_are_found_as_one_by_one(rows: list[dict[str, Any]]) -> None:
    """Whatever comes together, and whatever is not there."""
    assert_same([PLAIN, *rows])


def test_most_rows_need_no_look_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row is odd, and pydantic sees that one alone."""
    seen: list[int] = []
    check = RESOURCE.rows.check

    def counted(rows: Sequence[Row], positions: Sequence[int], extras: Sequence[str] = ()) -> Checked:
        seen.append(len(rows))
        return check(rows, positions, extras)

    monkeypatch.setattr(RESOURCE.rows, "check", counted)
    rows = [{**PLAIN, "whole": number} for number in range(bulk.FEWEST_ROWS)]
    assert bulk.check(RESOURCE, rows, range(len(rows)), ["more"]).good.num_rows == len(rows)
    assert seen == []
    rows[7] = {**PLAIN, "amount": "1.234"}
    found = bulk.check(RESOURCE, rows, range(len(rows)), ["more"])
    assert (found.good.num_rows, [bad.position for bad in found.bad], seen) == (len(rows) - 1, [7], [1])


@pytest.mark.parametrize("text", ["31.01.2024", "31.02.2024", "2024-01-31", "1.1.2024"])
def test_texts_written_in_another_way_are_read_in_that_way(text: str) -> None:
    """What is declared of a column's texts holds in bulk, too."""
    local = row_model("Local", "A date.", {"day": Annotated[date, Written("%d.%m.%Y")]})
    assert_same([{"day": text}] * 2, Resource("local", "local", local, ("day",), RESOURCE.reader))


def test_rules_that_only_python_knows_are_checked_one_by_one() -> None:
    """A model that columns cannot be checked by is no error."""
    stripped = row_model("Stripped", "A name.", {"name": Annotated[str, StringConstraints(strip_whitespace=True)]})
    resource = Resource("stripped", "stripped", stripped, ("name",), RESOURCE.reader)
    found = bulk.check(resource, [{"name": " x "}] * bulk.FEWEST_ROWS, range(bulk.FEWEST_ROWS), [])
    assert set(found.good["name"].to_pylist()) == {"x"}
