"""Each check on both engines: what passes, what fails, on no rows, with nulls, NaN and names that look like SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.config import get_settings
from shared.data_quality.expectations import FailingRow, Outcome, Suite, validate
from shared.data_quality.expectations.sql import CheckedRelation
from shared.postgres.errors import ServerUnavailable
from shared.testing.engines import PostgresDatabase
from shared.utils.clock import utc_now
from shared.warehouse import Role, Warehouse, open_warehouse, quote, quote_name

Expect = Callable[..., Outcome]
NASTY = 'a"; drop schema raw; --'
COLUMNS = "id integer, s varchar, n double precision, b boolean, d date, ts timestamp, z timestamp with time zone"


@pytest.fixture
def role() -> Role:
    """Work as the role that may keep what is found."""
    return "transformation"


@pytest.fixture
def rows(warehouse: Warehouse) -> Callable[..., None]:
    """Return a function that makes the table `core.t` of rows in SQL."""

    def made(*values: str, table: str = "core.t", columns: str = COLUMNS) -> None:
        warehouse.execute(f"create table {table} ({columns})")
        for value in values:
            names = ", ".join(column.split()[0] for column in columns.split(", ")[: value.count(",") + 1])
            warehouse.execute(f"insert into {table} ({names}) values ({value})")

    return made


CHECKS = [
    ("not_null", {"columns": ["id", "s"]}, ["1, 'a'", "2, 'b'"], ["1, 'a'", "null, 'b'", "3, null", "null, null"], 3),
    ("unique", {"columns": ["id"]}, ["1", "2"], ["1", "2", "1", "1"], 3),
    ("unique", {"columns": ["id", "s"]}, ["1, 'a'", "1, 'b'"], ["1, 'a'", "2, 'a'", "1, 'a'"], 2),
    ("in_set", {"column": "s", "values": ["a", "é"]}, ["1, 'a'", "2, 'é'"], ["1, 'a'", "2, 'A'", "3, 'e'"], 2),
    ("in_set", {"column": "id", "values": [1, 2.0]}, ["1", "2"], ["1", "3"], 1),
    ("in_set", {"column": "b", "values": [True]}, ["1, 'a', 1, true"], ["1, 'a', 1, true", "1, 'a', 1, false"], 1),
    ("in_range", {"column": "n", "minimum": 0, "maximum": 1}, ["1, 'a', 0", "1, 'a', 1"], ["1, 'a', 1.01"], 1),
    ("in_range", {"column": "n", "minimum": 0}, ["1, 'a', 0", "1, 'a', 'inf'"], ["1, 'a', 'nan'", "1, 'a', -1"], 2),
    ("in_range", {"column": "n", "maximum": 0.5}, ["1, 'a', 0.5", "1, 'a', '-inf'"], ["1, 'a', 'nan'", "1, 'a', 1"], 2),
    ("matches", {"column": "s", "regex": r"^[A-Z]{2}\d+$"}, ["1, 'AB1'"], ["1, 'AB1x'", "2, 'ab1'", "3, 'AB١'"], 3),
    ("matches", {"column": "s", "regex": "ü"}, ["1, 'über'"], ["1, 'uber'"], 1),
]


@pytest.mark.parametrize(("kind", "arguments", "good", "bad", "failed"), CHECKS)
def test_rows_pass_or_fail(
    expect: Expect,
    rows: Callable[..., None],
    warehouse: Warehouse,
    kind: str,
    arguments: dict[str, Any],
    good: list[str],
    bad: list[str],
    failed: int,
) -> None:
    """A check passes good rows and counts those that fail; no rows, and nulls alone, are nothing to look at."""
    rows()
    outcome = expect(kind, arguments)
    assert (outcome.status, outcome.rows_checked, outcome.rows_failed) == ("passed", 0, 0)
    if kind != "not_null":
        warehouse.execute("insert into core.t (id) values (null), (null)")
        assert expect(kind, arguments).rows_checked == 0
    warehouse.execute("drop table core.t")
    rows(*good)
    outcome = expect(kind, arguments)
    assert (outcome.status, outcome.rows_checked, outcome.rows_failed, outcome.sample) == ("passed", len(good), 0, ())
    warehouse.execute("drop table core.t")
    rows(*bad)
    outcome = expect(kind, arguments)
    assert (outcome.status, outcome.rows_checked, outcome.rows_failed) == ("failed", len(bad), failed)
    assert outcome.sample
    assert outcome.sentence.startswith(f"{failed} of {len(bad)} row")


@pytest.mark.parametrize(("minimum", "maximum", "status"), [(1, None, "failed"), (None, 0, "passed"), (0, 5, "passed")])
def test_row_count_of_an_empty_table(
    expect: Expect, rows: Callable[..., None], minimum: int | None, maximum: int | None, status: str
) -> None:
    """A table without rows has as few as it can have."""
    rows()
    outcome = expect("row_count", {"minimum": minimum, "maximum": maximum})
    assert (outcome.status, outcome.rows_checked, outcome.rows_failed) == (status, 0, None)


def test_row_count_with_a_condition(expect: Expect, rows: Callable[..., None]) -> None:
    """Rows that the condition leaves out are as if they were not there."""
    rows("1", "2", "3")
    assert expect("row_count", {"maximum": 2}).status == "failed"
    outcome = expect("row_count", {"maximum": 2}, where="id > 1 -- the first is a total")
    assert (outcome.status, outcome.observed) == ("passed", "2 rows")


@pytest.mark.parametrize("kind", ["not_null", "unique", "foreign_key"])
def test_condition_leaves_rows_out(expect: Expect, rows: Callable[..., None], kind: str) -> None:
    """The condition holds for checks of one pass and of their own, also where a percent sign or `$1` is in it."""
    rows("1, 'a'", "1, '50%'", "null, '$1'", "9, '$1'")
    arguments: dict[str, Any] = {"columns": ["id"]}
    if kind == "foreign_key":
        arguments["references"] = {"table": "core.t", "columns": ["id"]}
    outcome = expect(kind, arguments, where="s like '50%' or s = '$1' and id is not null")
    assert (outcome.status, outcome.rows_checked) == ("passed", 2)
    outcome = expect("in_set", {"column": "id", "values": [9]}, where="s like '50%' or s = '$1'")
    assert (outcome.rows_checked, outcome.rows_failed) == (2, 1)


def test_foreign_key(expect: Expect, rows: Callable[..., None]) -> None:
    """A composite key is found as a whole or fails; a row that lacks a part of it is not looked at."""
    rows("1, 'a'", "1, 'b'", "1, 'b'", "2, 'a'", "null, 'x'", "5, null")
    rows("1, 'a'", "1, 'a'", "2, 'b'", "null, 'x'", table="core.other")
    arguments = {"columns": ["id", "s"], "references": {"table": "core.other", "columns": ["id", "s"]}}
    outcome = expect("foreign_key", arguments, key=["s"])
    assert (outcome.status, outcome.rows_checked, outcome.rows_failed) == ("failed", 4, 3)
    assert outcome.sample == (
        FailingRow({"s": "a"}, {"id": 2}),
        FailingRow({"s": "b"}, {"id": 1}),
        FailingRow({"s": "b"}, {"id": 1}),
    )
    arguments = {"columns": ["s"], "references": {"table": "core.other", "columns": ["s"]}}
    assert expect("foreign_key", arguments).status == "passed"


def test_foreign_key_into_an_empty_table(expect: Expect, rows: Callable[..., None]) -> None:
    """Nothing is found in an empty table, and no row has nothing to find."""
    rows("1", "2")
    rows(table="core.other")
    arguments = {"columns": ["id"], "references": {"table": "core.other", "columns": ["id"]}}
    assert expect("foreign_key", arguments).rows_failed == 2
    reverse = {"columns": ["id"], "references": {"table": "core.t", "columns": ["id"]}}
    assert expect("foreign_key", reverse, table="core.other").status == "passed"


@pytest.mark.parametrize(
    ("column", "day"), [("d", "2024-03-10"), ("ts", "2024-03-10 00:00:00"), ("z", "2024-03-10 00:00:00+00")]
)
def test_freshness_since_a_moment(
    expect: Expect, warehouse: Warehouse, rows: Callable[..., None], column: str, day: str
) -> None:
    """A date's or timestamp's newest value may be as old as it says; where there is none, nothing is fresh."""
    rows("1")
    arguments = {
        "column": column,
        "within": "7 days",
        "since": datetime(2024, 3, 17),
    }
    outcome = expect("freshness", arguments)
    assert (outcome.status, outcome.observed) == ("failed", "no value at all")
    warehouse.execute(f"insert into core.t ({column}) values ('{day}'), ('2020-01-01')")
    outcome = expect("freshness", arguments)
    assert (outcome.status, outcome.rows_checked) == ("passed", 2)
    assert outcome.observed == "newest is 2024-03-10 00:00:00, 7 days before 2024-03-17 00:00:00"
    assert expect("freshness", {**arguments, "within": "10079 minutes"}).status == "failed"


def test_freshness_since_now_and_since_another_column(
    expect: Expect, warehouse: Warehouse, rows: Callable[..., None]
) -> None:
    """Age counts from now, or from the newest value of another table; without one the check cannot be made."""
    rows("1")
    warehouse.execute("insert into core.t (ts, d) values ($1, '2024-01-01')", [utc_now()])
    assert expect("freshness", {"column": "ts", "within": "1 hour"}).status == "passed"
    assert expect("freshness", {"column": "d", "within": "1 week"}).status == "failed"
    rows(table="core.other")
    arguments = {"column": "d", "within": "1 week", "since": {"table": "core.other", "column": "ts"}}
    outcome = expect("freshness", arguments)
    assert (outcome.status, outcome.observed) == ("error", "no value to count the age from: `core.other`.`ts`")
    warehouse.execute("insert into core.other (ts) values ('2024-01-08')")
    assert expect("freshness", arguments).status == "passed"


@pytest.mark.parametrize(
    ("column", "ahead", "status"),
    [
        ("ts", timedelta(minutes=3), "passed"),
        ("ts", timedelta(minutes=7), "failed"),
        ("d", timedelta(hours=14), "passed"),
        ("d", timedelta(days=3), "failed"),
    ],
)
def test_what_is_dated_in_the_future_is_not_fresh(
    expect: Expect, warehouse: Warehouse, rows: Callable[..., None], column: str, ahead: timedelta, status: str
) -> None:
    """A value ahead of now, more than clocks and a date's zone may be apart, is fresh from no clock that is right."""
    rows("1")
    warehouse.execute(f"insert into core.t ({column}) values ($1)", [utc_now() + ahead])
    outcome = expect("freshness", {"column": column, "within": "1 day"})
    assert (outcome.status, "a clock is or was wrong" in outcome.observed) == (status, status == "failed")


