"""The quality score: 0 to 100 for each table and for all of them, with the reason for every point that is missing.

A check loses the share of rows that fail, or 1 where the table as a whole fails; half of it where it is of severity
`warn`; 1 whatever its severity where it could not be made. A check that looked at no row measures nothing. A dimension
loses the mean of its checks, a table the mean of its dimensions by `WEIGHTS`, where those that nothing measures are
left out and leave their weight to the rest. A database loses the mean of its tables. The score is 100 less a hundred
times that, rounded down to hundredths: 100 is only where nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil

from shared.data_quality.expectations.checks import Dimension
from shared.data_quality.expectations.outcomes import Outcome
from shared.monitoring import Run

WEIGHTS: Mapping[Dimension, int] = {
    "completeness": 25,
    "validity": 25,
    "uniqueness": 20,
    "consistency": 20,
    "freshness": 10,
}
METRIC = "quality_score"
FULL = Decimal("100.00")


@dataclass(frozen=True)
class Lost:
    """Points that a check has cost, and why."""

    points: Decimal
    because: str


@dataclass(frozen=True)
class Points:
    """A score.

    Attributes:
        points: 0 to 100, None where nothing was measured.
        lost: What is missing to 100, the most first; it adds up to exactly that.
        unmeasured: The dimensions that nothing measures; their weight is the others'.
    """

    points: Decimal | None
    lost: tuple[Lost, ...]
    unmeasured: tuple[Dimension, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "points": None if self.points is None else float(self.points),
            "lost": [{"points": float(lost.points), "because": lost.because} for lost in self.lost],
            "unmeasured": list(self.unmeasured),
        }


@dataclass(frozen=True)
class Score:
    """The scores of tables, and of all of them together; a table that nothing measures counts for none."""

    overall: Points
    tables: Mapping[str, Points]

    def as_json(self) -> dict[str, object]:
        """Return it as JSON has it."""
        tables = {table: points.as_json() for table, points in self.tables.items()}
        return {"overall": self.overall.as_json(), "tables": tables}

    def as_text(self) -> str:
        """Return it as lines for people."""
        lines = [
            f"score {self.overall.points} of 100" if self.overall.points is not None else "no score: nothing measured"
        ]
        lines += [f"  -{lost.points}  {lost.because}" for lost in self.overall.lost]
        for table, points in self.tables.items():
            left_out = f", not measured: {', '.join(points.unmeasured)}" if points.unmeasured else ""
            lines.append(f"  {table}: {'not measured' if points.points is None else points.points}{left_out}")
        return "\n".join(lines)


def score(outcomes: Sequence[Outcome]) -> Score:
    """Compute the scores of the tables that these outcomes are of, and of all of them."""
    by_table: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_table[outcome.table].append(outcome)
    losses = {table: losses_of(found) for table, found in by_table.items()}
    measured = [found for found in losses.values() if found]
    overall = [(outcome, loss / len(measured)) for found in measured for outcome, loss in found]
    tables = {table: points_of(found) for table, found in losses.items()}
    return Score(points_of(overall), tables)


def keep_score(run: Run, found: Score) -> None:
    """Enter scores in the ledger: `quality_score` for all, `quality_score:<table>` for each that was measured."""
    scores = {METRIC: found.overall, **{f"{METRIC}:{table}": points for table, points in found.tables.items()}}
    run.note_metrics({name: float(score.points) for name, score in scores.items() if score.points is not None})


def losses_of(outcomes: Iterable[Outcome]) -> list[tuple[Outcome, Fraction]]:
    """Return the share of a table's score that each check costs; those that measured nothing are left out."""
    by_dimension: dict[Dimension, list[tuple[Outcome, Fraction]]] = defaultdict(list)
    for outcome in outcomes:
        loss = loss_of(outcome)
        if loss is not None:
            by_dimension[outcome.dimension].append((outcome, loss))
    weights = sum(WEIGHTS[dimension] for dimension in by_dimension)
    return [
        (outcome, loss * Fraction(WEIGHTS[dimension], weights) / len(checks))
        for dimension, checks in by_dimension.items()
        for outcome, loss in checks
    ]


def loss_of(outcome: Outcome) -> Fraction | None:
    """Return how much of itself a check loses, None where it measured nothing."""
    if outcome.status == "error":
        return Fraction(1)
    if outcome.rows_failed is None:
        lost = Fraction(0 if outcome.status == "passed" else 1)
    elif not outcome.rows_checked:
        return None
    else:
        lost = Fraction(outcome.rows_failed, outcome.rows_checked)
    return lost / 2 if outcome.severity == "warn" else lost


def points_of(losses: Sequence[tuple[Outcome, Fraction]]) -> Points:
    """Return the score that is left after losses."""
    measured = {outcome.dimension for outcome, _ in losses}
    unmeasured = tuple(dimension for dimension in WEIGHTS if dimension not in measured)
    if not losses:
        return Points(None, (), unmeasured)
    costly = sorted(((outcome, loss) for outcome, loss in losses if loss), key=lambda pair: -pair[1])
    shares = in_hundredths([loss * 100 for _, loss in costly])
    lost = tuple(Lost(points, because(outcome)) for points, (outcome, _) in zip(shares, costly, strict=True))
    return Points(FULL - sum(shares), lost, unmeasured)


def in_hundredths(losses: Sequence[Fraction]) -> list[Decimal]:
    """Round to hundredths, up or down, so that the sum is the exact one rounded up."""
    exact = [loss * 100 for loss in losses]
    whole = [int(loss) for loss in exact]
    nearest = sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])
    for place in nearest[: ceil(sum(exact)) - sum(whole)]:
        whole[place] += 1
    return [Decimal(count).scaleb(-2) for count in whole]


def because(outcome: Outcome) -> str:
    """Say why a check costs points."""
    half = ", a warning, counts half" if outcome.status == "warned" else ""
    return f"{outcome.table} {outcome.name} ({outcome.dimension}{half}): {outcome.sentence}"
