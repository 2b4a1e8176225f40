"""The run ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.monitoring import record_run
from shared.warehouse import Warehouse, quote


def status(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Return step and status of each run, oldest first."""
    return warehouse.fetch("select step, status from ops.run order by sequence")


def test_run_with_output_and_metric_succeeds(warehouse: Warehouse) -> None:
    """A run that ends well has its outputs and metrics beside it; a second note of the same output replaces it."""
    with record_run(warehouse, step="ingest", command="run") as run:
        run.output("raw.t", rows=1)
        run.output("raw.t", rows=2, detail={"file": "a.csv"})
        run.metric("f1", 0.5)
    assert status(warehouse) == [("ingest", "succeeded")]
    assert warehouse.fetch("select relation, row_count, detail from ops.run_output") == [
        ("raw.t", 2, '{"file": "a.csv"}')
    ]
    assert warehouse.fetch("select name, value from ops.run_metric") == [("f1", 0.5)]


def test_output_has_the_size_of_its_table(warehouse: Warehouse) -> None:
    """Where the engine tells a table's size, the output has it, whatever the table's name; the ledger does not."""
    name = 'raw.a"; drop schema raw; --'
    warehouse.execute(f"create table {quote(name)} (a int)")
    warehouse.execute(f"insert into {quote(name)} values (1)")
    warehouse.execute("create view raw.v as select 1 as a")
    with record_run(warehouse, step="ingest", command="run") as run:
        for relation in (name, "raw.v", "crm"):
            run.output(relation, rows=1)
    assert ("bytes" in run.outputs[name]) == (warehouse.engine == "postgres")
    assert run.outputs["raw.v"] == run.outputs["crm"] == {"rows": 1, "detail": {}}
    assert warehouse.fetch("select distinct detail from ops.run_output") == [("{}",)]


def test_failed_run_keeps_its_error(warehouse: Warehouse) -> None:
    """A run whose body raises is `failed`, with the error, and the exception goes on."""
    with pytest.raises(ValueError, match="no"), record_run(warehouse, step="ingest", command="run"):
        raise ValueError("no")
    assert warehouse.fetch("select status, error from ops.run") == [("failed", "ValueError: no")]


def test_interrupt_that_a_library_wrapped_is_no_failure(warehouse: Warehouse) -> None:
    """A run that Ctrl-C has ended is `interrupted`, also where a library has made an error of its own of it."""
    with pytest.raises(RuntimeError), record_run(warehouse, step="resolve", command="run"):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise RuntimeError("Query interrupted") from error
    assert status(warehouse) == [("resolve", "interrupted")]


def test_killed_run_becomes_interrupted(warehouse: Warehouse) -> None:
    """A run that never got to say how it ended is `interrupted` once another of its role begins."""
    killed = record_run(warehouse, step="ingest", command="run")
    killed.__enter__()
    with record_run(warehouse, step="resolve", command="run"):
        assert status(warehouse) == [("ingest", "interrupted"), ("resolve", "running")]


def test_events_are_logged_as_json_lines(warehouse: Warehouse, project: Path) -> None:
    """Each event of a run is one JSON object in the day's log."""
    with record_run(warehouse, step="ingest", command="run") as run:
        run.output("raw.t", rows=3)
    (log,) = (project / "data" / "logs").glob("*.jsonl")
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["event"] for event in events] == ["run started", "output", "run succeeded"]
    assert {event["run"] for event in events} == {run.id}


def test_log_that_cannot_be_written_stops_nothing(warehouse: Warehouse, project: Path) -> None:
    """Where the log's folder cannot be made, the work goes on."""
    (project / "data").mkdir(exist_ok=True)
    (project / "data" / "logs").write_text("a file where the folder should be")
    with record_run(warehouse, step="ingest", command="run"):
        pass
    assert status(warehouse) == [("ingest", "succeeded")]
