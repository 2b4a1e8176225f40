"""Run several labs at once, each as a process of its own in its own environment, and sum up."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from labs.environment import lab_command
from labs.processes import Processes
from labs.report import Report, read_report
from shared.config import Settings
from shared.config.labs import Lab
from shared.errors import PlatformError
from shared.monitoring.alerts import Alerts
from shared.utils.console import output, say


class LabsFailed(PlatformError):
    """At least one lab failed; the others ran to their end."""

    code = "labs_failed"


def run_labs(labs: Sequence[Lab], settings: Settings, steps: Sequence[str], *, jobs: int) -> list[Report]:
    """Run labs, so many at once, showing what each says with its name before it, and print one report.

    Raises:
        LabsFailed: One of them failed.
    """
    children, reports = Processes(say), dict[str, Report]()
    waiting = list(labs)
    with tempfile.TemporaryDirectory() as folder:
        try:
            while waiting or len(children):
                while waiting and len(children) < jobs:
                    reports |= start(waiting.pop(0), children, settings, steps, Path(folder))
                reports |= {
                    name: report_of(name, code, settings, Path(folder)) for name, code in children.ended().items()
                }
        except BaseException:
            children.stop()
            raise
    ordered = [reports[lab.name] for lab in labs]
    print_reports(ordered)
    failed = [report for report in ordered if report.error]
    if failed:
        raise LabsFailed(
            f"{len(failed)} of {len(ordered)} labs failed: {', '.join(f'`{report.lab}`' for report in failed)}",
            hint="the others are done; what each said stands above",
        )
    return ordered


def start(lab: Lab, children: Processes, settings: Settings, steps: Sequence[str], folder: Path) -> dict[str, Report]:
    """Start a lab; return its report where it cannot be started."""
    try:
        command, variables = lab_command(
            lab, settings, [lab.name, *steps, "--report", str(report_file(folder, lab.name))]
        )
    except PlatformError as error:
        return {lab.name: Report(lab.name, error=error.message, hint=error.hint)}
    children.start(lab.name, command, variables)
    return {}


def report_of(name: str, code: int, settings: Settings, folder: Path) -> Report:
    """Return how a lab went whose process has ended."""
    alerts, title = Alerts.from_settings(settings), f"lab {name}: process"
    if not report_file(folder, name).exists():
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        message, hint = f"the process ended without a word: {how}", "run it again"
        alerts.failed(title, message, hint=hint)
        return Report(name, error=message, hint=hint)
    # What else went wrong its own process has told.
    alerts.succeeded(title)
    return read_report(report_file(folder, name))


def report_file(folder: Path, name: str) -> Path:
    """Return where a lab's process writes how it went."""
    return folder / f"{name}.json"


def print_reports(reports: Sequence[Report]) -> None:
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
