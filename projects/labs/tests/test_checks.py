"""What Dagster has of a lab's checks; it stands here as the two variables and the file that Dagster Pipes works by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import RunLab
from dagster_pipes import encode_param

from shared.config.labs import Lab

CONTEXT: dict[str, Any] = {"asset_keys": None, "extras": {}, "run_id": "1", "retry_number": 0, "job_name": "labs"}
UNIQUE = "unique_slv_stores_store"
SUITE = """version: 1
tables:
  silver.slv_stores:
    key: [store]
    expect:
      - in_range: {column: area, maximum: 15}
      - row_count: {minimum: 3}
        severity: warn
      - not_null: {columns: [store]}
"""


class Told:
    """Runs steps of a lab and returns what Dagster was told of the checks of each, by step and name."""

    def __init__(self, run_lab: RunLab, lab: Lab, folder: Path) -> None:
        self.run_lab, self.lab, self.messages = run_lab, lab, folder / "messages"

    def __call__(self, *steps: str, expect: int) -> dict[str, dict[str, Any]]:
        """Run the steps, which end with the exit code `expect`."""
        self.messages.unlink(missing_ok=True)
        self.run_lab(
            self.lab.name,
            *steps,
            expect=expect,
            DAGSTER_PIPES_CONTEXT=encode_param({"data": CONTEXT}),
            DAGSTER_PIPES_MESSAGES=encode_param({"path": str(self.messages)}),
        )
        lines = [json.loads(line) for line in self.messages.read_text().splitlines()]
        payloads = [line["params"]["payload"] for line in lines if line["method"] == "report_custom_message"]
        runs = [payload["run"] for payload in payloads if "run" in payload]
        return {run["step"]: {check["name"]: check for check in run["checks"]} for run in runs}


@pytest.fixture
def told(run_lab: RunLab, stores: Lab, tmp_path: Path) -> Told:
    """Return what runs steps of the lab with the two stores."""
    return Told(run_lab, stores, tmp_path)


def test_dagster_is_told_of_every_check(told: Told, stores: Lab) -> None:
    """dbt's tests and the expectations are told by name, relation and status, those that pass and those that do not.

    A lab's YAML may ask for a key of several columns by the test that every dbt project of the platform has.
    """
    models = stores.folder / "models" / "silver" / "_silver.yml"
    key = "    data_tests: [{unique_combination: {name: key, arguments: {columns: [store, opened]}}}]\n"
    models.write_text(models.read_text().replace("    columns:\n", f"{key}    columns:\n", 1))
    built = told("load", "transform", expect=0)["transform"]
    assert built["key"]["status"] == "passed"
    assert (built[UNIQUE]["relation"], built[UNIQUE]["status"]) == ("silver.slv_stores", "passed")
    (stores.folder / "expectations.yml").write_text(SUITE)
    tested = told("test", expect=1)["test"]
    assert {name: check["status"] for name, check in tested.items() if name in built} == dict.fromkeys(built, "passed")
    area = tested["in_range: area"]
    assert (area["relation"], area["status"], area["severity"]) == ("silver.slv_stores", "failed", "error")
    assert (area["failed_rows"], area["description"]) == (1, "`area` up to 15")
    assert (tested["row_count"]["status"], tested["row_count"]["severity"]) == ("warned", "warn")
    assert tested["not_null: store"]["status"] == "passed"


def test_dagster_is_told_of_a_test_that_stops_the_build(told: Told, stores: Lab) -> None:
    """A dbt test that fails, and so the step, is told with the number of rows that it has found."""
    with (stores.raw_dir / "stores.csv").open("a") as file:
        file.write("S2,2022-01-01,1.00\n")
    failed = [
        check for check in told("load", "transform", expect=1)["transform"].values() if check["status"] == "failed"
    ]
    assert failed
    assert all(check["failed_rows"] == 1 and check["relation"] for check in failed)
