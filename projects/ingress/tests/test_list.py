"""What `list --json` tells other programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ingress.source import Source
from ingress.sources import SOURCES, by_source
from shared.config import get_settings
from shared.errors import ConfigurationError
from shared.monitoring.lineage import Dataset

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from ingress.__main__ import main
main(["list", "--json"])
print({"dlt", "requests", "sqlalchemy", "psycopg2"} & set(sys.modules) or "none", file=sys.stderr)
"""


def test_sources_are_listed_for_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each source names its settings and code, each resource its table and where its files are dropped; nothing of
    what loads is imported, and no warehouse is made.
    """
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ERP_URL", "postgresql://127.0.0.1:1/erp")
    monkeypatch.delenv("LOYALTY_API_URL", raising=False)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stderr == "none\n"
    assert list(tmp_path.iterdir()) == []
    listed = json.loads(done.stdout)
    assert listed["version"] == 1
    sources = {source["name"]: source for source in listed["sources"]}
    assert list(sources) == list(SOURCES)
    settings = {name: source["required_settings"] for name, source in sources.items()}
    demo = {"pos": [], "crm": [], "loyalty": ["LOYALTY_API_URL"], "erp": ["ERP_URL"], "supplier": []}
    assert {name: settings[name] for name in demo} == demo
    for source in sources.values():
        assert (ROOT / source["code"]).is_file()
        assert all([source["description"], *(resource["description"] for resource in source["resources"])])
    (customers,) = sources["crm"]["resources"]
    assert customers.pop("description").startswith("A customer as the CRM exports them")
    assert customers == {
        "name": "customers",
        "relation": "raw.crm_customers",
        "key": ["customer_id"],
        "contract": "evolve",
        "on_request": False,
        "required": True,
        "where": "landing/crm/*.csv",
        "drop_folder": "landing/crm",
        "pattern": "*.csv",
    }
    (transactions,) = (r for r in sources["pos"]["resources"] if r["name"] == "transactions")
    assert (transactions["drop_folder"], transactions["pattern"]) == ("landing/pos", "transactions.parquet")
    (members,) = sources["loyalty"]["resources"]
    assert (members["drop_folder"], members["where"]) == (None, "$LOYALTY_API_URL/members")
    assert [r["name"] for r in sources["pos"]["resources"] if r["on_request"]] == ["promotions"]


def test_each_table_names_what_it_is_made_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of raw is made from a file, a folder, an address or a table, named without login and query."""
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ERP_URL", "postgresql://me:secret@db.example/erp")
    monkeypatch.setenv("LOYALTY_API_URL", "https://me:secret@loyalty.example/v1/")
    made = {}
    for name in ("pos", "crm", "loyalty", "erp"):
        resource = SOURCES[name].resources[0]
        origin = resource.origin(get_settings(), ["extra"])
        made[name] = origin.inputs
        assert origin.columns == {column: column for column in [*resource.model.model_fields, "extra"]}
    landing = str(tmp_path / "data" / "landing")
    assert made == {
        "pos": (Dataset("file", f"{landing}/pos/transactions.parquet"),),
        "crm": (Dataset("file", f"{landing}/crm"),),
        "loyalty": (Dataset("https://loyalty.example", "/v1/members"),),
        "erp": (Dataset("postgres://db.example:5432", "erp.erp.suppliers"),),
    }


def test_module_without_a_source_of_its_own_is_an_error() -> None:
    """What stands among the sources has one, and no two have the same."""
    first, second, none = ModuleType("first"), ModuleType("second"), ModuleType("none")
    first.SOURCE = second.SOURCE = Source("pos", ())  # type: ignore[attr-defined]
    assert by_source({"first": first}) == {"pos": first}
    with pytest.raises(ConfigurationError, match="two sources are called `pos`: `second`, `first`"):
        by_source({"first": first, "second": second})
    with pytest.raises(ConfigurationError, match="a module of sources without a `SOURCE`: `none`"):
        by_source({"none": none})
