"""The shift of a distribution against a baseline, on both engines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from shared.data_quality.expectations import Outcome, Suite, store, validate
from shared.data_quality.expectations.distribution import Distribution
from shared.monitoring import record_run
from shared.warehouse import Role, Warehouse

Expect = Callable[..., Outcome]
AGAINST_BASE = {"column": "v", "baseline": {"table": "core.base", "column": "v"}}
STORED = {"column": "v", "baseline": "stored"}


@pytest.fixture
def role() -> Role:
    """Work as the role that may keep what is found."""
    return "transformation"


def fill(warehouse: Warehouse, table: str, values: list[Any], kind: pa.DataType | None = None) -> None:
    """Make a table of one column."""
    warehouse.replace_arrow(table, pa.table({"v": pa.array(values, kind)}))


def psi(outcome: Outcome) -> float:
    """Return the index that an outcome tells."""
    assert outcome.observed.startswith("PSI "), outcome.observed
    return float(outcome.observed.split()[1])


def test_index_by_its_formula() -> None:
    """The index is the sum of (a − b) ln(a / b), with no share below 0.0001."""
    baseline = Distribution(True, [("<=", 1.0)], [50, 50])
    assert Distribution(True, [("<=", 1.0)], [50, 50]).shift_from(baseline) == 0
    shifted = Distribution(True, [("<=", 1.0)], [80, 20]).shift_from(baseline)
    assert math.isclose(shifted, 0.3 * math.log(1.6) - 0.3 * math.log(0.4))
    vanished = Distribution(True, [("<=", 1.0)], [100, 0]).shift_from(baseline)
    assert math.isclose(vanished, 0.5 * math.log(2) + (0.0001 - 0.5) * math.log(0.0001 / 0.5))


def test_bins_are_the_deciles_of_the_baseline(expect: Expect, warehouse: Warehouse) -> None:
    """Numbers are binned at the baseline's deciles: the index is the one that is computed by hand."""
    fill(warehouse, "core.base", [float(number) for number in range(1, 101)])
    fill(warehouse, "core.t", [float(number) for number in range(1, 101)])
    outcome = expect("distribution_shift", AGAINST_BASE)
    assert (outcome.status, psi(outcome), outcome.rows_checked, outcome.rows_failed) == ("passed", 0, 100, None)
    assert "over 10 bins" in outcome.observed
    # Twenty of the first bin's and none of the last's.
    fill(warehouse, "core.t", [float(number) for number in [*range(1, 91), *range(1, 11)]])
    expected = 0.1 * math.log(2) + (0.0001 - 0.1) * math.log(0.0001 / 0.1)
    outcome = expect("distribution_shift", AGAINST_BASE)
    assert outcome.status == "failed"
    assert psi(outcome) == pytest.approx(expected, abs=1e-3)
    assert expect("distribution_shift", {**AGAINST_BASE, "maximum": 1}).status == "passed"


def test_value_that_is_most_of_the_baseline_has_a_bin_of_its_own(expect: Expect, warehouse: Warehouse) -> None:
    """A constant that becomes another constant has shifted, in whichever direction."""
    fill(warehouse, "core.base", [0] * 95 + [1, 2, 3, 4, 5])
    for values, status in (([0] * 95 + [7] * 5, "passed"), ([-1] * 100, "failed"), ([1] * 100, "failed")):
        fill(warehouse, "core.t", values)
        assert expect("distribution_shift", AGAINST_BASE).status == status


def test_nulls_and_nan_are_no_values(expect: Expect, warehouse: Warehouse) -> None:
    """Nulls and NaN neither make bins nor are counted in them."""
    fill(warehouse, "core.base", [1.0, 2.0, 3.0, None, math.nan])
    fill(warehouse, "core.t", [1.0, 2.0, 3.0, None, None, math.nan])
    outcome = expect("distribution_shift", AGAINST_BASE)
    assert (outcome.rows_checked, psi(outcome)) == (3, 0)


