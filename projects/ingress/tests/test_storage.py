"""The warehouse and the disk under it: wrong, shared, full, or the process killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import Fingerprints, Project, customer, on_duckdb_alone, transactions

from shared.config import get_settings
from shared.testing.mounts import may_mount
from shared.warehouse import open_warehouse

COMMAND = [sys.executable, "-m", "ingress", "run", "--source"]
ENOUGH = 20_000


@on_duckdb_alone
def test_quote_in_the_path_is_harmless(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder with a quote and brackets in its name is loaded from, which dlt itself cannot do."""
    project.customers("a.csv", customer(1))
    (project.root / "data").rename(project.root / "ann's [data]")
    monkeypatch.setenv("DATA_DIR", "ann's [data]")
    monkeypatch.setenv("WAREHOUSE_URL", "")
    code, said = project.ingress("run", "--source", "crm")
    assert code == 0, said
    assert project.fetch("select count(*) from raw.crm_customers") == [(1,)]


@on_duckdb_alone
def test_file_that_is_no_database_is_left_alone(project: Project) -> None:
    """A warehouse file that is no database is an error that names it; the file is not touched."""
    project.customers("a.csv", customer(1))
    file = project.root / "data" / "warehouse.duckdb"
    file.write_text("a spreadsheet, perhaps")
    code, said = project.ingress("run", "--source", "crm")
    assert code == 2
    assert f"error: not a DuckDB database: `{file}`" in said
    assert "hint:" in said
    assert file.read_text() == "a spreadsheet, perhaps"
    file.unlink()
    project.load("crm")


@on_duckdb_alone
def test_database_of_another_project_is_left_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that has other tables and no identity, or that of a lab, is refused and not changed."""
    project.customers("a.csv", customer(1))
    foreign, lab = project.root / "foreign.duckdb", project.root / "lab.duckdb"
    with duckdb.connect(foreign) as connection:
        connection.execute("create table invoices as select 1 as id")
    monkeypatch.setenv("WAREHOUSE_URL", f"duckdb:///{lab}")
    with open_warehouse(get_settings(), holder="test", mode="write", name="lab1"):
        pass
    assert "expected the database of `warehouse`, found that of `lab1`" in project.ingress("run", "--source", "crm")[1]
    monkeypatch.setenv("WAREHOUSE_URL", f"duckdb:///{foreign}")
    code, said = project.ingress("run", "--source", "crm")
    assert code == 2
    assert "error: the database has no identity" in said
    with duckdb.connect(foreign) as connection:
        assert connection.execute("select table_schema, table_name from information_schema.tables").fetchall() == [
            ("main", "invoices")
        ]


def test_second_writer_waits_by_name_and_then_fails_by_name(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody loads, a load says for whom it waits, and gives up after the timeout with their name."""
    project.customers("a.csv", customer(1))
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0.2")
    with open_warehouse(get_settings(), holder="ingest --all", role="ingress", mode="write"):
        done = subprocess.run([*COMMAND, "crm"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    waiting, error, hint = done.stderr.splitlines()
    assert waiting.startswith("waiting for `")
    assert error.startswith("error: `")
    assert "`ingest --all`" in waiting
    assert "`ingest --all`" in error
    assert hint.startswith("hint: run it again when that has ended")
    project.load("crm")


def test_two_loads_at_once_come_one_after_the_other(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """Two loads started together both succeed, and the result is that of one."""
    project.customers("a.csv", *[customer(number) for number in range(1, 500)], customer(500, postcode="x"))
    both = [subprocess.Popen([*COMMAND, "crm", "--full"], stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert project.state() == clean_run("crm")


@pytest.mark.parametrize("moment", ["pos:", "✓ pos: reading", "✓ pos: loading"])
def test_killed_load_is_made_good_by_the_next(
    project: Project, clean_run: Callable[..., Fingerprints], moment: str
) -> None:
    """Killed while it reads, while it loads, or before it has noted the files, a rerun ends as a clean run."""
    table = transactions(ENOUGH)
    project.pos(transactions=table.set_column(4, "quantity", [[-1] * 100 + [1] * (ENOUGH - 100)]))
    process = subprocess.Popen([*COMMAND, "pos"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any(line.strip().startswith(moment) for line in process.stderr)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()
    project.load("pos")
    assert project.state() == clean_run("pos")
    assert project.fetch("select status from ops.run order by sequence") == [("interrupted",), ("succeeded",)]
    assert project.fetch("select count(*) from ops.quarantine") == [(100,)]


@on_duckdb_alone
def test_full_disk_is_an_error_and_a_rerun_makes_it_good(
    project: Project, clean_run: Callable[..., Fingerprints], tmp_path: Path
) -> None:
    """Without room for the warehouse, a load says so; with room, it ends as a clean run."""
    prefix = may_mount()
    project.pos(transactions=transactions(ENOUGH * 5))
    disk = project.root / "data" / "disk"
    disk.mkdir()
    kept = tmp_path / "kept.duckdb"
    file = disk / "warehouse.duckdb"
    run = f'"{sys.executable}" -m ingress run --source pos'
    script = f"""
        mount -t tmpfs -o size=2600k tmpfs "{disk}" || exit 9
        {run}; echo "exit $?"
        mount -o remount,size=500m "{disk}" || exit 9
        {run}; echo "exit $?"
        cp "{file}" "{kept}"
    """
    environment = {**os.environ, "WAREHOUSE_URL": f"duckdb:///{file}"}
    done = subprocess.run([*prefix, "sh", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.split() == ["exit", "1", "exit", "0"], done.stderr
    assert "error: no space left while writing: " in done.stderr
    assert "No space left on device" in done.stderr
    assert "hint: free space" in done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_URL", f"duckdb:///{kept}")
        after = project.state()
    assert after == clean_run("pos")
