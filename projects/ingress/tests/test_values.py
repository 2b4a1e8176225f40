"""Whatever a source holds arrives exact on both engines, or is kept back by name on both."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import HEADER, LoyaltyApi, Project, customer, member
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, create_model

from ingress.load.corrections import corrected_later, read_again
from ingress.load.source_load import load_source
from ingress.raw_names import ORDER
from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import JsonText, RowModel, arrow_schema
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

LONGEST = 63
numbers = itertools.count(1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ODD_TEXTS = ["", "NULL", "\\N", "\\.", '"', "a,b\r\nc", " ", "𝒳", "e\u0301"]
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
Kind = tuple[Any, Any, st.SearchStrategy[Any]]
KINDS: dict[str, Kind] = {
    "amount": (
        Decimal,
        Field(max_digits=38, decimal_places=9),
        st.integers(1 - 10**38, 10**38 - 1).map(lambda digits: Decimal(f"{digits}e-9")),
    ),
    "moment": (AwareDatetime, Field(), st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)),
    "time": (datetime, Field(), st.datetimes()),
    "day": (date, Field(), st.dates()),
    "number": (float, Field(), st.floats(allow_nan=False)),
    "whole": (int, Field(), st.integers(-(2**63), 2**63 - 1)),
    "flag": (bool, Field(), st.booleans()),
    "text": (str, Field(), st.one_of(TEXTS, st.sampled_from(ODD_TEXTS))),
    "document": (JsonText, Field(), st.builds(json.dumps, DOCUMENTS, indent=st.sampled_from([None, 1]))),
}
# As long as PostgreSQL lets a name be.
NAMES = {kind: kind + "x" * (LONGEST - len(kind)) for kind in KINDS}
MODEL = create_model(
    "Values",
    __base__=RowModel,
    key=(int, ...),
    **{NAMES[kind]: (annotation | None, field) for kind, (annotation, field, _) in KINDS.items()},
)  # type: ignore[call-overload]
ROWS = st.lists(
    st.fixed_dictionaries({NAMES[kind]: st.one_of(st.none(), values) for kind, (_, _, values) in KINDS.items()}),
    min_size=1,
    max_size=40,
)


# Without shrinking, as every example is a load.
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.slow
@given(rows=ROWS)
def test_values_arrive_exact(project: Project, rows: list[dict[str, Any]]) -> None:
    """Decimals, moments, dates, numbers, texts, JSON and nulls in columns with the longest names come back exact."""
    name = f"values_{next(numbers)}"
    rows = [{"key": key, **row} for key, row in enumerate(rows)]
    file = project.landing / "values" / f"{name}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, arrow_schema(MODEL)), file)
    resource = Resource(name, name, MODEL, ("key",), Files("values", file.name))
    options = get_settings()
    with (
        open_warehouse(options, holder="test", role="ingress", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="test") as run,
    ):
        # Into a new table, and once more, merged by key.
        for full in (False, True):
            load_source(run, options, Source("values", (resource,)), full=full)
            found = warehouse.fetch_arrow(f"select * from raw.{name} order by key").drop_columns(["_dlt_load_id"])
            assert written(found.to_pylist()) == written(rows)
    assert project.bad_rows() == []


def written(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return rows with equal values written alike: moments in UTC, decimals with all their places."""
    return [{name: write(value) for name, value in row.items()} for row in rows]


def write(value: object) -> str:
    """Return how a value is written."""
    if isinstance(value, Decimal):
        return f"{value:.9f}"
    if isinstance(value, datetime):
        return (value.astimezone(timezone.utc) if value.tzinfo else value).isoformat()
    return repr(value)


def test_text_that_postgresql_cannot_hold_is_a_bad_row(project: Project, loyalty: LoyaltyApi) -> None:
    """A NUL character in a text, known or not, makes a bad row with its reason; the others are loaded."""
    loyalty.members = [member(1, first_name="a\0b"), member(2, tier="\0"), member(3, tier="gold")]
    assert "1 rows loaded; 2 bad rows in quarantine" in project.load("loyalty")
    assert [reason for _, _, reason in project.bad_rows()] == [
        "`first_name`: text with a NUL character",
        "`tier`: text with a NUL character",
    ]


def test_longest_name_of_a_new_column_is_kept(project: Project) -> None:
    """A column that the model does not know may have 63 characters, and keeps them."""
    name = "n" * LONGEST
    project.customers("a.csv", customer(1) + ",x", header=f"{HEADER},{name}")
    project.load("crm")
    assert project.fetch(f"select {name} from raw.crm_customers") == [("x",)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["n" * (LONGEST + 1)], f"has a name of more than 63 characters: `{'n' * (LONGEST + 1)}`"),
        (["Tier", "tier"], "column twice in `landing/crm/a.csv`: `Tier`"),
        (["Customer ID"], "that raw cannot tell apart: `customer_id`, `Customer ID`"),
        ([""], "column without a name in `landing/crm/a.csv`"),
        (["_position"], "has a name that the platform uses itself: `_position`"),
    ],
    ids=["long", "alike", "known", "none", "own"],
)
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_name_that_raw_cannot_hold_is_an_error(
    project: Project, clean_run: Callable[..., Any], columns: list[str], message: str
) -> None:
    """A new column that would be cut short, or be taken for another, is named; nothing is loaded till it is gone."""
    project.customers("a.csv", customer(1) + ",x" * len(columns), header=",".join([HEADER, *columns]))
    code, said = project.ingress("run", "--source", "crm")
    assert code == 2
    assert f"{message}\nhint: " in said
    project.customers("a.csv", customer(1))
    project.load("crm")
    assert project.state() == clean_run("crm")


def test_rows_with_any_column_name_can_be_in_conflict(project: Project) -> None:
    """Rows that share a key are compared whatever their columns are called."""
    header = f'{HEADER},"a.b","c""d"'
    project.customers("a.csv", customer(1) + ",1,2", customer(1) + ",1,2", customer(2) + ",1,2", header=header)
    assert "2 rows loaded; 1 copies dropped" in project.load("crm")
    assert project.fetch("select distinct a_b, c_d from raw.crm_customers") == [("1", "2")]


def test_key_called_as_a_bad_row_is_told_by() -> None:
    """A bad row that has come well is found by its key, whatever the columns of that are called."""
    key = ("identifier", "origin")
    bad = [(f"id-{number}", "a.csv", f'{{"identifier": "{number}", "origin": "x"}}') for number in (1, 2)]
    loaded = pa.table({"identifier": ["1"], "origin": ["x"], ORDER: [0]})
    assert read_again(bad, [], loaded.select(key), key) == ["id-1"]
    assert corrected_later(bad, loaded, ["b.csv"], key) == ["id-1"]


def test_zeros_of_both_signs_come_again_as_they_were(project: Project) -> None:
    """Of two zeros that differ in their sign alone, none has changed when it is read again from where it came."""
    model = create_model("Zero", __base__=RowModel, id=(int, ...), number=(float, ...))
    source = Source("zeros", (Resource("zeros", "zeros", model, ("id",), Files("zeros", "*.parquet")),))
    (project.landing / "zeros").mkdir(parents=True)
    rows = pa.table({"id": range(3_000), "number": [[0.0, -0.0][number % 2] for number in range(3_000)]})
    pq.write_table(rows, project.landing / "zeros" / "zeros.parquet")
    for full in (False, True):
        project.load_source(source, full=full)
    assert project.fetch("select count(distinct _dlt_load_id) from raw.zeros") == [(1,)]
