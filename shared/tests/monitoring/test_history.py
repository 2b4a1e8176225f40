"""Reading the ledger, on both engines."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from shared.config import Settings, get_settings
from shared.data_quality import BadRow
from shared.data_quality.quarantine import Quarantine
from shared.monitoring import history, record_run
from shared.utils.clock import utc_now
from shared.warehouse import Role, Warehouse, open_warehouse

Opened = Callable[..., Warehouse]
KILLED = """
import os, signal, sys
from shared.config import get_settings
from shared.monitoring import record_run
from shared.warehouse import open_warehouse

role, step = sys.argv[1:]
with open_warehouse(get_settings(), holder="killed", role=role, mode="write") as warehouse:
    with record_run(warehouse, step=step, command="run"):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def writer(warehouse_url: str) -> Opened:
    """Return a function that opens the warehouse for writing as a role."""
    return lambda role="ingress": open_warehouse(get_settings(), holder="test", role=role, mode="write")


@contextmanager
def reader() -> Iterator[Warehouse]:
    """Open the warehouse for reading."""
    with open_warehouse(get_settings(), holder="reader") as opened:
        yield opened


def kill_run(role: Role, step: str) -> None:
    """Enter a run whose process ends without a word."""
    done = subprocess.run([sys.executable, "-c", KILLED, role, step], check=False)
    assert done.returncode == -signal.SIGKILL


def statuses(warehouse: Warehouse) -> dict[str, str]:
    """Return the status of each step's last run."""
    return {run["step"]: run["status"] for run in history.last_runs(warehouse)}


def test_last_runs(writer: Opened) -> None:
    """Of each step and command the last run is told, the oldest first, with its end, its error and its seconds."""
    with writer() as warehouse:
        for command in ("a", "b", "a"):
            with record_run(warehouse, step="ingest", command=command):
                pass
        with pytest.raises(ValueError), record_run(warehouse, step="ingest", command="b"):
            raise ValueError("no")
    with reader() as warehouse:
        runs = history.last_runs(warehouse)
        assert history.latest_run(warehouse) == runs[-1]
    assert [(run["command"], run["status"], run["error"]) for run in runs] == [
        ("a", "succeeded", None),
        ("b", "failed", "ValueError: no"),
    ]
    assert all(run["seconds"] >= 0 and run["started_at"] <= utc_now() for run in runs)


def test_nothing_has_run(writer: Opened) -> None:
    """An empty ledger has nothing to tell."""
    writer().close()
    with reader() as warehouse:
        assert history.latest_run(warehouse) is None
        assert history.last_runs(warehouse) == history.last_outputs(warehouse) == history.last_metrics(warehouse) == []
        assert history.last_loads(warehouse) == history.deliveries(warehouse) == {}
        assert history.open_quarantine(warehouse) == []


def test_killed_run_is_interrupted_for_who_reads(writer: Opened) -> None:
    """A run that never said its end is told as interrupted at once, though nobody has written anything since."""
    kill_run("ingress", "ingest")
    with reader() as warehouse:
        assert warehouse.fetch("select status from ops.run") == [("running",)]
        run = history.latest_run(warehouse)
    assert run is not None
    assert (run["status"], run["error"], run["seconds"]) == ("interrupted", "the process ended without a word", None)


def test_a_run_is_running_while_its_role_writes(writer: Opened) -> None:
    """To the session that writes its own run is running and that of a killed role is not, which it leaves as it is."""
    kill_run("egress", "deliver")
    with writer("ingress") as warehouse, record_run(warehouse, step="ingest", command="run"):
        assert statuses(warehouse) == {"deliver": "interrupted", "ingest": "running"}
        if warehouse.engine == "postgres":
            with reader() as other:
                assert statuses(other) == {"deliver": "interrupted", "ingest": "running"}
        assert warehouse.fetch("select status from ops.run where step = 'deliver'") == [("running",)]


def test_next_run_of_the_role_notes_what_was_killed(writer: Opened) -> None:
    """Who writes as the role of a killed run enters how that ended, so that it is no more taken for one that runs."""
    kill_run("ingress", "ingest")
    with writer("ingress") as warehouse, record_run(warehouse, step="load", command="run"):
        assert statuses(warehouse) == {"ingest": "interrupted", "load": "running"}
        assert warehouse.fetch("select error from ops.run where step = 'ingest'") == [(history.SILENT_END,)]


def test_run_of_the_first_layout_is_not_running(writer: Opened, owner: Settings) -> None:
    """A run that does not say whose it was is none of those that write now."""
    kill_run("ingress", "ingest")
    with open_warehouse(owner, holder="test", mode="write") as warehouse:
        warehouse.execute("update ops.run set role = null")
    with writer("ingress") as warehouse:
        assert statuses(warehouse) == {"ingest": "interrupted"}


def test_last_outputs_and_metrics(writer: Opened) -> None:
    """The last word on each relation and figure is told, also where a later run said nothing of it."""
    with writer() as warehouse:
        for rows in (1, 2):
            with record_run(warehouse, step="ingest", command="run") as run:
                run.output("raw.t", rows=rows, detail={"file": "a.csv"})
                run.metric("score", rows / 10)
        with record_run(warehouse, step="ingest", command="run"):
            pass
    with reader() as warehouse:
        assert history.last_outputs(warehouse) == [
            {"step": "ingest", "relation": "raw.t", "row_count": 2, "detail": {"file": "a.csv"}}
        ]
        assert history.last_metrics(warehouse) == [{"step": "ingest", "command": "run", "name": "score", "value": 0.2}]


