"""Outcomes and samples of failing rows are kept in `ops`, samples for some runs only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.data_quality.expectations import FailingRow, Outcome, store
from shared.data_quality.expectations.storing import RUNS_WITH_SAMPLES
from shared.monitoring import record_run
from shared.warehouse import Role, Warehouse

NASTY = 'a"; drop schema raw; -- é'


@pytest.fixture
def role() -> Role:
    """Work as the role that may keep what is found."""
    return "transformation"


def failed(name: str, *, table: str = "core.t", rows: int = 2) -> Outcome:
    """Return the outcome of a check that some rows fail."""
    sample = tuple(FailingRow({"id": number}, {NASTY: NASTY, "n": None}) for number in range(rows))
    return Outcome(
        table, name, "in_set", "validity", "error", "failed", 10, rows, "one of a", "some fail", sample=sample
    )


def kept(warehouse: Warehouse, columns: str, table: str = "expectation_row") -> list[tuple[Any, ...]]:
    """Return columns of what is kept."""
    return warehouse.fetch(f"select {columns} from ops.{table} order by {columns.removeprefix('distinct ')}")


def test_outcome_is_kept_with_its_sample(warehouse: Warehouse) -> None:
    """An outcome is kept with everything it says, a failing row as JSON."""
    error = Outcome(
        "core.x", NASTY, "unique", "uniqueness", "warn", "error", 0, None, "unique", "no such table", "make it"
    )
    store(warehouse, "run 1", [failed("a"), error])
    columns = (
        "run_id, relation, name, kind, dimension, severity, status, rows_checked, rows_failed, expected, observed, hint"
    )
    assert kept(warehouse, columns, "expectation") == [
        ("run 1", "core.t", "a", "in_set", "validity", "error", "failed", 10, 2, "one of a", "some fail", None),
        (
            "run 1",
            "core.x",
            NASTY,
            "unique",
            "uniqueness",
            "warn",
            "error",
            0,
            None,
            "unique",
            "no such table",
            "make it",
        ),
    ]
    rows = warehouse.fetch('select name, "position", row_key, row_values from ops.expectation_row order by 2')
    assert [(name, position, json.loads(key), json.loads(values)) for name, position, key, values in rows] == [
        ("a", position, {"id": position}, {NASTY: NASTY, "n": None}) for position in range(2)
    ]


def test_same_run_again_replaces(warehouse: Warehouse) -> None:
    """Storing a run's outcomes again leaves the last ones, and no row of a larger sample before."""
    store(warehouse, "run 1", [failed("a", rows=5), failed("b", rows=1)])
    store(warehouse, "run 1", [failed("a", rows=2)])
    assert kept(warehouse, "name, rows_failed", "expectation") == [("a", 2), ("b", 1)]
    assert kept(warehouse, 'name, "position"') == [("a", 0), ("a", 1), ("b", 0)]
    store(warehouse, "run 1", [])
    assert len(kept(warehouse, "name")) == 3


def test_only_the_last_runs_keep_samples(warehouse: Warehouse) -> None:
    """A table's samples outlive so many runs that check the table; outcomes, and samples of other tables, stay."""
    store(warehouse, "other", [failed("a", table="core.other")])
    runs = []
    for number in range(RUNS_WITH_SAMPLES + 3):
        with record_run(warehouse, step="check", command=str(number)) as run:
            store(warehouse, run.id, [failed("a", rows=1)])
        runs.append((run.id,))
    assert kept(warehouse, "run_id", "expectation") == sorted([("other",), *runs])
    assert kept(warehouse, "distinct run_id") == sorted([("other",), *runs[3:]])


def test_all_or_nothing(warehouse: Warehouse) -> None:
    """When one outcome cannot be kept, none is."""
    broken = Outcome("core.t", "b", "in_set", "validity", "error", "failed", 1, 1, "x", None)  # type: ignore[arg-type]
    try:
        store(warehouse, "run 1", [failed("a"), broken])
    except Exception:
        assert kept(warehouse, "name", "expectation") == []
    else:
        raise AssertionError("an outcome without words was kept")
