"""An executor that runs the steps of a run in threads: all they do is wait for processes in other environments.

Dagster's own choices are one step after the other, or a Python with all of Dagster for each step, which takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Thread

from dagster import DagsterEvent, DagsterExecutionInterruptedError, Executor, InitExecutorContext, executor
from dagster._core.events import EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context.system import PlanExecutionContext, PlanOrchestrationContext
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.execution.plan.execute_plan import dagster_event_sequence_for_step
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from typing_extensions import override

from orchestration.run import children
from orchestration.settings import OrchestrationSettings
from shared.config.settings import read_settings

POLL_SECONDS = 0.2
# A step's event, what broke its thread, or None at its end.
Told = tuple[str, "DagsterEvent | BaseException | None"]


class Pools(InstanceConcurrencyContext):
    """The pools that steps wait for; one that waits looks again as soon as a step of the same run has left a pool.

    By itself it looks after a second, and then ever less often.
    """

    @override
    def free_step(self, step_key: str) -> None:
        """Leave the pool of a step."""
        super().free_step(step_key)
        for waiting in self._pending_timeouts:
            self._pending_timeouts[waiting] = 0.0


class ThreadsExecutor(Executor):
    """Runs so many steps at once; each of Dagster's pools still has its own limit."""

    def __init__(self, parallel_steps: int) -> None:
        self._parallel_steps = parallel_steps

    @property
    def retries(self) -> RetryMode:
        """Steps are tried again by this executor itself."""
        return RetryMode.ENABLED

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Run the plan and return its events."""
        yield DagsterEvent.engine_event(
            plan_context,
            f"Running steps in threads of process {os.getpid()}",
            EngineEventData.in_process(os.getpid(), execution_plan.step_keys_to_execute),
        )
        yield from ExecuteRunWithPlanIterable(
            execution_plan=execution_plan,
            iterator=self._steps,
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=plan_context.retry_mode,
                execution_plan=execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=False,
                output_capture=plan_context.output_capture,
            ),
        )

    def _steps(self, job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        with (
            Pools(job_context.instance, job_context.dagster_run) as pools,
            execution_plan.start(
                retry_mode=job_context.retry_mode,
                max_concurrent=self._parallel_steps,
                instance_concurrency_context=pools,
            ) as active,
        ):
            yield from self._run(job_context, active)

    def _run(self, context: PlanExecutionContext, active: ActiveExecution) -> Iterator[DagsterEvent]:
        told: SimpleQueue[Told] = SimpleQueue()
        running: set[str] = set()
        ours = children.of_run(context.run_id)
        try:
            while (running and not ours.given_up) or not (ours.interrupted.is_set() or active.is_complete):
                if active.check_for_interrupts():
                    active.mark_interrupted()
                    ours.interrupt()
                if not ours.interrupted.is_set():
                    for step in active.get_steps_to_execute(limit=self._parallel_steps - len(running)):
                        running.add(step.key)
                        events = dagster_event_sequence_for_step(context.for_step(step, active.get_known_state()))
                        Thread(target=_work, args=(step.key, events, told), name=step.key, daemon=True).start()
                    yield from active.concurrency_event_iterator(context)
                yield from _told(context, active, told, running)
                yield from active.plan_events_iterator(context)
        finally:
            # Only where something else than the loop's own condition has ended it.
            if running:
                ours.interrupt()
        if ours.interrupted.is_set():
            raise DagsterExecutionInterruptedError


def _told(
    context: PlanExecutionContext, active: ActiveExecution, told: SimpleQueue[Told], running: set[str]
) -> Iterator[DagsterEvent]:
    """Return what a step tells next, if it does so soon."""
    try:
        key, news = told.get(timeout=POLL_SECONDS)
    except Empty:
        return
    if isinstance(news, DagsterEvent):
        yield news
        active.handle_event(news)
        return
    running.discard(key)
    if isinstance(news, Exception):
        raise news
    active.verify_complete(context, key)


def _work(key: str, events: Iterator[DagsterEvent], told: SimpleQueue[Told]) -> None:
    try:
        for event in events:
            told.put((key, event))
    except BaseException as error:
        told.put((key, error))
    else:
        told.put((key, None))


@executor(name="threads")
def threads_executor(_context: InitExecutorContext) -> Executor:
    """Run steps in threads, as many at once as ORCHESTRATION_PARALLEL_STEPS says."""
    return ThreadsExecutor(read_settings(OrchestrationSettings).orchestration_parallel_steps)
