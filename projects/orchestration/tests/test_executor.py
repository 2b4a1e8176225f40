"""Steps of one run at once, and pools."""

import subprocess
import sys
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    JobDefinition,
    asset,
    build_reconstructable_job,
    define_asset_job,
    execute_job,
)
from orchestration.run import children
from orchestration.run.executor import Pools, threads_executor

INTERRUPTIBLE = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    exit(3)
"""


def make_job(case: str) -> JobDefinition:
    """Return a job of two steps that note whether they met, and one that depends on both."""
    folder, pool, failing = case.split("|")
    meeting = Barrier(2)

    def work(name: str) -> None:
        try:
            meeting.wait(timeout=2)
            Path(folder, f"{name}.met").touch()
        except BrokenBarrierError:
            meeting.reset()
        Path(folder, f"{name}.ended").touch()
        if name == failing:
            raise ValueError(name)

    @asset(pool=pool or None)
    def a() -> None:
        work("a")

    @asset(pool=pool or None)
    def b() -> None:
        work("b")

    @asset(deps=[a, b])
    def c() -> None:
        Path(folder, "c.ended").touch()

    job = define_asset_job("work", AssetSelection.assets(AssetKey("a"), AssetKey("b"), AssetKey("c")))
    return Definitions([a, b, c], jobs=[job], executor=threads_executor).resolve_job_def("work")


def run(folder: Path, pool: str = "", failing: str = "") -> bool:
    """Run the job and tell whether it succeeded; a pool has one slot."""
    settings = {"concurrency": {"pools": {"granularity": "op", "default_limit": 1}}}
    with DagsterInstance.local_temp(str(folder), overrides=settings) as instance:
        here = str(Path(__file__).parent)
        job = build_reconstructable_job(
            __name__, "make_job", (f"{folder}|{pool}|{failing}",), reconstructor_working_directory=here
        )
        with execute_job(job, instance) as result:
            return result.success


def names(folder: Path) -> list[str]:
    """Return what the steps have noted."""
    return sorted(path.name for path in folder.iterdir() if path.suffix in (".met", ".ended"))


def test_steps_run_at_once(tmp_path: Path) -> None:
    """Two steps of which none waits for the other run at the same time, and what needs both comes after."""
    assert run(tmp_path)
    assert names(tmp_path) == ["a.ended", "a.met", "b.ended", "b.met", "c.ended"]


def test_a_pool_lets_one_step_run(tmp_path: Path) -> None:
    """Two steps of one pool never run at the same time."""
    assert run(tmp_path, pool="warehouse")
    assert names(tmp_path) == ["a.ended", "b.ended", "c.ended"]


def test_a_pool_that_is_left_is_entered_at_once(tmp_path: Path) -> None:
    """A step that was refused does not wait for the next time to look once another step of its run is done."""
    settings = {"concurrency": {"pools": {"granularity": "op", "default_limit": 1}}}
    with DagsterInstance.local_temp(str(tmp_path), overrides=settings) as instance:
        run = instance.create_run_for_job(make_job(f"{tmp_path}|warehouse|"))
        with Pools(instance, run) as pools:
            assert [pools.claim("warehouse", step) for step in ("a", "b", "b")] == [True, False, False]
            pools.free_step("a")
            assert pools.claim("warehouse", "b")


def test_a_failed_step_stops_what_depends_on_it(tmp_path: Path) -> None:
    """A step that fails does not stop the one beside it, only what comes after."""
    assert not run(tmp_path, failing="a")
    assert names(tmp_path) == ["a.ended", "a.met", "b.ended", "b.met"]


def test_the_setting_limits_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one step at a time is allowed, two run one after the other."""
    monkeypatch.setenv("ORCHESTRATION_PARALLEL_STEPS", "1")
    assert run(tmp_path)
    assert names(tmp_path) == ["a.ended", "b.ended", "c.ended"]


def test_an_interrupt_is_of_one_run() -> None:
    """Whoever asks for a run knows that it was interrupted; another run in the same process goes on."""
    one, other = children.of_run("one"), children.of_run("other")
    one.interrupt()
    assert children.of_run("one").interrupted.is_set()
    assert not other.interrupted.is_set() and not children.of_run("other").interrupted.is_set()
    assert not one.given_up


def test_an_interrupt_reaches_the_processes_of_its_run() -> None:
    """What a step has started is asked to end as Ctrl-C would, and has time to."""
    ours = children.of_run("interrupted")
    with subprocess.Popen([sys.executable, "-c", INTERRUPTIBLE], stdout=subprocess.PIPE) as child, ours.watched(child):
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        ours.interrupt()
        assert ours.wait(child) == 3
