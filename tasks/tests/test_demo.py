"""The demo as a whole, on all of the real data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.config import Settings
from shared.warehouse import open_warehouse

ROOT = Path(__file__).parents[2]
SALES = (1_469_307, "4596039.58")


class Demo:
    """A demo in a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.settings = Settings(
            pixi_project_root=ROOT, data_dir=data, warehouse_url=f"duckdb:///{data}/warehouse.duckdb"
        )

    def run(self) -> str:
        """Run the demo and return what it printed."""
        environment = {**os.environ, "DATA_DIR": str(self.data), "WAREHOUSE_URL": ""}
        done = subprocess.run(
            ["./pixiw", "run", "demo"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse."""
        with open_warehouse(self.settings, holder="test") as warehouse:
            return warehouse.fetch(sql)

    def received(self) -> dict[str, Any]:
        """Return what the demo CRM has received."""
        content: dict[str, Any] = json.loads((self.data / "demo" / "crm_received.json").read_text())
        return content


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Run the demo once, on the demo data that is here."""
    data = tmp_path_factory.mktemp("demo")
    here = Settings().data_dir
    assert (here / "landing").is_dir(), "the demo data is missing: ./pixiw run demo-data"
    shutil.copytree(here / "landing", data / "landing", copy_function=os.link)
    shutil.copytree(here / "demo", data / "demo", ignore=shutil.ignore_patterns("crm_received*", ".*"))
    demo = Demo(data)
    demo.run()
    return demo


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("raw.pos_transactions", "count(*)"),
        ("core.fct_sales", "count(*)"),
        ("egress.rpt_weekly_sales", "sum(transactions)"),
    ],
)
def test_all_sales_are_in_every_layer(demo: Demo, table: str, lines: str) -> None:
    """Raw, core and the weekly report hold the same 1,469,307 transaction lines worth 4,596,039.58."""
    sql = f"select cast({lines} as bigint), cast(cast(sum(sales_value) as decimal(18, 2)) as varchar) from {table}"
    assert demo.fetch(sql) == [SALES]


def test_persons_are_found(demo: Demo) -> None:
    """Entity resolution finds the 5,000 persons that both systems know with an F1 of at least 0.99."""
    measures = dict(demo.fetch("select name, value from ops.run_metric inner join ops.run using (run_id)"))
    assert measures["f1"] >= 0.99


def test_bad_rows_are_held_back_and_named(demo: Demo) -> None:
    """The six defects of the demo's CSV file are in quarantine, and nothing else is."""
    held = demo.fetch("select origin, count(*) from ops.quarantine where resolved_at is null group by origin")
    assert held == [("landing/crm/customers_manual.csv", 6)]


def test_results_are_delivered(demo: Demo) -> None:
    """The exported file has a row for each entity, and the CRM has each of its customers."""
    (entities,) = demo.fetch("select count(*) from master.golden_customer")[0]
    assert pq.read_metadata(demo.data / "exports" / "customer_360.parquet").num_rows == entities
    (customers,) = demo.fetch("select count(*) from raw.crm_customers")[0]
    assert len(demo.received()["customers"]) == customers


def test_second_demo_sends_nothing(demo: Demo) -> None:
    """Run again with nothing new, the demo loads no file, makes no entity anew and sends the CRM no request."""
    before = (demo.data / "demo" / "crm_received.json").stat().st_mtime_ns
    printed = demo.run()
    assert "pos.transactions: unchanged" in printed
    assert "nothing new: parties, model and settings are those of the last run" in printed
    assert "send       0 (0 new, 0 changed)" in printed
    assert (demo.data / "demo" / "crm_received.json").stat().st_mtime_ns == before
