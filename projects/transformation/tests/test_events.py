"""What `build --events` prints for a program that follows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from platforms import Platform

RESULTS = ("LogModelResult", "LogSnapshotResult", "LogTestResult")


def build(platform: Platform, *arguments: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Build with events, and return the exit code, dbt's result of each node by its name, and standard error.

    A line on standard output that is not JSON fails the test.
    """
    done = subprocess.run(
        [sys.executable, "-m", "transformation", "build", *arguments, "--events"],
        env={**os.environ, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, results_in(done.stdout), done.stderr


def results_in(printed: str) -> dict[str, dict[str, Any]]:
    """Return dbt's result of each node by its name."""
    events = [json.loads(line) for line in printed.splitlines()]
    return {e["data"]["node_info"]["node_name"]: e["data"] for e in events if e["info"]["name"] in RESULTS}


def test_every_model_and_test_is_an_event(on_core: Platform) -> None:
    """Standard output has dbt's result of each node that the ledger counts, and nothing that is not an event."""
    code, results, err = build(on_core, "core", "--select", "+dim_store dim_date", "--exclude", "stg_pos__products")
    assert code == 0, err
    kinds = {name: data["node_info"]["resource_type"] for name, data in results.items()}
    (last,) = on_core.sql("select run_id, status from ops.run order by sequence desc limit 1")
    assert last[1] == "succeeded"
    outputs = on_core.sql(f"select relation from ops.run_output where run_id = '{last[0]}'")
    assert {relation.partition(".")[2] for (relation,) in outputs} == {
        n for n, kind in kinds.items() if kind == "model"
    }
    assert {"dim_store", "dim_date"} <= kinds.keys()
    assert "stg_pos__products" not in kinds
    passed = f"select value from ops.run_metric where run_id = '{last[0]}' and name = 'tests_passed'"
    assert on_core.sql(passed) == [(float(list(kinds.values()).count("test")),)]
    assert "nodes" not in err


def test_a_failed_test_is_an_event(on_core: Platform) -> None:
    """A test that fails is an event that says so; the command ends as without events, its error on standard error."""
    on_core.insert_copies("raw.crm_customers", "where customer_id = 'C-00007'")
    done = on_core.transform("build", "core", "--select", "stg_crm__customers", "--events")
    results = results_in("\n".join(line for line in done.err.splitlines() if line.startswith("{")))
    assert done.code == 1
    failed = results["unique_stg_crm__customers_customer_id"]
    assert (failed["status"], failed["num_failures"]) == ("fail", 1)
    assert "error: 1 of " in done.err
    assert "hint: correct the data or the model" in done.err
