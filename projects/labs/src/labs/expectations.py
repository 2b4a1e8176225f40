"""What a lab's tables are expected to be: its suite is checked, kept in its database, and scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.config.labs import Lab
from shared.data_quality.expectations import Outcome, load_suite, note_checks, store, validate
from shared.data_quality.score import keep_score, score
from shared.errors import PlatformError
from shared.monitoring import Run
from shared.utils.console import say
from shared.warehouse import Warehouse


class ExpectationsFailed(PlatformError):
    """A check of severity `error` failed, or could not be made."""

    code = "expectations_failed"


def suite_of(lab: Lab) -> Path:
    """Return where a lab's suite is, if it has one."""
    return lab.folder / "expectations.yml"


@dataclass(frozen=True)
class Expected:
    """What came of a suite.

    Attributes:
        points: The quality score, 0 to 100; None where nothing was measured.
        failed: The checks that had to pass and did not.
    """

    points: float | None
    failed: tuple[Outcome, ...]

    def require(self, lab: Lab) -> None:
        """Raise ExpectationsFailed where a check failed that had to pass."""
        if self.failed:
            raise ExpectationsFailed(
                f"{len(self.failed)} expectations of lab `{lab.name}` failed: "
                f"`{self.failed[0].table}` {self.failed[0].name}",
                hint="rows that fail are kept in ops.expectation_row; to see them, in the environment `labs`: "
                f"`python -m shared.data_quality.expectations {suite_of(lab)} --lab {lab.name}`",
            )


def expect(lab: Lab, warehouse: Warehouse, run: Run) -> Expected:
    """Check a lab's suite, keep what was found and the score; without a suite nothing is measured.

    Raises:
        InputError: The suite has a mistake.
    """
    path = suite_of(lab)
    if not path.is_file():
        say("  no expectations.yml: nothing to score")
        return Expected(None, ())
    outcomes = validate(warehouse, load_suite(path), run_id=run.id)
    found = score(outcomes)
    note_checks(run, outcomes)
    store(warehouse, run.id, outcomes)
    keep_score(run, found)
    open_ones = [outcome for outcome in outcomes if outcome.status != "passed"]
    for outcome in open_ones:
        say(f"  {outcome.status}: {outcome.table} {outcome.name}: {outcome.sentence}")
    say(f"  {len(outcomes) - len(open_ones)} of {len(outcomes)} expectations passed")
    for line in found.as_text().splitlines():
        say(f"  {line}")
    points = None if found.overall.points is None else float(found.overall.points)
    return Expected(points, tuple(outcome for outcome in open_ones if outcome.severity == "error"))
