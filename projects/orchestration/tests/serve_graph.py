"""A graph for the tests of `ui`: a step that ends, one that does not, and one whose work is in a child."""

import os
import sys
import time
from pathlib import Path

from dagster import AssetExecutionContext, Definitions, Failure, asset
from orchestration.run import children
from orchestration.run.executor import threads_executor
from orchestration.supervise.run_locks import hold

from shared.utils.processes import started

POOL = "warehouse"


def begin(context: AssetExecutionContext) -> None:
    """Take the run's lock, and tell the test that the step has begun."""
    home = Path(os.environ["DAGSTER_HOME"])
    hold(context.run.run_id, home)
    (home / f"begun-{context.run.run_id}").touch()


@asset(pool=POOL)
def quick(context: AssetExecutionContext) -> None:
    """End at once."""
    begin(context)


@asset(pool=POOL)
def slow(context: AssetExecutionContext) -> None:
    """Take longer than any test."""
    begin(context)
    time.sleep(600)


@asset
def lockless(context: AssetExecutionContext) -> None:
    """Never take the lock, as a run that has not reached its step."""
    (Path(os.environ["DAGSTER_HOME"]) / f"begun-{context.run.run_id}").touch()
    time.sleep(600)


@asset(pool=POOL)
def child(context: AssetExecutionContext) -> None:
    """Wait for a child that takes longer than any test."""
    begin(context)
    # In a session of its own, as a command may put what it starts.
    line = ["import os, time", "os.setsid()", "time.sleep(600)"]
    ours = children.of_run(context.run.run_id)
    with started([sys.executable, "-c", "; ".join(line)]) as process, ours.watched(process):
        if code := ours.wait(process):
            raise Failure(f"ended with {code}")


defs = Definitions(assets=[quick, slow, lockless, child], executor=threads_executor)
