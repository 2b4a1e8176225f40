"""The guide, followed to the letter in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from shared.config import Settings
from shared.warehouse import open_warehouse
from shared.warehouse.sql.quoting import literal
from shared.workspace.environments import outer_variables

ROOT = Path(__file__).parents[2]
TITLED_BLOCK = re.compile(r'^```\w+ title="(?P<path>[^"]+)"\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)
UNTITLED_YAML = re.compile(r"^```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    (?P<command>\./pixiw run .*)$", re.MULTILINE)


class Reader:
    """Somebody who follows the guide in a copy of the project, which has environments of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.guide = (ROOT / "docs" / "guide.md").read_text()
        self.settings = Settings(pixi_project_root=root)

    def section(self, title: str) -> str:
        """Return the text of a section."""
        return self.guide.partition(f"## {title}\n")[2].partition("\n## ")[0]

    def write_files(self, section: str) -> None:
        """Write every block that names its file."""
        for block in TITLED_BLOCK.finditer(self.section(section)):
            path = self.root / block["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"])

    def run(self, command: str) -> str:
        """Run a command of the guide and return what it printed."""
        outer = outer_variables(ROOT, os.environ)
        environment = {key: value for key, value in outer.items() if key not in ("DATA_DIR", "WAREHOUSE_URL")}
        environment["LC_ALL"] = "C"
        done = subprocess.run(
            command.split(), cwd=self.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        # The guide's file has a bad row, which `validate` is there to say.
        assert done.returncode == (1 if " validate " in command else 0), f"{command}\n{done.stdout}"
        return done.stdout

    def follow(self, section: str) -> dict[str, str]:
        """Run a section's commands in their order and return what each printed."""
        commands = [match["command"] for match in COMMAND.finditer(self.section(section))]
        return {command: self.run(command) for command in commands}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Copy the project, lend it the demo data of this one, of the sales a part, and load the demo's sources.

    The copy lies where nothing may take the path for plain ASCII, a pattern, or a text in SQL.
    """
    root = tmp_path_factory.mktemp("guide") / "ü mlaut [x] o'clock"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".pixi", "data", "site", "target"))
    landing = Settings().landing_dir
    assert landing.is_dir(), "the demo data is missing: ./pixiw run demo-data"
    shutil.copytree(landing, root / "data" / "landing", copy_function=os.link)
    sales = root / "data" / "landing" / "pos" / "transactions.parquet"
    sales.unlink()
    part = f"select * from '{landing}/pos/{sales.name}' where household_id % 20 = 0"
    duckdb.sql(f"copy ({part}) to {literal(str(sales))}")
    shutil.copytree(landing.parent / "demo", root / "data" / "demo", copy_function=os.link)
    reader = Reader(root)
    for environment in ("ingress", "transformation"):
        reader.run(f"./pixiw install -e {environment}")
        lend_bytecode(root, environment)
    reader.run("./pixiw run -e ingress demo-ingest")
    return reader


def lend_bytecode(root: Path, environment: str) -> None:
    """Link what Python has compiled of this project's packages: those of the copy are the same files."""
    ours, theirs = (each / ".pixi" / "venvs" / environment for each in (ROOT, root))
    for compiled in ours.glob("lib/**/__pycache__"):
        package = theirs / compiled.parent.relative_to(ours)
        if package.is_dir() and not (package / compiled.name).exists():
            shutil.copytree(compiled, package / compiled.name, copy_function=os.link)


def test_a_source_and_a_model_are_added_as_the_guide_says(reader: Reader) -> None:
    """Following the guide loads two suppliers, holds back the third, and builds a tested model on them.

    Beside it is built what `new-source` has written of a file, whose names are never code to dbt.
    """
    reader.write_files("Add a source")
    reader.follow("Add a source")
    with open_warehouse(reader.settings, holder="test") as warehouse:
        assert warehouse.fetch("select supplier_id from raw.suppliers order by 1") == [("S-1",), ("S-3",)]
        held = warehouse.fetch("select origin, reason from ops.quarantine where source = 'suppliers'")
    assert [origin for origin, _ in held] == ["landing/suppliers/suppliers.csv"]
    assert "lead_time_days" in held[0][1]

    (reader.root / "orders.csv").write_text(
        'order_id,yes,{{ x }},order,"a: b"\n1,2026-01-31,1.50,x,\n2,2026-02-01,2.00,y,z\n'
    )
    reader.run("./pixiw run -e ingress new-source shop --from orders.csv")
    reader.run("./pixiw run -e ingress ingest --source shop")

    sources = reader.root / "projects/transformation/models/ingress/staging/_raw__sources.yml"
    added = UNTITLED_YAML.search(reader.section("Add a model"))
    assert added is not None
    sources.write_text(sources.read_text().rstrip("\n") + "\n" + added["text"])
    reader.write_files("Add a model")
    reader.follow("Add a model")
    with open_warehouse(reader.settings, holder="test") as warehouse:
        assert warehouse.fetch("select supplier_name from staging.stg_suppliers order by 1") == [
            ("Hill Coffee",),
            ("Northern Dairy",),
        ]
        assert warehouse.fetch("select order_id, _xx, order_value, a_b from staging.stg_shop__orders order by 1") == [
            (1, Decimal("1.50"), "x", None),
            (2, Decimal("2.00"), "y", "z"),
        ]