def test_left_out(writer: Opened) -> None:
    """What a run did without is no load and no output; it is told with each step's reason until a run makes it."""
    with writer() as warehouse:
        for step in ("ingest", "transform"):
            with record_run(warehouse, step=step, command="run") as run:
                run.leave_out("raw.t", f"not there for {step}")
                run.leave_out("raw.u", "100% not there")
        with record_run(warehouse, step="ingest", command="run --source u") as run:
            run.output("raw.u", rows=1)
        assert run.left_out == {}
    with reader() as warehouse:
        assert [(entry["step"], entry["relation"], entry["reason"]) for entry in history.left_out(warehouse)] == [
            ("ingest", "raw.t", "not there for ingest"),
            ("transform", "raw.t", "not there for transform"),
        ]
        assert [entry["relation"] for entry in history.last_outputs(warehouse)] == ["raw.u"]
        assert history.last_loads(warehouse).keys() == {"raw.u"}
    with writer() as warehouse:
        with record_run(warehouse, step="ingest", command="run"):
            pass
        assert [entry["step"] for entry in history.left_out(warehouse)] == ["transform"]


def test_last_loads(writer: Opened) -> None:
    """A load that found nothing new counts as a look, not as a change; what another step wrote is no load."""
    with writer() as warehouse:
        with record_run(warehouse, step="ingest", command="run") as run:
            run.output("raw.t", rows=1)
        changed = history.last_loads(warehouse)["raw.t"]
        with record_run(warehouse, step="ingest", command="run") as run:
            run.output("raw.t", rows=1, detail={"unchanged": True})
        with record_run(warehouse, step="transform", command="run") as run:
            run.output("core.t", rows=1)
    kill_run("ingress", "ingest")
    with reader() as warehouse:
        assert history.last_loads(warehouse, changed=True) == {"raw.t": changed}
        looked = history.last_loads(warehouse)
    assert looked.keys() == {"raw.t"}
    assert looked["raw.t"] > changed


def test_a_clock_that_was_wrong_hides_no_later_run(writer: Opened) -> None:
    """What was begun last is the last load and delivery, whatever the clock said; no run takes less than no time."""
    with writer() as warehouse:
        for _ in range(2):
            with record_run(warehouse, step="ingest", command="run") as run:
                run.output("raw.t", rows=1)
        warehouse.execute("update ops.run set finished_at = timestamp '2100-01-01' where run_id <> $1", [run.id])
        warehouse.execute("update ops.run set finished_at = timestamp '2026-01-01' where run_id = $1", [run.id])
        runs = [run_id for (run_id,) in warehouse.fetch("select run_id from ops.run order by sequence")]
    with writer("egress") as warehouse:
        for run_id, year in zip(runs, (2100, 2026), strict=True):
            row = ("crm", f"{year}", "", "delivered", run_id, datetime(year, 1, 1))
            names = ("target", "row_key", "payload_hash", "status", "run_id", "delivered_at")
            warehouse.append_arrow("ops.delivery", pa.Table.from_pylist([dict(zip(names, row, strict=True))]))
    with reader() as warehouse:
        assert history.last_loads(warehouse) == {"raw.t": datetime(2026, 1, 1)}
        assert history.deliveries(warehouse)["crm"]["last_at"] == datetime(2026, 1, 1)
        assert [run["seconds"] for run in history.last_runs(warehouse)] == [None]


def test_open_quarantine(writer: Opened) -> None:
    """Rows that are still held back are counted by where they are from and why; those that came right are not."""
    bad = [BadRow(position=place, reason="`n`: not a number", payload=str(place)) for place in (1, 2)]
    with writer() as warehouse:
        with record_run(warehouse, step="ingest", command="run") as run:
            Quarantine(warehouse, run.id, "crm", "customers").add("a.csv", bad)
            Quarantine(warehouse, run.id, "pos", "products").add("b.csv", bad)
        Quarantine(warehouse, "later", "pos", "products").resolve()
    with reader() as warehouse:
        assert history.open_quarantine(warehouse) == [
            {"source": "crm", "resource": "customers", "reason": bad[0].reason, "row_count": 2, "example": "a.csv"}
        ]


def test_deliveries(writer: Opened) -> None:
    """For each target it is told how many rows it has, refused and was told to delete, and when it was sent last."""
    now = utc_now()
    rows = [
        {
            "target": target,
            "row_key": str(key),
            "payload_hash": "",
            "status": status,
            "run_id": "r",
            "delivered_at": now,
        }
        for key, (target, status) in enumerate([("crm", "delivered"), ("crm", "rejected"), ("file", "deleted")])
    ]
    with writer("egress") as warehouse:
        warehouse.append_arrow("ops.delivery", pa.Table.from_pylist(rows))
    with reader() as warehouse:
        assert history.deliveries(warehouse) == {
            "crm": {"delivered": 1, "rejected": 1, "deleted": 0, "last_at": now},
            "file": {"delivered": 0, "rejected": 0, "deleted": 1, "last_at": now},
        }


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_ledger_and_log_go_by_the_settings_of_the_warehouse(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is logged where the settings say by which its warehouse was opened, whatever the environment says."""
    settings = Settings(pixi_project_root=tmp_path / "mine", data_dir=tmp_path / "mine" / "data")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "no number")
    with (
        open_warehouse(settings, holder="test", role="ingress", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="run") as run,
    ):
        run.metric("n", 1)
    assert len(list(settings.logs_dir.iterdir())) == 1
    assert not (tmp_path / "elsewhere").exists()
