"""A graph for the tests of `ui`: a step that ends, one that does not, and one whose work is in a child."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from dagster import AssetExecutionContext, Definitions, MaterializeResult, PipesSubprocessClient, asset
from orchestration.supervise.run_locks import hold

POOL = "warehouse"


def begin(context: AssetExecutionContext) -> None:
    """Take the run's lock, and tell the test that the step has begun."""
    home = Path(os.environ["DAGSTER_HOME"])
    hold(context.run_id, home)
    (home / f"begun-{context.run_id}").touch()


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
    (Path(os.environ["DAGSTER_HOME"]) / f"begun-{context.run_id}").touch()
    time.sleep(600)


@asset(pool=POOL)
def child(context: AssetExecutionContext) -> Iterator[MaterializeResult[None]]:
    """Wait for a child that takes longer than any test."""
    begin(context)
    # In a session of its own, as a command may put what it starts.
    line = ["import os, time", "os.setsid()", "time.sleep(600)"]
    PipesSubprocessClient().run(context=context, command=[sys.executable, "-c", "; ".join(line)])
    yield MaterializeResult()


defs = Definitions(assets=[quick, slow, lockless, child])