def test_moment_beyond_the_calendar_is_an_error_of_that_check_alone(
    warehouse: Warehouse, rows: Callable[..., None]
) -> None:
    """A date that Python does not have spoils freshness, and no other check."""
    rows("1")
    warehouse.execute("insert into core.t (id, d) values (2, '20000-01-01')")
    entries = [{"freshness": {"column": "d", "within": "1 day"}}, {"not_null": {"columns": ["id"]}}]
    outcomes = validate(warehouse, Suite.model_validate({"version": 1, "tables": {"core.t": {"expect": entries}}}))
    assert [outcome.status for outcome in outcomes] == ["error", "passed"]
    assert outcomes[0].hint


def test_names_that_look_like_sql(expect: Expect, warehouse: Warehouse) -> None:
    """Names, values and expressions that look like SQL, or have a dot or `$1`, are only what they are."""
    names = [NASTY, "a.b", "cost $1 50%", "üñí"]
    table = f"core.{NASTY}"
    columns = ", ".join(f"{quote_name(name)} varchar" for name in names)
    warehouse.execute(f"create table {quote(table)} ({columns})")
    warehouse.execute(f"insert into {quote(table)} values ($1, $1, $1, $1), ('ok', 'ok', 'ok', 'ok')", [NASTY])
    for name in names:
        options = {"table": table, "key": [name]}
        for kind, arguments in {
            "in_set": {"column": name, "values": [NASTY]},
            "matches": {"column": name, "regex": '"; drop .* --$'},
        }.items():
            outcome = expect(kind, arguments, **options)
            assert (outcome.status, outcome.rows_failed) == ("failed", 1)
            assert outcome.sample == (FailingRow({name: "ok"}, {}),)
        assert expect("not_null", {"columns": names}, **options).status == "passed"
        assert expect("unique", {"columns": names}, **options).status == "passed"
        references = {"table": table, "columns": [name]}
        assert expect("foreign_key", {"columns": [name], "references": references}, **options).status == "passed"
        source = {"table": table, "column": name}
        assert expect("distribution_shift", {"column": name, "baseline": source}, **options).status == "passed"
    assert warehouse.row_count(table) == 2


