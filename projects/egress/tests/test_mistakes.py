"""Mistakes of the user's and of the models': exit code 2, an error and a hint, nothing sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, Egress, Sql
from crm_server import Crm

from egress.targets import crm as crm_module

KEY_TWICE = "insert into egress.retl_crm_customers select * from egress.retl_crm_customers where baskets = 3"
KEY_MISSING = "update egress.retl_crm_customers set customer_id = null where baskets = 3"


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("missing", "target", "other"),
    [("CRM_API_URL", "crm", "TABLE_TARGET_URL"), ("TABLE_TARGET_URL", "table", "CRM_API_URL")],
)
def test_setting_of_a_target_is_missing(
    models: Sql,
    egress: Egress,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    missing: str,
    target: str,
    other: str,
) -> None:
    """Without the address of a target a run of all ends before anything is delivered, and says what to do."""
    monkeypatch.setenv(other, "postgresql://me@localhost/db" if target == "crm" else "http://localhost")
    assert egress("run", "--all") == 2
    text = capfd.readouterr().err
    assert f"error: {missing} is not set, the target needs it: `{target}`" in text
    assert f"hint: set the environment variable {missing}" in text
    assert models("select count(*) from ops.delivery") == [(0,)]


@DUCKDB_ONLY
def test_bare_run_takes_what_is_configured(models: Sql, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """Without an option the targets that are configured get their delivery, and the others are named."""
    assert egress("run") == 0
    text = capfd.readouterr().err
    assert "crm: skipped, CRM_API_URL is not set" in text
    assert "table: skipped, TABLE_TARGET_URL is not set" in text
    assert models("select distinct target from ops.delivery") == [("files",)]


def test_files_need_no_address(models: Sql, egress: Egress) -> None:
    """Files are delivered without a CRM."""
    assert egress("run", "--target", "files") == 0


@pytest.mark.parametrize("target", ["files", "crm"])
def test_model_is_missing(
    sql: Sql, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], target: str
) -> None:
    """Without the egress layer the hint names the task that makes it."""
    monkeypatch.setenv("CRM_API_URL", "http://127.0.0.1:9")
    assert egress("run", "--target", target) == 2
    assert "hint: run `./pixiw run transform-egress` first" in capfd.readouterr().err


def test_model_without_its_key(crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """A model that has lost its key column is named with it, and the hint quotes what its target's module says."""
    sql("alter table egress.retl_crm_customers rename column customer_id to id")
    assert egress("run", "--target", "crm") == 2
    told = capfd.readouterr().err
    assert "lacks its key column: `customer_id`" in told
    declared = 'Model("egress.retl_crm_customers", key='
    assert declared in told
    assert declared in Path(crm_module.__file__).read_text()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [(KEY_TWICE, "0 without a value, 1 repeated"), (KEY_MISSING, "1 without a value, 0 repeated")],
)
def test_key_is_not_unique(
    crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str], spoil: str, found: str
) -> None:
    """A key that is repeated or null sends nothing: no answer could be matched to its row."""
    sql(spoil)
    assert egress("run", "--target", "crm") == 2
    assert found in capfd.readouterr().err
    assert crm.keys == []


@DUCKDB_ONLY
def test_column_without_a_form(crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """A column of bytes for JSON, or of lists for CSV, is refused by name before anything is sent, without a value."""
    sql("alter table egress.customer_360 add column parts varchar[] default ['x']")
    assert egress("run", "--target", "files") == 2
    assert "error: a model cannot be written as csv: `parts`: " in capfd.readouterr().err
    sql("alter table egress.retl_crm_customers add column picture blob default 'x'")
    assert egress("run", "--target", "crm") == 2
    text = capfd.readouterr().err
    assert "error: a row cannot be written as JSON: `picture`: no JSON for bytes" in text
    assert "C-00000" not in text
    assert crm.keys == []


@DUCKDB_ONLY
def test_column_with_a_dot(crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]) -> None:
    """A column that would be taken for a field within a field is refused by name."""
    sql('alter table egress.retl_crm_customers add column "a.b" varchar')
    assert egress("run", "--target", "crm") == 2
    assert "has a column with a dot in its name: `a.b`" in capfd.readouterr().err


@DUCKDB_ONLY
def test_value_without_a_form_in_json(crm: Crm, egress: Egress, sql: Sql) -> None:
    """A row with a number that is none, or with a date that never is, goes to the quarantine; the others arrive."""
    model = "egress.retl_crm_customers"
    sql(f"alter table {model} add column share double precision default 0.5")
    sql(f"update {model} set share = 'nan' where baskets = 3")
    sql(f"update {model} set last_purchase_date = 'infinity' where baskets = 7")
    assert egress("run", "--target", "crm") == 0
    found = sql("select payload, reason from ops.quarantine where resolved_at is null order by 1")
    assert [(json.loads(row)["customer_id"], json.loads(row)["share"]) for row, _ in found] == [
        ("C-00003", "nan"),
        ("C-00007", 0.5),
    ]
    assert [reason.split("`")[1] for _, reason in found] == ["share", "last_purchase_date"]
    assert len(crm.customers) == CUSTOMERS - 2
    sql(f"update {model} set share = 1, last_purchase_date = '2020-01-01'")
    assert egress("run", "--target", "crm", "--approve-updates", "8") == 0
    assert len(crm.customers) == CUSTOMERS
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRM_API_URL", "localhost:80"),
        ("CRM_CHUNK_ROWS", "0"),
        ("CRM_TRIES", "many"),
        ("CRM_TARGET_NAME", "files"),
        ("TABLE_TARGET_TABLE", "a.b.c"),
    ],
)
def test_setting_that_cannot_be_used(
    models: Sql,
    egress: Egress,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    """A setting with an impossible value is named with it."""
    monkeypatch.setenv(name, value)
    assert egress("run") == 2
    text = capfd.readouterr().err
    assert name in text
    assert value in text


@DUCKDB_ONLY
def test_unknown_target(models: Sql, egress: Egress, capfd: pytest.CaptureFixture[str]) -> None:
    """An unknown target's error lists those that there are."""
    assert egress("run", "--target", "files", "nix") == 2
    assert capfd.readouterr().err.splitlines() == ["error: no such target: `nix`", "hint: targets: crm, files, table"]


@pytest.mark.parametrize("words", [[], ["fly"], ["run", "--nix"], ["run", "--all", "--target", "crm"]])
def test_wrong_arguments(egress: Egress, capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    """Arguments that make no sense end in an error and the usage as a hint."""
    assert egress(*words) == 2
    assert "hint: usage: python -m egress" in capfd.readouterr().err
