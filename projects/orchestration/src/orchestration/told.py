"""As what a run's failure and recovery are told, and by whom: by `materialize` of its own, by a sensor of others."""

from __future__ import annotations

import os
from collections.abc import Iterable

from dagster import AssetKey, DagsterRun

from orchestration.supervise.dead_runs import MESSAGE

STARTED_BY = "started_by"
MATERIALIZE = "materialize"
MOST_ASSETS = 3


def subject_of(job: str, assets: Iterable[AssetKey] | None, partition: str | None = None) -> str:
    """Return what a run is of, so that its failure and its recovery are told as one thing."""
    chosen = sorted(key.to_user_string() for key in assets or ())
    more = len(chosen) - MOST_ASSETS
    what = [*filter(None, [partition]), *chosen[:MOST_ASSETS], *([f"{more} more"] if more > 0 else [])]
    return f"job {job}" + (f": {', '.join(what)}" if what else "")


def subject_of_run(run: DagsterRun) -> str:
    """Return what a run that Dagster keeps is told as."""
    return subject_of(run.job_name, run.asset_selection, run.tags.get("dagster/partition"))


def tags_of_materialize() -> dict[str, str]:
    """Return the tags of a run that this process makes, and tells of."""
    return {STARTED_BY: f"{MATERIALIZE} (process {os.getpid()})"}


def tells_itself(run: DagsterRun, message: str | None = None) -> bool:
    """Tell whether `materialize` tells how a run of its own ended; one that was killed cannot.

    Args:
        run: The run. One that repeats another has that one's tags.
        message: What Dagster says of its failure.
    """
    is_its_own = run.parent_run_id is None and run.tags.get(STARTED_BY, "").startswith(MATERIALIZE)
    return is_its_own and message != MESSAGE