@pytest.mark.parametrize("kind", ["text", "boolean"])
def test_categories(expect: Expect, warehouse: Warehouse, kind: str) -> None:
    """Texts and booleans are categories; one that the baseline does not know counts among the others."""
    one, two = ("é", "b") if kind == "text" else (True, False)
    fill(warehouse, "core.base", [one] * 50 + [two] * 50)
    fill(warehouse, "core.t", [one] * 80 + [two] * 20 + [None] * 50)
    outcome = expect("distribution_shift", AGAINST_BASE)
    assert outcome.status == "failed"
    assert psi(outcome) == pytest.approx(0.4159, abs=1e-4)
    if kind == "text":
        fill(warehouse, "core.t", [one] * 45 + [two] * 45 + ["new"] * 10)
        assert psi(expect("distribution_shift", AGAINST_BASE)) > 0.6


def test_many_categories_are_bounded(expect: Expect, warehouse: Warehouse) -> None:
    """Only the most frequent categories have a bin each."""
    fill(warehouse, "core.base", [str(number) for number in range(1000)])
    fill(warehouse, "core.t", [str(number) for number in range(1000)])
    assert "over 51 bins" in expect("distribution_shift", AGAINST_BASE).observed


def test_dates(expect: Expect, warehouse: Warehouse) -> None:
    """Dates and timestamps have an order, as numbers have."""
    for table, first in (("core.base", "2024-01-01"), ("core.t", "2025-01-01")):
        warehouse.execute(f"create table {table} (v date)")
        for days in range(20):
            warehouse.execute(f"insert into {table} select date '{first}' + {days}")
    assert expect("distribution_shift", AGAINST_BASE).status == "failed"
    assert expect("distribution_shift", AGAINST_BASE, table="core.base").status == "passed"


def test_without_values(expect: Expect, warehouse: Warehouse) -> None:
    """A column that has no values any more has shifted; a baseline without values is no baseline."""
    fill(warehouse, "core.base", [1, 2])
    fill(warehouse, "core.t", [None], pa.int64())
    outcome = expect("distribution_shift", AGAINST_BASE)
    assert (outcome.status, outcome.observed) == ("failed", "no value to compare with the 2 of the baseline")
    reverse = {"column": "v", "baseline": {"table": "core.t", "column": "v"}}
    assert expect("distribution_shift", reverse, table="core.base").status == "error"


def test_condition_is_that_of_the_table_not_of_the_baseline(expect: Expect, warehouse: Warehouse) -> None:
    """The condition chooses among the rows that are checked alone."""
    fill(warehouse, "core.base", ["a", "b"])
    fill(warehouse, "core.t", ["a", "b", "c", "c", "c"])
    assert expect("distribution_shift", AGAINST_BASE).status == "failed"
    assert expect("distribution_shift", AGAINST_BASE, where="v <> 'c'").status == "passed"


@pytest.mark.parametrize(
    ("usual", "other"), [([1.5, 2.5, 3.5, 4.5] * 10, [9.5] * 40), (["a", 'b"; --'] * 10, ["c"] * 20)]
)
def test_against_what_was_stored(warehouse: Warehouse, usual: list[Any], other: list[Any]) -> None:
    """The first run's values become the baseline, and those of each run that passes; those of one that fails do not."""
    suite = Suite.model_validate({"version": 1, "tables": {"core.t": {"expect": [{"distribution_shift": STORED}]}}})
    statuses = []
    for number, values in enumerate([usual, usual * 2, other, other, usual]):
        fill(warehouse, "core.t", values)
        (outcome,) = validate(warehouse, suite)
        with record_run(warehouse, step="check", command=str(number)) as run:
            store(warehouse, run.id, [outcome])
        statuses.append(outcome.status)
        if not number:
            assert outcome.observed == "no baseline is kept yet, these values become it"
    assert statuses == ["passed", "passed", "failed", "failed", "passed"]
    assert json.loads(outcome.distribution or "")["ordered"] == isinstance(usual[0], float)


def test_stored_values_of_another_kind(warehouse: Warehouse) -> None:
    """A column that has become text since is an error with a hint."""
    suite = Suite.model_validate({"version": 1, "tables": {"core.t": {"expect": [{"distribution_shift": STORED}]}}})
    columns: list[list[Any]] = [[1, 2], ["a", "b"]]
    for number, values in enumerate(columns):
        fill(warehouse, "core.t", values)
        (outcome,) = validate(warehouse, suite)
        with record_run(warehouse, step="check", command=str(number)) as run:
            store(warehouse, run.id, [outcome])
    assert (outcome.status, bool(outcome.hint)) == ("error", True)
