"""End runs whose process was killed: nobody else would ever say that they are over."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.execution.plan.objects import StepFailureData
from dagster._core.execution.stats import StepEventStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from orchestration.supervise.processes import end, of_runs
from orchestration.supervise.run_locks import is_held, locks

# How long a run may take from its start to its first step, which takes the lock.
GRACE_SECONDS = 60.0
# A code server that lives says itself, at its next tick, that a run's process is gone.
SETTLE_SECONDS = 1.0
# What a step's process has to undo what it has begun.
ORPHAN_SECONDS = 20.0
UNDER_WAY = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
MESSAGE = "The run's process was killed; what its step had not committed is undone. Launch the run again."
STEP_MESSAGE = "The step's process was killed."


def sweep(instance: DagsterInstance, home: Path, *, launchers_gone: bool = False) -> list[str]:
    """End every run that is under way but has no process, and clear up behind runs that are over.

    What steps of such runs have started is ended too. Queued runs are left alone: the next daemon starts them.

    Args:
        instance: Where the runs are.
        home: Where their processes hold locks.
        launchers_gone: Whether no code server lives: a run that one launched and that has no lock will never have one.

    Returns:
        The ids of the runs that were ended.
    """
    abandoned = {run_id: path for run_id, path in locks(home) if not is_held(path)}
    late = set(_without_lock(instance, home, launchers_gone))
    if any(not run.is_finished for run in _runs(instance, [*abandoned, *late])) and not launchers_gone:
        time.sleep(SETTLE_SECONDS)
    end(lambda: of_runs(abandoned), signum=signal.SIGINT, seconds=ORPHAN_SECONDS)
    ended = []
    # Read again: a run that ended by itself has said so before it let go of its lock.
    for run in _runs(instance, [*abandoned, *late]):
        _end_steps(instance, run)
        if not run.is_finished:
            _end(instance, run)
            ended.append(run.run_id)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    for path in abandoned.values():
        path.unlink(missing_ok=True)
    return ended


def _without_lock(instance: DagsterInstance, home: Path, launchers_gone: bool) -> Iterator[str]:
    """Return the runs that are under way and have not reached a step, for longer than they may."""
    locked = {run_id for run_id, _ in locks(home)}
    for record in instance.get_run_records(RunsFilter(statuses=UNDER_WAY)):
        run = record.dagster_run
        orphan = launchers_gone and GRPC_INFO_TAG in run.tags
        if run.run_id not in locked and (orphan or time.time() - record.update_timestamp.timestamp() > GRACE_SECONDS):
            yield run.run_id


def _runs(instance: DagsterInstance, run_ids: list[str]) -> list[DagsterRun]:
    return list(instance.get_runs(RunsFilter(run_ids=run_ids))) if run_ids else []


def _end(instance: DagsterInstance, run: DagsterRun) -> None:
    if run.status is DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, message="Canceled; the run's process was killed.")
    else:
        instance.report_run_failed(run, message=MESSAGE)


def _end_steps(instance: DagsterInstance, run: DagsterRun) -> None:
    """Say of the steps that were under way that they are over, as the run page goes by what each step says."""
    for step in instance.get_run_step_stats(run.run_id):
        if step.status is StepEventStatus.IN_PROGRESS:
            event = DagsterEvent(
                event_type_value=DagsterEventType.STEP_FAILURE.value,
                job_name=run.job_name,
                step_key=step.step_key,
                event_specific_data=StepFailureData(error=None, user_failure_data=None),  # type: ignore[no-untyped-call]
                message=STEP_MESSAGE,
            )
            instance.report_dagster_event(event, run_id=run.run_id, log_level=logging.ERROR)
