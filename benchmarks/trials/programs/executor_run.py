"""Run the graph of the trial of executors once: `… EXECUTOR HOME`, with what the steps need in the environment."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from dagster import DagsterInstance, build_reconstructable_job, execute_job
from dagster._utils.interrupts import capture_interrupts
from executor_jobs import HERE, JOBS

IMPORTED = since_begun()
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def main(executor: str, home: str) -> None:
    """Run, and tell how it ended."""
    name = JOBS[executor].__name__
    job = build_reconstructable_job("executor_jobs", name, reconstructor_working_directory=HERE)
    # As the process of a run does that `dagster dev` starts: an interrupt cancels.
    with DagsterInstance.local_temp(home) as instance, capture_interrupts():
        begun = since_begun()
        run = execute_job(job, instance, run_config=QUIET)
        seconds = round(since_begun() - begun, 3)
        status = instance.get_run_by_id(run.run_id)
        ended = {stats.step_key: str(stats.status) for stats in instance.get_run_step_stats(run.run_id)}
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    tell(
        ["dagster"],
        import_seconds=IMPORTED,
        seconds=seconds,
        status=status.status.value if status else None,
        steps=ended,
        largest_child_mib=children.ru_maxrss // 1024,
        children_cpu_seconds=round(children.ru_utime + children.ru_stime, 3),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
