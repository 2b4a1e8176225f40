"""A plan that is kept in a file is applied once, as it was made, or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import DUCKDB_ONLY, Egress, Sql
from crm_server import Crm
from table_target import Customer

from egress.engine import sealed
from egress.engine.sealed import SealedPlan

CHANGE = "update egress.retl_crm_customers set baskets = 99 where customer_id = 'C-00003'"


@pytest.fixture
def plan(crm: Crm, egress: Egress, project: Path) -> Path:
    """Keep a plan for the CRM in a file."""
    file = project / "plan.json"
    assert egress("plan", "--target", "crm", "files", "--out", str(file)) == 0
    assert crm.keys == []
    return file


def test_plan_is_applied_once(
    plan: Path, crm: Crm, egress: Egress, sql: Sql, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file says what is done to which row and holds no content; applied, it is done; again, nothing is sent."""
    text = plan.read_text()
    crm_plan, files_plan = json.loads(text)["targets"]
    assert crm_plan["steps"][0] == ["create", "C-00000", []]
    assert (len(crm_plan["steps"]), len(files_plan["steps"])) == (10, 2)
    assert "L-2" not in text
    assert egress("apply", str(plan)) == 0
    assert len(crm.customers) == 10
    assert sql("select target, count(*) from ops.delivery group by 1 order by 1") == [("crm", 10), ("files", 2)]
    sent = len(crm.keys)
    capfd.readouterr()
    assert egress("apply", str(plan)) == 2
    assert "error: the plan was applied before" in capfd.readouterr().err
    assert len(crm.keys) == sent


@pytest.mark.parametrize("moves", ["model", "state", "settings"])
def test_moved_world_refuses_the_plan(
    plan: Path,
    crm: Crm,
    egress: Egress,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    moves: str,
) -> None:
    """A row, an answer or an address that has changed since the plan was made: exit code 2, and nothing is sent."""
    if moves == "model":
        sql(CHANGE)
    elif moves == "state":
        assert egress("run", "--target", "crm") == 0
    else:
        monkeypatch.setenv("CRM_API_URL", f"{crm.url}/v2")
    sent, marked = len(crm.keys), sql("select count(*) from ops.delivery")
    capfd.readouterr()
    assert egress("apply", str(plan)) == 2
    text = capfd.readouterr().err
    what = "declaration, place or settings" if moves == "settings" else "model or send state"
    assert f"error: {what} have changed since the plan was made: `crm`" in text
    assert "hint: nothing was sent" in text
    assert len(crm.keys) == sent
    assert sql("select count(*) from ops.delivery") == marked


def test_rows_may_drift(crm: Crm, egress: Egress, sql: Sql, project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As many rows as are allowed may be otherwise, and what there is to do now is done; with more nothing is sent."""
    file = str(project / "plan.json")
    assert egress("plan", "--target", "crm", "--out", file) == 0
    sql(CHANGE)
    sql("update egress.retl_crm_customers set customer_id = 'C-new' where customer_id = 'C-00005'")
    capfd.readouterr()
    assert egress("apply", file, "--allow-drift", "2") == 2
    moved = "`crm`: 1 more to create, 1 otherwise to create, 1 no longer"
    told = capfd.readouterr().err
    assert f"error: model or send state have changed since the plan was made: {moved}\n" in told
    assert "or apply this one with `--allow-drift 3`" in told
    assert crm.keys == []
    assert egress("apply", file, "--allow-drift", "3") == 0
    assert f"3 rows have changed since the plan was made, 3 may: {moved}" in capfd.readouterr().err
    assert (len(crm.customers), crm.customers["C-00003"]["baskets"]) == (10, 99)
    assert "C-new" in crm.customers
    assert egress("plan", "--target", "crm", "--out", file) == 0
    sql("delete from egress.retl_crm_customers where baskets < 2")
    assert egress("apply", file, "--allow-drift", "1") == 2
    assert "the model has 2 rows less" in capfd.readouterr().err


@DUCKDB_ONLY
@pytest.mark.parametrize("moves", ["place", "guard", "files"])
def test_what_may_not_drift(
    plan: Path,
    crm: Crm,
    egress: Egress,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    moves: str,
) -> None:
    """Where rows go, how many may change unasked, and what is written whole is as it was, or nothing is sent."""
    if moves == "files":
        sql("update egress.customer_360 set surname = 'smith' where entity_id = 'E-1'")
    else:
        monkeypatch.setenv(*{"place": ("CRM_API_URL", f"{crm.url}/v2"), "guard": ("CRM_UPDATE_ROWS", "9")}[moves])
    capfd.readouterr()
    assert egress("apply", str(plan), "--allow-drift", "1000") == 2
    told = capfd.readouterr().err
    assert ("`files`: all of it is written anew" if moves == "files" else "declaration, place or settings") in told
    assert "--allow-drift" not in told
    assert crm.keys == []
    assert sql("select count(*) from ops.delivery") == [(0,)]


@DUCKDB_ONLY
def test_what_is_no_fresh_plan_of_here(
    plan: Path, crm: Crm, egress: Egress, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file that was changed, of another form, missing, too old or another warehouse's is refused by name."""
    text = plan.read_text()
    made = SealedPlan.read(plan)
    other = made.model_copy(update={"warehouse": "another"})
    other = other.model_copy(update={"seal": other.own_seal()})
    for content, said in {
        text.replace("C-00000", "C-00001"): "its seal is broken",
        text.replace('"version": 3', '"version": 2'): "it is no plan",
        text[:-9]: "it is no plan",
        other.model_dump_json(): "the plan is another warehouse's",
    }.items():
        plan.write_text(content)
        assert egress("apply", str(plan)) == 2
        assert said in capfd.readouterr().err
    plan.write_text(text)
    monkeypatch.setattr(sealed, "LONGEST", timedelta())
    assert egress("apply", str(plan)) == 2
    assert "the plan is not of the last" in capfd.readouterr().err
    plan.unlink()
    assert egress("apply", str(plan)) == 2
    assert "the plan cannot be read" in capfd.readouterr().err
    assert crm.keys == []


@DUCKDB_ONLY
def test_deletes_are_part_of_the_plan(
    customer: Customer, egress: Egress, sql: Sql, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A table's plan names what it deletes; the ceiling that was approved with it holds when it is applied."""
    assert egress("run", "--target", "table") == 0
    sql("delete from egress.customer_360 where entity_id in ('E-1', 'E-2')")
    file = str(project / "plan.json")
    for approved, code, left in (("1", 1, 10), ("2", 0, 8)):
        assert egress("plan", "--target", "table", "--approve-deletes", approved, "--out", file) == 0
        (planned,) = SealedPlan.read(Path(file)).targets
        assert planned.steps == (("delete", "E-1", ()), ("delete", "E-2", ()))
        assert egress("apply", file) == code
        assert customer.sql("select count(*) from customer_360") == [(left,)]
    capfd.readouterr()
    assert egress("receipts", "--target", "table", "files", "--key", "E-1") == 0
    files, table = sorted(capfd.readouterr().out.splitlines())
    assert files == "files: nothing said of `E-1`"
    assert table.startswith("table: deleted ")
