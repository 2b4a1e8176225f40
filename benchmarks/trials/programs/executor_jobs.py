"""One graph for the trial of executors: a step, six that need it, one that needs them; each waits for a process.

A step under `threads` starts its process by `run_command`, as the platform's do; under Dagster's own executors by
Dagster's `PipesSubprocessClient`. The command is the same.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dagster import (
    ExecutorDefinition,
    In,
    JobDefinition,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    PipesSubprocessClient,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
)

# Notes that it runs, waits, and takes half a second to clear up where it is interrupted.
WORK = """
import os, pathlib, signal, sys, time
folder, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
def stop(*_):
    time.sleep(0.5)
    (folder / f"{os.getpid()}.cleared").touch()
    sys.exit(1)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
(folder / f"{os.getpid()}.running").touch()
time.sleep(seconds)
(folder / f"{os.getpid()}.running").unlink()
"""
BESIDE = 6
Work = Callable[[OpExecutionContext], None]


def arguments(context: OpExecutionContext) -> tuple[str, ...]:
    """Return what follows Python on a step's command line; the first step is always short."""
    seconds = "0.5" if context.op.name == "first" else os.environ["TRIAL_SECONDS"]
    return "-c", WORK, os.environ["TRIAL_FOLDER"], seconds


def by_pipes(context: OpExecutionContext) -> None:
    """Run the process of a step by Dagster's client."""
    PipesSubprocessClient().run(context=context, command=[sys.executable, *arguments(context)])


def by_command(context: OpExecutionContext) -> None:
    """Run the process of a step as the platform does."""
    from orchestration.graph.projects import Command
    from orchestration.run.steps import run_command

    from shared.config import get_settings

    run_command(context, get_settings(), Command("orchestration", arguments(context))).require(context)


def step(name: str, work: Work, ins: dict[str, In]) -> OpDefinition:
    """Return a step that waits for others."""

    @op(name=name, ins=ins)
    def run(context: OpExecutionContext) -> None:
        work(context)

    return run


def graph(work: Work, executor: ExecutorDefinition, config: dict[str, Any] | None = None) -> JobDefinition:
    """Return the job for an executor."""

    @job(executor_def=executor.configured(config) if config else executor)
    def work_job() -> None:
        first = step("first", work, {})()
        beside = {f"beside_{n}": step(f"beside_{n}", work, {"start": In(Nothing)})(start=first) for n in range(BESIDE)}
        step("last", work, {name: In(Nothing) for name in beside})(**beside)

    return work_job


def in_process() -> JobDefinition:
    """Return the job under Dagster's executor that takes one step after the other."""
    return graph(by_pipes, in_process_executor)


def multiprocess() -> JobDefinition:
    """Return the job under Dagster's executor that starts a Python for each step."""
    return graph(by_pipes, multiprocess_executor, {"max_concurrent": 4})


def forkserver() -> JobDefinition:
    """Return the job under the same, with Dagster loaded before the Pythons are forked."""
    preload = {"forkserver": {"preload_modules": ["dagster", "executor_jobs"]}}
    return graph(by_pipes, multiprocess_executor, {"max_concurrent": 4, "start_method": preload})


def threads() -> JobDefinition:
    """Return the job under the platform's executor."""
    from orchestration.run.executor import threads_executor

    return graph(by_command, threads_executor)


JOBS = {"ours": threads, "in_process": in_process, "multiprocess": multiprocess, "forkserver": forkserver}
HERE = str(Path(__file__).parent)
