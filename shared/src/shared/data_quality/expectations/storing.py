"""What is kept of checks in `ops`: every outcome, and samples of the rows that failed in a table's last runs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from shared.data_quality.expectations.outcomes import Outcome
from shared.monitoring import Run
from shared.monitoring.history import RUN_ORDER
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

OUTCOMES = "ops.expectation"
ROWS = "ops.expectation_row"
# Of each table, the samples of so many runs are kept; rows hold people's data, outcomes do not.
RUNS_WITH_SAMPLES = 10
TEXTS = ("kind", "dimension", "severity", "status", "expected", "observed", "hint", "distribution")
COUNTS = ("rows_checked", "rows_failed")
KEY = [(name, pa.string()) for name in ("run_id", "relation", "name")]
OUTCOME_SCHEMA = pa.schema(
    KEY
    + [(name, pa.string()) for name in TEXTS]
    + [(name, pa.int64()) for name in COUNTS]
    + [("checked_at", pa.timestamp("us"))]
)
ROW_SCHEMA = pa.schema([*KEY, ("position", pa.int32()), ("row_key", pa.string()), ("row_values", pa.string())])


def note_checks(run: Run, outcomes: Sequence[Outcome]) -> None:
    """Note the outcomes as checks of the run, for whoever is told of it."""
    for outcome in outcomes:
        run.check(
            outcome.name,
            relation=outcome.table,
            status=outcome.status,
            severity=outcome.severity,
            description=outcome.expected,
            observed=outcome.observed,
            hint=outcome.hint,
            rows=outcome.rows_checked,
            failed_rows=outcome.rows_failed,
        )


def store(warehouse: Warehouse, run_id: str, outcomes: Sequence[Outcome]) -> None:
    """Keep the outcomes of a run with their samples, in one transaction; those of the same run are replaced.

    The samples of a table's earlier runs are dropped, but for the last `RUNS_WITH_SAMPLES` that have checked it.
    """
    now = utc_now()
    records = [
        {
            **{name: getattr(outcome, name) for name in ("name", *TEXTS, *COUNTS)},
            "run_id": run_id,
            "relation": outcome.table,
            "checked_at": now,
        }
        for outcome in outcomes
    ]
    rows = [
        {
            "run_id": run_id,
            "relation": outcome.table,
            "name": outcome.name,
            "position": position,
            "row_key": json.dumps(row.key, ensure_ascii=False),
            "row_values": json.dumps(row.values, ensure_ascii=False),
        }
        for outcome in outcomes
        for position, row in enumerate(outcome.sample)
    ]
    samples = {(outcome.table, outcome.name): len(outcome.sample) for outcome in outcomes}
    with warehouse.transaction():
        before = warehouse.fetch(
            f"select relation, name, count(*) from {ROWS} where run_id = $1 group by relation, name", [run_id]
        )
        warehouse.merge_arrow(
            OUTCOMES, pa.Table.from_pylist(records, OUTCOME_SCHEMA), key=("run_id", "relation", "name")
        )
        warehouse.merge_arrow(
            ROWS, pa.Table.from_pylist(rows, ROW_SCHEMA), key=("run_id", "relation", "name", "position")
        )
        for table, name, count in before:
            if count > samples.get((table, name), count):
                warehouse.execute(
                    f'delete from {ROWS} where run_id = $1 and relation = $2 and name = $3 and "position" >= $4',
                    [run_id, table, name, samples[table, name]],
                )
        for table in {table for table, _ in samples}:
            warehouse.execute(
                f"delete from {ROWS} where relation = $1 and run_id in (select run_id from {RUN_ORDER} as run "
                f"where run_id in (select run_id from {OUTCOMES} where relation = $1) order by place desc offset $2)",
                [table, RUNS_WITH_SAMPLES],
            )


def stored_distribution(warehouse: Warehouse, table: str, name: str) -> str | None:
    """Return how values were spread when a check last passed; None where it never has, or nothing is kept."""
    if not warehouse.table_exists(OUTCOMES):
        return None
    rows = warehouse.fetch(
        f"select distribution from {OUTCOMES} as outcome join {RUN_ORDER} as run using (run_id) "
        "where relation = $1 and name = $2 and outcome.status = 'passed' and distribution is not null "
        "order by run.place desc limit 1",
        [table, name],
    )
    return str(rows[0][0]) if rows else None