def test_sample_is_bounded_and_named_by_the_key(warehouse: Warehouse, rows: Callable[..., None]) -> None:
    """Of the rows that fail, the first by the key are kept, with values that JSON can hold, or none."""
    rows(*(f"{number}, 'x', 'nan', null, '2024-01-01'" for number in range(30, 0, -1)))
    entry = {"in_range": {"column": "n", "minimum": 0}}
    suite = Suite.model_validate({"version": 1, "tables": {"core.t": {"key": ["d", "id"], "expect": [entry]}}})
    (outcome,) = validate(warehouse, suite)
    assert [row.key for row in outcome.sample] == [{"d": "2024-01-01", "id": number} for number in range(1, 21)]
    assert outcome.sample[0].values == {"n": "nan"}
    (outcome,) = validate(warehouse, suite, samples=3)
    assert len(outcome.sample) == 3
    (outcome,) = validate(warehouse, suite, samples=0)
    assert (outcome.sample, outcome.rows_failed) == ((), 30)


def test_long_values_are_cut_in_samples(expect: Expect, rows: Callable[..., None]) -> None:
    """A value of any length takes a bounded place in a sample."""
    rows(f"1, '{'x' * 10_000}'")
    (row,) = expect("in_set", {"column": "s", "values": ["a"]}).sample
    assert row.values == {"s": "x" * 500 + "…"}


