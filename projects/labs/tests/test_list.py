"""What `list --json` and `manifest` tell other programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LABS, Labs

from shared.config.labs import read_registry

ROOT = LABS.parents[1]
PROGRAM = """
import sys
from labs.cli import main
main(["list", "--json"])
print({"dbt", "pandas", "statsforecast"} & set(sys.modules) or "none", file=sys.stderr)
"""


def test_labs_are_listed_for_programs() -> None:
    """Each lab has its paths, its raw tables and its expectations, as they are declared; dbt is not imported."""
    environment = {name: value for name, value in os.environ.items() if name != "LABS_DIR"}
    environment["PIXI_PROJECT_ROOT"] = str(ROOT)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment)
    assert done.stderr == "none\n"
    listed = json.loads(done.stdout)
    assert listed["version"] == 1
    labs = {lab["name"]: lab for lab in listed["labs"]}
    assert labs["lab2_forecast_model"]["environment"] == "lab-forecast"
    lab = labs["lab1_sales_performance"]
    folder = "projects/labs/lab1_sales_performance"
    paths = [lab[name] for name in ("folder", "database", "raw_dir", "manifest")]
    data = f"{folder}/data"
    assert paths == [folder, f"{data}/lab1_sales_performance.duckdb", f"{data}/raw", f"{folder}/target/manifest.json"]
    assert lab["raw"][0] == {
        "name": "transactions",
        "relation": "raw.transactions",
        "description": "Lines of sale; a product is at most once in a basket.",
        "files": ["transactions.csv", "transactions/*.csv"],
        "fetched": False,
        "settings": {},
    }
    assert lab["expectations"][-1] == {
        "name": "lift that can be believed",
        "relation": "gold.promotion_lift",
        "description": "`lift` up to 20",
        "severity": "warn",
    }
    for each in labs.values():
        described = [each, *each["raw"], *each["expectations"]]
        assert all(part["description"] for part in described)


@pytest.mark.slow
def test_manifest_of_a_lab_of_another_environment(
    labs: Labs, labs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`manifest` parses a lab in any environment, also without its libraries and its database, and prints the file."""
    assert labs("manifest", "lab2_forecast_model") == 0
    lab = read_registry()["lab2_forecast_model"]
    assert capsys.readouterr().out == f"{lab.manifest}\n"
    nodes = json.loads(lab.manifest.read_text(encoding="utf-8"))["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model"]
    assert {model["language"] for model in models} == {"sql", "python"}
    assert all(model["description"] for model in models)
    assert not lab.database.exists()
