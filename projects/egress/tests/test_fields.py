"""Which fields an update changes, with old and new values masked: told from marks in the send state."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from conftest import DUCKDB_ONLY, Egress, Sql
from crm_server import Crm

from egress.engine import fields
from egress.engine.fields import Updates, marks_of
from egress.engine.pending import ADDED, LAST_MARKS, LAST_RECEIPT, ROW_KEY

MODEL = "egress.retl_crm_customers"
VALUES: dict[str, object] = {
    "a text": ["x", "y", None, ""],
    "day": [date(2020, 1, 1), None, date(2021, 1, 1), date(9999, 12, 31)],
    "amount": pa.array([Decimal("1.10"), Decimal("1.10"), None, Decimal(0)], pa.decimal128(18, 2)),
    "at": [datetime(2020, 1, 1), None, None, datetime(2020, 1, 2)],
    "flag": [True, False, None, True],
    "number": [1.5, float("nan"), None, 0.0],
}


def pending(values: dict[str, object], last: pa.ChunkedArray | None = None) -> pa.Table:
    """Return rows that a target has, with the marks of what it has."""
    rows = pa.table(values)
    added = {name: pa.array([f"{name} {at}" for at in range(len(rows))]) for name in ADDED}
    return pa.table(
        {**dict(zip(rows.column_names, rows.columns, strict=True)), **added, LAST_MARKS: last or added[ROW_KEY]}
    )


def test_marks_tell_which_fields_differ() -> None:
    """For values of each type the fields that differ are named, and no others, whatever the columns' order."""
    before = marks_of(pending(VALUES))
    backwards = dict(reversed(VALUES.items()))
    assert marks_of(pending(backwards)).equals(before)
    for name in VALUES:
        # Each row gets the value of the one before it.
        moved = pa.table(VALUES)[name].take([3, 0, 1, 2])
        both = zip(pa.table(VALUES)[name].to_pylist(), moved.to_pylist(), strict=True)
        differ = [at for at, (old, new) in enumerate(both) if old != new]
        found = Updates.of(pending({**VALUES, name: moved}, before), 4)
        told = found.of_rows(found.keys)
        assert list(told) == [f"{ROW_KEY} {at}" for at in differ]
        assert all(len(fields) == 1 and fields[0].startswith(f"{name} ") for fields in told.values())
        assert found.unknown == 4 - len(differ)


def test_marks_hold_no_value() -> None:
    """A row's marks are four bytes a field, the same value of two rows has two marks."""
    first, second, *_ = marks_of(pending({"name": ["ann"] * 3})).to_pylist()
    assert first != second
    assert len(first) == fields.HEADER_DIGITS + fields.MARK_DIGITS