def test_severity(expect: Expect, rows: Callable[..., None]) -> None:
    """A check of severity `warn` that fails has warned."""
    rows()
    assert expect("row_count", {"minimum": 1}, severity="warn").status == "warned"


def test_what_is_not_there_is_an_error_of_that_check_alone(warehouse: Warehouse, rows: Callable[..., None]) -> None:
    """A missing table, column or key, a wrong type and a wrong condition are said with a hint; all others are made."""
    rows("1, 'a'")
    good = {"row_count": {"minimum": 1}}
    bad = [
        {"not_null": {"columns": ["idd"]}},
        {"in_range": {"column": "s", "minimum": 1}},
        {"matches": {"column": "id", "regex": "a"}},
        {"in_set": {"column": "id", "values": ["a"]}},
        {"freshness": {"column": "s", "within": "1 day"}},
        {"in_set": {"column": "s", "values": ["a"]}, "where": "nosuch = 1", "name": "condition"},
        {"unique": {"columns": ["id"]}, "where": "this is no SQL"},
        {"foreign_key": {"columns": ["id"], "references": {"table": "core.t", "columns": ["s"]}}},
        {"foreign_key": {"columns": ["s"], "references": {"table": "core.tt", "columns": ["s"]}}},
        {"distribution_shift": {"column": "s", "baseline": {"table": "core.t", "column": "id"}}},
    ]
    tables = {
        "core.missing": {"expect": [good]},
        "nosuch.t": {"expect": [good]},
        "core.t": {"expect": [*bad, good, {"not_null": {"columns": ["id"]}}]},
    }
    outcomes = validate(warehouse, Suite.model_validate({"version": 1, "tables": tables}))
    erroneous, made = outcomes[:-2], outcomes[-2:]
    assert [outcome.status for outcome in erroneous] == ["error"] * 12
    assert all(outcome.hint for outcome in erroneous)
    assert [outcome.status for outcome in made] == ["passed", "passed"]
    assert (erroneous[0].observed, erroneous[0].hint) == ("no such table: `core.missing`", "there is: t")
    assert erroneous[2].observed == "no such column in `core.t`: `idd`"
    assert (erroneous[2].hint or "").startswith("did you mean `id`? there is: b, d, id")
    keyless = {"core.t": {"key": ["no"], "expect": [good]}}
    (outcome,) = validate(warehouse, Suite.model_validate({"version": 1, "tables": keyless}))
    assert outcome.observed == "no such column in `core.t`: `no`"


