"""The guard: what one delivery may create, update and delete without being asked, whatever its target's kind."""

from __future__ import annotations

import pytest
from conftest import DUCKDB_ONLY, Egress, Sql
from crm_server import Crm, leave_out_last

from egress.engine.guard import Change, Guard

CRM_MODEL = "egress.retl_crm_customers"
# Eleven beside the ten that there are.
MORE = {
    "retl_crm_customers": "insert into egress.retl_crm_customers select 'D-' || i, 'E-' || i, 1, 1, null, null "
    "from generate_series(1, 11) as numbers (i)",
    "customer_360": "insert into egress.customer_360 select 'F-' || i, 'smith', 1, null "
    "from generate_series(1, 11) as numbers (i)",
}


@pytest.mark.parametrize(
    ("change", "rows", "of", "stopped"),
    [
        ("create", 1_000_000, 0, False),
        ("create", 1000, 10, False),
        ("create", 1001, 1000, True),
        ("create", 1001, 1001, False),
        ("update", 1000, 1000, False),
        ("update", 1001, 2001, True),
        ("update", 1001, 2002, False),
        ("delete", 101, 1009, True),
        ("delete", 101, 1010, False),
    ],
)
def test_what_passes_unasked(change: Change, rows: int, of: int, stopped: bool) -> None:
    """Without settings, first deliveries and small changes pass; doubling, rewriting half, losing a tenth do not."""
    assert bool(Guard.of("NOBODY_", {}, first=False).objections({change: rows}, of)) == stopped


def test_updates_are_guarded(
    crm: Crm, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """More updates than both bounds allow send nothing until so many are approved; what is unchanged is none."""
    monkeypatch.setenv("CRM_UPDATE_ROWS", "2")
    assert egress("run", "--target", "crm") == 0
    assert egress("run", "--target", "crm", "--full") == 0
    sent = len(crm.keys)
    sql(f"update {CRM_MODEL} set baskets = baskets + 100 where baskets < 6")
    capfd.readouterr()
    assert egress("plan", "--target", "crm") == 0
    why = "more than 2 rows and more than 50% of the 10 rows that it has"
    assert f"  stopped    update 6 is {why}: `--approve-updates 6`" in capfd.readouterr().out
    assert egress("run", "--target", "crm") == 1
    told = capfd.readouterr().err
    assert f"error: the delivery to `crm` would update 6 rows: {why}" in told
    assert "`--approve-updates 6`: a ceiling" in told
    assert egress("run", "--target", "crm", "--approve-updates", "5", "--approve-creates", "9") == 1
    assert len(crm.keys) == sent
    assert egress("run", "--target", "crm", "--approve-updates", "6") == 0
    assert crm.customers["C-00003"]["baskets"] == 103


def test_first_delivery_goes_on(crm: Crm, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first delivery that was cut off is still the first one; once one has come to its end, the guard counts."""
    for name in ("CRM_CREATE_ROWS", "CRM_CREATE_SHARE"):
        monkeypatch.setenv(name, "0")
    crm.faults = [None, leave_out_last]
    assert egress("run", "--target", "crm") == 1
    assert len(sql("select 1 from ops.delivery")) == 7
    assert egress("run", "--target", "crm") == 0
    sql(MORE["retl_crm_customers"])
    assert egress("run", "--target", "crm") == 1
    assert len(crm.customers) == 10


@DUCKDB_ONLY
def test_approvals_are_part_of_the_plan(
    crm: Crm, egress: Egress, sql: Sql, project: object, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each ceiling that `plan --out` was given holds when the file is applied, for a first delivery too."""
    file = f"{project}/plan.json"
    for approved, code, there in (("9", 1, 0), ("10", 0, 10)):
        assert egress("plan", "--target", "crm", "--approve-creates", approved, "--out", file) == 0
        assert egress("apply", file) == code
        assert len(crm.customers) == there
    assert "would create 10 rows: more than the 9 that are approved" in capfd.readouterr().err
