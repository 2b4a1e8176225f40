"""Runs whose process was killed, in both of Dagster's storages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy
from dagster import DagsterInstance, DagsterRunStatus, Definitions, asset
from dagster._core.storage.tags import GRPC_INFO_TAG
from orchestration.home import home_of, instance
from orchestration.supervise.dead_runs import sweep
from orchestration.supervise.run_locks import held, hold, locks

from shared.config import get_settings

WORKER = """
import subprocess, sys, time
from pathlib import Path
from orchestration.supervise.run_locks import hold
hold(sys.argv[2], Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
POOL = "warehouse"


@asset(pool=POOL)
def something() -> None:
    """Do nothing."""


JOB = Definitions(assets=[something]).resolve_implicit_global_asset_job_def()
Make = Callable[..., str]


@pytest.fixture(params=["files", "postgres"])
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """Open an instance in each storage."""
    for name, value in (("DATA_DIR", str(tmp_path)), ("DAGSTER_HOME", ""), ("DAGSTER_POSTGRES_URL", "")):
        monkeypatch.setenv(name, value)
    if request.param == "postgres":
        request.getfixturevalue("dagster_database")
    with instance(get_settings()) as found:
        yield found
        found.wipe()


@pytest.fixture
def home(opened: DagsterInstance) -> Path:
    """Return the instance's home."""
    return home_of(get_settings())


@pytest.fixture
def make(opened: DagsterInstance) -> Make:
    """Return what makes a run with a status, as if it had been launched."""

    def make(status: DagsterRunStatus, **tags: str) -> str:
        run = opened.create_run_for_job(JOB, status=status, tags=tags)
        return run.run_id

    return make


def status_of(opened: DagsterInstance, run_id: str) -> DagsterRunStatus:
    """Return what is known of a run."""
    run = opened.get_run_by_id(run_id)
    assert run is not None
    return run.status


def age(opened: DagsterInstance, run_id: str) -> None:
    """Let a run have had its status for an hour."""
    then = (datetime.now(timezone.utc) - timedelta(hours=1)).replace(tzinfo=None)
    with opened.run_storage.connect() as connection:  # type: ignore[attr-defined]
        update = sqlalchemy.text("update runs set update_timestamp = :then where run_id = :run")
        connection.execute(update, {"then": then, "run": run_id})
        connection.commit()


@pytest.mark.parametrize(
    ("status", "ends_as"),
    [
        (DagsterRunStatus.STARTED, DagsterRunStatus.FAILURE),
        (DagsterRunStatus.STARTING, DagsterRunStatus.FAILURE),
        (DagsterRunStatus.CANCELING, DagsterRunStatus.CANCELED),
    ],
)
def test_run_of_a_killed_process_is_ended(
    opened: DagsterInstance, home: Path, make: Make, status: DagsterRunStatus, ends_as: DagsterRunStatus
) -> None:
    """While its process lives a run is left alone; once that is killed it is ended, with its pool and its children."""
    run_id = make(status)
    opened.event_log_storage.initialize_concurrency_limit_to_default(POOL)
    assert opened.event_log_storage.claim_concurrency_slot(POOL, run_id, "something").is_claimed
    line = [sys.executable, "-c", WORKER, str(home), run_id]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        child = int(worker.stdout.readline())
        assert sweep(opened, home) == []
        assert held(home) == {run_id: {worker.pid}}
        worker.kill()
    assert sweep(opened, home) == [run_id]
    assert status_of(opened, run_id) is ends_as
    assert opened.event_log_storage.get_concurrency_info(POOL).active_run_ids == set()
    assert not lives(child)
    assert not list(locks(home))
    assert sweep(opened, home) == []


def test_run_without_a_lock_has_a_minute(opened: DagsterInstance, home: Path, make: Make) -> None:
    """A run that has not taken its lock is left alone for a minute, as it may not have come to its first step."""
    new, old = make(DagsterRunStatus.STARTED), make(DagsterRunStatus.STARTED)
    age(opened, old)
    assert sweep(opened, home) == [old]
    assert status_of(opened, new) is DagsterRunStatus.STARTED


def test_launched_run_dies_with_its_launcher(opened: DagsterInstance, home: Path, make: Make) -> None:
    """Where no code server lives, a run that one has launched is ended at once, one of `materialize` is not."""
    launched = make(DagsterRunStatus.STARTING, **{GRPC_INFO_TAG: "{}"})
    own = make(DagsterRunStatus.STARTED)
    assert sweep(opened, home, launchers_gone=True) == [launched]
    assert status_of(opened, own) is DagsterRunStatus.STARTED


def test_process_may_say_again_what_it_works_on(opened: DagsterInstance, home: Path, make: Make) -> None:
    """Each step of a run says so; the process is noted once, and its own sweep leaves its run alone."""
    run_id = make(DagsterRunStatus.STARTED)
    hold(run_id, home)
    hold(run_id, home)
    assert held(home) == {run_id: {os.getpid()}}
    assert (home / "running" / f"{run_id}.lock").read_text().split() == [str(os.getpid())]
    age(opened, run_id)
    assert sweep(opened, home, launchers_gone=True) == []


def lives(pid: int) -> bool:
    """Tell whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
