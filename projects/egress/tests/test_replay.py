"""Rows that targets have refused are sent again on demand, those and no others, as their models have them now."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, Egress, Sql
from crm_server import Crm
from table_target import Customer

MODEL = "egress.retl_crm_customers"
ENTRIES = "select payload, quarantine_id from ops.quarantine where resolved_at is null"


@pytest.fixture
def entries(sql: Sql) -> Callable[..., list[str]]:
    """Return the ids of the open entries of rows, by what their keys end with."""

    def find(*ends: str) -> list[str]:
        return [one for payload, one in sorted(sql(ENTRIES)) if any(f'{end}"' in payload for end in ends)]

    return find


def test_refused_rows_are_sent_again(
    crm: Crm, egress: Egress, sql: Sql, entries: Callable[..., list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """What is named is sent as the model has it; rows that are taken leave, others stay with the reason of now."""
    crm.rejects = {"C-00003": "unknown country", "C-00004": "unknown city", "C-00005": "unknown street"}
    assert egress("run", "--target", "crm") == 0
    sql(f"update {MODEL} set baskets = 99 where customer_id in ('C-00003', 'C-00007')")
    crm.rejects = {"C-00004": "no city at all", "C-00005": "unknown street"}
    crm.batches.clear()
    assert egress("replay", *entries("C-00003", "C-00004")) == 1
    told = capfd.readouterr().err
    assert "crm: 2 entries, 1 rows taken, 1 entries are open" in told
    assert "no city at all" in told
    assert [[row["customer_id"] for row in batch] for batch in crm.batches] == [["C-00003", "C-00004"]]
    assert crm.customers["C-00003"]["baskets"] == 99
    assert sorted(sql("select reason from ops.quarantine where resolved_at is null")) == [
        ("no city at all",),
        ("unknown street",),
    ]
    assert sql("select status, receipt from ops.delivery where row_key = 'C-00003'") == [("delivered", crm.keys[-1])]
    crm.batches.clear()
    assert egress("run", "--target", "crm") == 0
    assert [[row["customer_id"] for row in batch] for batch in crm.batches] == [["C-00007"]]


def test_row_that_has_left_is_resolved(
    crm: Crm, egress: Egress, sql: Sql, entries: Callable[..., list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent for a row that the model has no more: its entry is resolved, and open once it comes back."""
    crm.rejects = {"C-00003": "unknown country", "C-00004": "unknown city"}
    assert egress("run", "--target", "crm") == 0
    sql(f"create table egress.kept as select * from {MODEL} where baskets = 3;\ndelete from {MODEL} where baskets = 3")
    sent, (entry,) = len(crm.keys), entries("C-00003")
    assert egress("replay", entry) == 0
    assert len(crm.keys) == sent
    assert sql("select reason from ops.quarantine where resolved_at is not null") == [
        ("its row has left the model: unknown country",)
    ]
    assert egress("replay", entry) == 0
    assert f"{entry[:12]}: is put right already" in capfd.readouterr().err
    sql(f"insert into {MODEL} select * from egress.kept")
    assert egress("run", "--target", "crm", "--retry-rejected") == 0
    assert entries("C-00003") == [entry]
    sql(f"delete from {MODEL}")
    assert egress("replay", entry) == 1


def test_replays_at_once_lose_nothing(
    crm: Crm, egress: Egress, sql: Sql, project: Path, entries: Callable[..., list[str]]
) -> None:
    """Two replays of the same entries at one time, both end well, and each row arrives once."""
    crm.rejects = {f"C-0000{number}": "closed on Mondays" for number in range(6)}
    assert egress("run", "--target", "crm") == 0
    crm.rejects.clear()
    words = [sys.executable, "-m", "egress", "replay", *entries(*(f"C-0000{number}" for number in range(6)))]
    both = [subprocess.Popen(words, cwd=project, env=os.environ, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert len(crm.customers) == crm.changes == CUSTOMERS
    assert sql("select count(*) from ops.quarantine where resolved_at is null") == [(0,)]
    assert sql("select count(*) from ops.delivery where status = 'delivered'") == [(CUSTOMERS,)]


@DUCKDB_ONLY
def test_row_of_somebody_else(
    customer: Customer,
    egress: Egress,
    sql: Sql,
    entries: Callable[..., list[str]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A row of a table that is not from here is overwritten with `--force` alone; a delivery cut off goes first."""
    assert egress("run", "--target", "table") == 0
    sql("insert into egress.customer_360 values ('F-1', 'ours', 1, null)")
    customer.sql("insert into customer_360 values ('F-1', 'theirs', 1, null)")
    assert egress("run", "--target", "table") == 0
    (entry,) = entries("F-1")
    sql("update ops.delivery_transaction set marked = false")
    assert egress("replay", entry, "--force") == 2
    assert "error: a delivery was cut off" in capfd.readouterr().err
    sql("update ops.delivery_transaction set marked = true")
    assert egress("replay", entry) == 1
    assert customer.sql("select surname from customer_360 where entity_id = 'F-1'") == [("theirs",)]
    assert egress("replay", entry, "--force") == 0
    assert customer.sql("select surname from customer_360 where entity_id = 'F-1'") == [("ours",)]
    assert entries("F-1") == []


@DUCKDB_ONLY
def test_what_cannot_be_replayed(
    crm: Crm, egress: Egress, sql: Sql, entries: Callable[..., list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """A corrected row, an entry that was discarded, of another source or of no target is refused by name."""
    crm.rejects = {"C-00003": "unknown country", "C-00004": "unknown city"}
    assert egress("run", "--target", "crm") == 0
    sent, (entry, other) = len(crm.keys), [*entries("C-00003"), *entries("C-00004")]
    assert egress("replay", entry, "--row", "row.json") == 2
    assert "error: a target gets rows as its model has them" in capfd.readouterr().err
    sql("update ops.quarantine set source = 'pos' where quarantine_id = $1", entry)
    assert egress("replay", entry, other) == 2
    assert "error: no target that rows can be sent to: `pos.crm`" in capfd.readouterr().err
    sql("update ops.quarantine set resource = 'files' where quarantine_id = $1", other)
    assert egress("replay", other) == 2
    assert "error: this target is given all rows at once: `files`" in capfd.readouterr().err
    sql("update ops.quarantine set resolved_at = now(), discarded_at = now() where quarantine_id = $1", other)
    assert egress("replay", other) == 2
    assert "error: the row is discarded" in capfd.readouterr().err
    assert len(crm.keys) == sent
