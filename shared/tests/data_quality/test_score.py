"""The quality score, and that every lost point is explained."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.data_quality.expectations import Outcome
from shared.data_quality.score import WEIGHTS, keep_score, losses_of, score
from shared.monitoring import record_run
from shared.warehouse import Warehouse

DIMENSIONS = st.sampled_from(list(WEIGHTS))


def outcome(
    dimension: str = "validity", checked: int = 10, failed: int | None = 0, severity: str = "error", table: str = "a.t"
) -> Outcome:
    """Return an outcome of rows; `failed` None is a table that fails as a whole."""
    status = "passed" if failed == 0 else "failed" if severity == "error" else "warned"
    return Outcome(table, "c", "k", dimension, severity, status, checked, failed, "so", "not so")  # type: ignore[arg-type]


def erroneous(dimension: str = "validity", severity: str = "error", table: str = "a.t") -> Outcome:
    """Return the outcome of a check that could not be made."""
    return Outcome(table, "c", "k", dimension, severity, "error", 0, None, "so", "no such column")  # type: ignore[arg-type]


def points(*outcomes: Outcome) -> Decimal | None:
    """Return the score of all."""
    return score(outcomes).overall.points


def test_share_of_rows() -> None:
    """A check costs the share of its rows that fail, a table that fails as a whole all of it."""
    assert points(outcome()) == 100
    assert points(outcome(failed=3)) == 70
    assert points(outcome(failed=None)) == 0
    assert points(outcome(failed=3), outcome(failed=1)) == 80


def test_warning_counts_half() -> None:
    """What is only a warning costs half; what cannot be checked costs all, whatever its severity."""
    assert points(outcome(failed=3, severity="warn")) == 85
    assert points(outcome(failed=None, severity="warn")) == 50
    assert points(erroneous()) == 0
    assert points(erroneous(severity="warn")) == 0


def test_weights_of_dimensions() -> None:
    """A dimension counts by its weight; that of one which nothing measures is the others', and this is said."""
    all_five = [outcome(dimension) for dimension in WEIGHTS]
    assert points(*all_five[:-1], outcome("freshness", failed=None)) == 90
    assert points(*all_five[1:], outcome("completeness", failed=5)) == Decimal("87.50")
    two = score([outcome("completeness"), outcome("freshness", failed=None)])
    assert two.overall.points == Decimal("71.42")
    assert two.overall.unmeasured == ("validity", "uniqueness", "consistency")
    assert "a.t: 71.42, not measured: validity, uniqueness, consistency" in two.as_text()


def test_check_of_no_rows_measures_nothing() -> None:
    """Rows that are not there are neither good nor bad: without any there is no score."""
    assert points(outcome(checked=0), outcome("uniqueness", failed=5)) == 50
    nothing = score([outcome(checked=0)])
    assert (nothing.overall.points, nothing.tables["a.t"].points) == (None, None)
    assert nothing.as_text().startswith("no score: nothing measured")
    assert score([]).overall.points is None


def test_tables_count_alike() -> None:
    """All tables that are measured count the same, however many checks they have."""
    found = score([outcome(), outcome(), outcome(failed=None, table="b.t"), outcome(checked=0, table="c.t")])
    assert found.overall.points == 50
    assert {table: points.points for table, points in found.tables.items()} == {"a.t": 100, "b.t": 0, "c.t": None}


def test_reasons() -> None:
    """Each loss says its table, check, dimension, what was found and what was expected; the greatest comes first."""
    found = score([outcome(failed=1), outcome("uniqueness", failed=None, severity="warn")])
    assert [lost.because for lost in found.overall.lost] == [
        "a.t c (uniqueness, a warning, counts half): not so; expected so",
        "a.t c (validity): not so; expected so",
    ]
    record = json.loads(json.dumps(found.as_json()))
    assert record["overall"]["lost"][0] == {"points": 22.22, "because": found.overall.lost[0].because}


def test_only_a_flawless_database_has_100() -> None:
    """One bad row in a thousand million is not rounded away."""
    found = score([outcome(checked=10**9, failed=1)])
    assert found.overall.points == Decimal("99.99")
    assert [lost.points for lost in found.overall.lost] == [Decimal("0.01")]


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """Draw any outcome."""
    dimension, severity, table = (
        draw(DIMENSIONS),
        draw(st.sampled_from(["error", "warn"])),
        draw(st.sampled_from("abc")),
    )
    if draw(st.booleans()):
        return erroneous(dimension, severity, table)
    checked = draw(st.integers(0, 10**6))
    return outcome(dimension, checked, draw(st.none() | st.integers(0, checked)), severity, table)


@given(st.lists(outcomes(), max_size=30))
def test_losses_add_up(found: list[Outcome]) -> None:
    """The points lost are exactly what is missing to 100, for all and for each table, and are what the formula says."""
    result = score(found)
    for part in (result.overall, *result.tables.values()):
        if part.points is None:
            assert part.lost == ()
        else:
            assert 0 <= part.points <= 100
            assert sum((lost.points for lost in part.lost), Decimal(0)) == 100 - part.points
            assert all(lost.points >= 0 for lost in part.lost)
    for table, part in result.tables.items():
        if part.points is not None:
            exact = 100 - 100 * sum(
                (loss for _, loss in losses_of([o for o in found if o.table == table])), Fraction(0)
            )
            assert 0 <= exact - Fraction(part.points) < Fraction(1, 100)
    measured = [part.points for part in result.tables.values() if part.points is not None]
    if result.overall.points is not None:
        assert abs(sum(measured, Decimal(0)) / len(measured) - result.overall.points) <= Decimal("0.01")


@given(st.lists(outcomes(), min_size=1, max_size=10))
def test_better_rows_never_cost(found: list[Outcome]) -> None:
    """A check that passes instead of failing never lowers the score."""
    first = found[0]
    better = outcome(first.dimension, max(first.rows_checked, 1), 0, first.severity, first.table)
    before, after = points(*found), points(better, *found[1:])
    if before is not None and loss_is_counted(first):
        assert after is not None
        assert after >= before


def loss_is_counted(found: Outcome) -> bool:
    """Tell whether an outcome measured something."""
    return found.status == "error" or found.rows_failed is None or found.rows_checked > 0


def test_scores_are_kept_in_the_ledger(warehouse: Warehouse) -> None:
    """A run's metrics have the score of all and of each table that was measured."""
    found = score([outcome(failed=3), outcome(checked=0, table="b.t")])
    with record_run(warehouse, step="expectations", command="check") as run:
        keep_score(run, found)
    assert warehouse.fetch("select name, value from ops.run_metric order by name") == [
        ("quality_score", 70.0),
        ("quality_score:a.t", 70.0),
    ]
