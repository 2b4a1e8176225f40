"""Run steps of one lab: open its database once, enter each step in its ledger, and tell others how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labs.check import check
from labs.expectations import expect
from labs.inspection import inspect
from labs.load import load
from labs.report import Report
from shared.command_line import as_platform_error
from shared.config import Settings
from shared.config.labs import Lab
from shared.monitoring import Run, record_run
from shared.teller import Teller
from shared.utils.console import say
from shared.warehouse import Warehouse
from shared.warehouse.lab_database import open_lab

# As whom the ledger of a lab's database has its runs: there is one who writes.
ROLE = "transformation"


@dataclass(frozen=True)
class Work:
    """What a step works on."""

    lab: Lab
    settings: Settings
    warehouse: Warehouse
    run: Run
    report: Report


def load_step(work: Work) -> None:
    """Load the raw tables."""
    loaded = load(work.lab, work.warehouse, work.run)
    work.report.rows.update({f"raw.{name}": rows for name, rows in loaded.rows.items()})
    work.report.quarantined = loaded.quarantined


def transform_step(work: Work) -> None:
    """Build bronze, silver and gold."""
    # Here and not above: dbt takes seconds to import, and loading does without.
    from labs.transform import transform

    work.report.rows.update(transform(work.lab, work.settings, work.warehouse, work.run))


def test_step(work: Work) -> None:
    """Run the tests and expectations."""
    if "transform" in work.report.steps:
        say("  dbt's tests have passed with the build")
    else:
        from labs.transform import test

        test(work.lab, work.settings, work.warehouse, work.run)
    expected = expect(work.lab, work.warehouse, work.run)
    work.report.score = expected.points
    expected.require(work.lab)


def inspect_step(work: Work) -> None:
    """Write the page about what is in the database."""
    inspect(work.lab, work.warehouse)


STEPS: dict[str, Callable[[Work], None]] = {
    "load": load_step,
    "transform": transform_step,
    "test": test_step,
    "inspect": inspect_step,
}


def run_lab(lab: Lab, settings: Settings, names: Sequence[str], *, command: str, report_file: Path | None) -> None:
    """Check a lab, run steps of it one after the other, and tell how it ended: the caller, the report and the alerts.

    Args:
        lab: The lab.
        settings: Where locks, logs and state are.
        names: The steps; none to check only.
        command: What the user called, for the ledger and for whoever waits.
        report_file: Where to write how it went.

    Raises:
        PlatformError: A step failed; those after it did not run.
    """
    report = Report(lab.name)
    teller = Teller(settings, command=f"lab {command}")
    try:
        check(lab)
        if names:
            run_steps(lab, settings, names, command=command, report=report, teller=teller)
    except Exception as error:
        known = as_platform_error(error)
        report.error, report.hint = known.message, known.hint
        step = next((name for name in names if name not in report.steps), "check")
        teller.failed(f"lab {lab.name}: {step}", error)
        raise
    finally:
        if report_file:
            report.write(report_file)


def run_steps(
    lab: Lab, settings: Settings, names: Sequence[str], *, command: str, report: Report, teller: Teller
) -> None:
    """Run steps under the lab's lock, each entered in its ledger."""
    with open_lab(lab, settings, holder=f"lab {command}", role=ROLE, mode="write") as warehouse:
        for name in names:
            begun = time.monotonic()
            say(f"{lab.name}: {name}")
            with record_run(warehouse, step=name, command=command) as run:
                STEPS[name](Work(lab, settings, warehouse, run, report))
            report.steps[name] = round(time.monotonic() - begun, 2)
            teller.succeeded(f"lab {lab.name}: {name}")
