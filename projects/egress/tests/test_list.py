"""What `list --json` tells other programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from egress.targets import all_targets
from shared.monitoring.lineage import Dataset

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from egress.cli import main
main(["list", "--json"])
print({"dlt", "requests", "psycopg2"} & set(sys.modules) or "none", file=sys.stderr)
"""


def test_targets_are_listed_for_programs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target names its model, code and settings, set or not; what sends is not imported, no warehouse is made."""
    monkeypatch.setenv("CRM_API_URL", "http://127.0.0.1:1")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stderr == "none\n"
    assert not (project / "data").exists()
    listed = json.loads(done.stdout)
    assert listed["version"] == 1
    targets = {target["name"]: target for target in listed["targets"]}
    models = {name: (target["model"], target["required_settings"]) for name, target in targets.items()}
    assert models == {
        "files": ("egress.customer_360", []),
        "table": ("egress.customer_360", ["TABLE_TARGET_URL"]),
        "crm": ("egress.retl_crm_customers", ["CRM_API_URL"]),
    }
    assert targets["crm"]["form"] == "changed rows to `POST $CRM_API_URL/customers/batch`"
    assert targets["crm"]["description"].startswith("Sends the CRM the customers whose content differs")
    assert all((ROOT / target["code"]).is_file() for target in targets.values())


def test_each_target_names_where_it_delivers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target is files, a table or an address, named without login and query."""
    monkeypatch.setenv("CRM_API_URL", "https://me:secret@crm.example/v1")
    monkeypatch.setenv("TABLE_TARGET_URL", "postgresql://me:secret@db.example:5433/crm")
    crm, files, table = (target.datasets() for target in all_targets())
    folder = project / "data" / "exports"
    assert files == tuple(Dataset("file", f"{folder}/customer_360.{form}") for form in ("parquet", "csv"))
    assert table == (Dataset("postgres://db.example:5433", "crm.public.customer_360"),)
    assert crm == (Dataset("https://crm.example", "/v1/customers"),)