def test_conditions_write_nothing(expect: Expect, warehouse: Warehouse, rows: Callable[..., None]) -> None:
    """A condition that would write, in a warehouse that is open for writing, is refused by the engine."""
    rows("1")
    for where in ("true); delete from core.t; --", "true); drop table core.t; select (1"):
        assert expect("row_count", {"minimum": 1}, where=where).status == "error"
    assert warehouse.row_count("core.t") == 1


def test_checks_of_single_rows_share_one_pass(
    warehouse: Warehouse, rows: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many checks of single rows a table has, one query makes them."""
    rows("1, 'a', 1")
    queries: list[str] = []
    fetch = CheckedRelation.fetch

    def noted(self: CheckedRelation, sql: str, *rest: Any) -> list[tuple[Any, ...]]:
        queries.append(sql)
        return fetch(self, sql, *rest)

    monkeypatch.setattr(CheckedRelation, "fetch", noted)
    expectations = [
        {kind: arguments}
        for kind, arguments in [
            ("not_null", {"columns": ["id"]}),
            ("in_set", {"column": "s", "values": ["a"]}),
            ("in_range", {"column": "n", "minimum": 0}),
            ("matches", {"column": "s", "regex": "a"}),
            ("row_count", {"minimum": 1}),
        ]
    ]
    suite = Suite.model_validate({"version": 1, "tables": {"core.t": {"expect": expectations}}})
    assert {outcome.status for outcome in validate(warehouse, suite)} == {"passed"}
    assert len(queries) == 1


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_lost_warehouse_is_no_outcome(
    warehouse: Warehouse, rows: Callable[..., None], postgres_database: PostgresDatabase
) -> None:
    """When the warehouse itself goes away, the check ends with its error instead of one for each expectation."""
    rows("1")
    relation = CheckedRelation(warehouse, "core.t")
    session = postgres_database.admin.connect("other")
    with session.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test'")
    session.close()
    with pytest.raises(ServerUnavailable):
        relation.fetch("select 1")


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_table_that_the_role_may_not_read(warehouse: Warehouse, rows: Callable[..., None]) -> None:
    """What the role that checks may not read is an error of its checks, and the others are made."""
    rows("1")
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as as_ingress:
        as_ingress.execute("create table raw_staging.t as select 1 as id")
    entry = {"expect": [{"row_count": {"minimum": 1}}]}
    suite = Suite.model_validate({"version": 1, "tables": {"raw_staging.t": entry, "core.t": entry}})
    with open_warehouse(get_settings(), holder="reader") as as_reader:
        outcomes = validate(as_reader, suite)
    assert [outcome.status for outcome in outcomes] == ["error", "passed"]
    assert "does not permit it" in outcomes[0].observed


def test_views_and_other_types(expect: Expect, warehouse: Warehouse) -> None:
    """A view is checked as a table is, and values of types that JSON does not know are shown as text."""
    warehouse.execute(
        "create view core.v as select cast('7f3e0f5c-0000-4000-8000-000000000001' as uuid) as u, "
        "cast(1.50 as decimal(10, 2)) as amount, cast('12:30:00' as time) as t, cast(null as integer) as missing"
    )
    assert expect("matches", {"column": "u", "regex": "^7f3e"}, table="core.v").status == "passed"
    outcome = expect("not_null", {"columns": ["missing"]}, table="core.v", key=["u", "amount", "t"])
    (row,) = outcome.sample
    assert row.key == {"u": "7f3e0f5c-0000-4000-8000-000000000001", "amount": "1.50", "t": "12:30:00"}
