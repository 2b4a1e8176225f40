"""Run several labs at once, each as a process of its own in its own environment, and sum up."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.table import Table

from labs.environment import lab_command
from labs.report import Report, read_report
from shared.config import Settings
from shared.config.labs import Lab
from shared.errors import PlatformError
from shared.monitoring.alerts import Alerts
from shared.utils.console import output, say

# How long a child may take to end after it was told to; Dagster waits as long.
GRACE_SECONDS = 20.0


class LabsFailed(PlatformError):
    """At least one lab failed; the others ran to their end."""

    code = "labs_failed"


class Children:
    """The processes of the labs, so that none of them outlives this one."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def run(self, lab: Lab, settings: Settings, steps: Sequence[str], folder: Path) -> Report:
        """Run a lab to its end, showing what it says with its name before it, and return how it went."""
        path = folder / f"{lab.name}.json"
        try:
            command, variables = lab_command(lab, settings, [lab.name, *steps, "--report", str(path)])
        except PlatformError as error:
            return Report(lab.name, error=error.message, hint=error.hint)
        child = subprocess.Popen(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        self._running.append(child)
        assert child.stdout is not None
        for line in child.stdout:
            say(f"{lab.name} | {line.rstrip()}")
        code = child.wait()
        if not path.exists():
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            message, hint = f"the process ended without a word: {how}", "run it again"
            Alerts.from_settings(settings).failed(f"lab {lab.name}: process", message, hint=hint)
            return Report(lab.name, error=message, hint=hint)
        # What else went wrong its own process has told.
        Alerts.from_settings(settings).succeeded(f"lab {lab.name}: process")
        return read_report(path)

    def stop(self) -> None:
        """End what still runs: asked first, killed after a while."""
        for child in self._running:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
        for child in self._running:
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def run_labs(labs: Sequence[Lab], settings: Settings, steps: Sequence[str], *, jobs: int) -> list[Report]:
    """Run labs, so many at once, and print one report.

    Raises:
        LabsFailed: One of them failed.
    """
    children = Children()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool, terminable():
        futures = [pool.submit(children.run, lab, settings, steps, Path(folder)) for lab in labs]
        try:
            reports = [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            children.stop()
            raise
    show(reports)
    failed = [report for report in reports if report.error]
    if failed:
        raise LabsFailed(
            f"{len(failed)} of {len(reports)} labs failed: {', '.join(f'`{report.lab}`' for report in failed)}",
            hint="the others are done; what each said stands above",
        )
    return reports


@contextmanager
def terminable() -> Iterator[None]:
    """Treat a request to end as Ctrl-C, so that the labs' processes are ended too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def show(reports: Sequence[Report]) -> None:
    """Print a line for each lab."""
    table = Table("lab", "result", "seconds", "loaded rows", "gold rows", "bad rows", "score", box=None, pad_edge=False)
    for report in reports:
        table.add_row(
            report.lab,
            f"failed: {report.error}" if report.error else "done",
            f"{sum(report.steps.values()):.1f}",
            f"{report.rows_of('raw'):,}",
            f"{report.rows_of('gold'):,}",
            f"{report.quarantined:,}",
            "" if report.score is None else f"{report.score:.2f}",
        )
    output().print(table)


def default_jobs() -> int:
    """Return how many labs run at once unless told otherwise."""
    return os.cpu_count() or 1
