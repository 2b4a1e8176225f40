"""What `list` tells people and other programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from entity_resolution.cli import main
from entity_resolution.engine.quality import compare_with_truth, count_entities
from entity_resolution.entities.customer import ENTITY as CUSTOMER

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from entity_resolution.cli import main
main(["list", "--json"])
print({"splink", "pandas", "psycopg2"} & set(sys.modules) or "none", file=sys.stderr)
"""


def test_tables_are_listed_for_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read and written has its key and description; Splink is not imported, no warehouse is made."""
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.delenv("DATA_DIR", raising=False)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stderr == "none\n"
    assert list(tmp_path.iterdir()) == []
    listed = json.loads(done.stdout)
    assert listed["version"] == 2
    customer = listed["entities"][0]
    assert (customer["name"], customer["reads"]) == ("customer", ["core.dim_customer"])
    assert {table["relation"]: table["key"] for table in customer["writes"]} == {
        "master.customer_xref": ["party_id"],
        "master.golden_customer": ["entity_id"],
        "master.customer_provenance": ["entity_id", "field"],
        "master.customer_history": ["entity_id", "present_id"],
        "master.customer_event": ["revision", "entity_id", "event"],
        "master.customer_former_member": ["entity_id", "party_id"],
    }
    assert {table["relation"]: table["key"] for table in listed["shared"]["writes"]} == {
        "master.resolution_quality": ["entity", "measure"],
        "master.resolution_size": ["entity", "party_count", "source_systems"],
        "master.resolution_run": ["entity"],
    }
    assert all(
        each["description"] for each in [*customer["writes"], *customer["measures"], *listed["shared"]["writes"]]
    )
    assert all((ROOT / each["code"]).is_file() for each in (customer, listed["shared"]))


def test_every_measure_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that a run with a truth measures is in the list, and nothing else; people get the same."""
    truth = tmp_path / "truth.csv"
    truth.write_text("customer_id,member_id\n1,1\n")
    xref = pa.table({"party_id": ["crm:1", "loyalty:1"], "entity_id": ["1", "1"], "source_system": ["crm", "loyalty"]})
    measured = count_entities(xref) | compare_with_truth(CUSTOMER, xref, truth)
    main(["list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert {measure["name"] for measure in listed["entities"][0]["measures"]} == set(measured)
    main(["list"])
    told = capsys.readouterr().out
    assert all(f"  {name}: " in told for name in measured)
    assert all(table["relation"] in told for table in listed["entities"][0]["writes"])