def test_marks_of_other_columns_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a column is new or of another type, or marks are made in another way or spoilt, it is not known."""
    before = marks_of(pending({"name": ["ann", "bob"], "age": [1, 2]}))
    others: list[dict[str, object]] = [{"name": ["ann"], "age": ["1"]}, {"name": ["ann"], "ages": [1]}]
    for values in others:
        assert Updates.of(pending(values, before.slice(0, 1)), 1).describe() == [
            "fields     not known of 1 rows: sent with other columns, or by an earlier version"
        ]
    rows = pending({"name": ["ann", "bob"], "age": [1, 3]}, before)
    assert Updates.of(rows, 1).describe() == ["fields     age 1", f"           `{ROW_KEY} 1`: age …(1) -> …(1)"]
    cut = pa.chunked_array([[each[:-1] for each in before.to_pylist()]])
    assert Updates.of(rows.set_column(rows.column_names.index(LAST_MARKS), LAST_MARKS, cut), 1).unknown == 1
    nothing = rows.set_column(rows.column_names.index(LAST_RECEIPT), LAST_RECEIPT, pa.array([None, None], pa.string()))
    assert Updates.of(nothing, 0).describe() == []
    monkeypatch.setattr(duckdb, "__version__", "9.9.9")
    assert Updates.of(rows, 1).unknown == 1


def test_old_and_new_values_are_masked() -> None:
    """Of a value its first character and length are shown; of a short one the length; nothing and null differ."""
    old = [None, "", "Ann", "Anna", "élan vital", "x" * 300, "\x1b[31m", " Anna"]
    new = ["Anna", None, "", "Bernadette", "Élan", "xyz", "Ann", "Anna"]
    before = marks_of(pending({"name": old}))
    found = Updates.of(pending({"name": new}, before), len(old))
    assert [fields for (fields,) in found.of_rows(found.keys).values()] == [
        "name null -> A…(4)",
        "name …(0) -> null",
        "name …(3) -> …(0)",
        "name A…(4) -> B…(10)",
        "name …(10) -> …(4)",
        "name x…(255+) -> …(3)",
        "name …(5) -> …(3)",
        "name …(5) -> A…(4)",
    ]


def test_what_is_shown_is_bounded() -> None:
    """Of many fields and rows ten and three are shown, and how many there are besides; long names are cut."""
    names = [f"{at:02}" + "n" * 100 for at in range(13)]
    before = marks_of(pending({name: ["x"] * 5 for name in names}))
    told = Updates.of(pending({name: ["y"] * 5 for name in names}, before), 5).describe()
    assert len(told) == 1 + fields.SHOWN_ROWS
    assert all(line.endswith(", 3 more") and len(line) < 700 for line in told)


def test_plan_names_fields(
    crm: Crm, egress: Egress, sql: Sql, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Plan and its file say which fields an update changes, by field and for the first rows, values being masked."""
    assert egress("run", "--target", "crm") == 0
    sql(f"update {MODEL} set baskets = 77 where baskets < 2")
    sql(f"update {MODEL} set loyalty_member_id = 'L-secret', baskets = 78 where customer_id = 'C-00003'")
    sql(f"insert into {MODEL} select 'D-1', 'E-99', 1, 1, null, null")
    capfd.readouterr()
    assert egress("plan", "--target", "crm", "--out", str(project / "plan.json")) == 0
    told = capfd.readouterr().out
    assert (
        "  send       4 (1 new, 3 changed)\n"
        "  fields     baskets 3, loyalty_member_id 1\n"
        "             `C-00000`: baskets …(1) -> …(2)\n"
        "             `C-00001`: baskets …(1) -> …(2)\n"
        "             `C-00003`: baskets …(1) -> …(2), loyalty_member_id null -> L…(8)\n" in told
    )
    text = (project / "plan.json").read_text()
    assert json.loads(text)["targets"][0]["steps"] == [
        ["update", "C-00000", ["baskets …(1) -> …(2)"]],
        ["update", "C-00001", ["baskets …(1) -> …(2)"]],
        ["update", "C-00003", ["baskets …(1) -> …(2)", "loyalty_member_id null -> L…(8)"]],
        ["create", "D-1", []],
    ]
    assert "L-secret" not in told + text
    assert egress("run", "--target", "crm", "--full") == 0
    assert "not known" not in capfd.readouterr().err


def test_what_was_refused_differs_from_what_is_there(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """Fields of a row are held against what the target has of it, not against what it has refused."""
    assert egress("run", "--target", "crm") == 0
    sql(f"update {MODEL} set baskets = 77 where customer_id = 'C-00003'")
    crm.rejects = {"C-00003": "no"}
    assert egress("run", "--target", "crm") == 0
    sql(f"update {MODEL} set loyalty_member_id = null, lifetime_sales = 5 where customer_id = 'C-00003'")
    capfd.readouterr()
    assert egress("plan", "--target", "crm") == 0
    assert "`C-00003`: baskets …(1) -> …(2), lifetime_sales 3…(4) -> 5…(4)\n" in capfd.readouterr().out


@DUCKDB_ONLY
def test_state_of_an_earlier_version(crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """Of rows that were sent before there were marks a plan says that it is not known, until they are sent again."""
    assert egress("run", "--target", "crm") == 0
    sql("update ops.delivery set field_marks = null")
    sql(f"update {MODEL} set baskets = 77 where baskets < 2")
    assert egress("plan", "--target", "crm") == 0
    assert "  fields     not known of 2 rows: " in capfd.readouterr().out
    assert egress("run", "--target", "crm") == 0
    sql(f"update {MODEL} set baskets = 78 where baskets = 77")
    assert egress("plan", "--target", "crm") == 0
    assert "  fields     baskets 2\n" in capfd.readouterr().out
