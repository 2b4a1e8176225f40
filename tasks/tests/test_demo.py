"""The demo as a whole, on all of the real data."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.config import Settings
from shared.postgres.server import LocalServer, free_port
from shared.testing.collector import Collector, serving_collector
from shared.testing.engines import Engine
from shared.testing.once import make_once
from shared.warehouse import open_warehouse
from shared.workspace.environments import outer_variables

ROOT = Path(__file__).parents[2]
SALES = (1_469_307, "4596039.58")
# As for users, though other suites run beside it.
pytestmark = pytest.mark.all_cores
ENGINES = [
    pytest.param(engine, marks=pytest.mark.xdist_group(f"demo on {engine}")) for engine in ("duckdb", "postgres")
]


class Demo:
    """A demo in a data folder of its own, on DuckDB or on a PostgreSQL server there."""

    def __init__(self, data: Path, engine: Engine, collector: Collector) -> None:
        self.data = data
        self.engine = engine
        self.collector = collector
        self.server = LocalServer(data / "postgres17")
        self.port = free_port()
        self.printed = ""

    @property
    def settings(self) -> Settings:
        """The settings of whoever looks at the warehouse."""
        urls = {
            "duckdb": f"duckdb:///{self.data}/warehouse.duckdb",
            "postgres": f"postgresql://127.0.0.1:{self.port}/warehouse",
        }
        return Settings(pixi_project_root=ROOT, data_dir=self.data, warehouse_url=urls[self.engine])

    def run(self) -> str:
        """Run the demo and return what it printed."""
        return self.task(*{"duckdb": ("default", "demo"), "postgres": ("postgres", "demo-postgres")}[self.engine])

    def task(self, environment: str, line: str) -> str:
        """Run a task with its arguments and return what it printed."""
        ours = {"DATA_DIR": str(self.data), "WAREHOUSE_URL": "", "ERP_URL": "", "POSTGRES_PORT": str(self.port)}
        ours["OPENLINEAGE_URL"] = self.collector.url
        # A busy machine is no reason to tell less here.
        ours["OPENLINEAGE_SECONDS"] = "60"
        done = subprocess.run(
            ["./pixiw", "run", "-e", environment, *line.split()],
            cwd=ROOT,
            env={**outer_variables(ROOT, os.environ), **ours},
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

    @property
    def page(self) -> Path:
        """The page of the reports."""
        return self.data / "reports" / "index.html"

    def received(self) -> dict[str, Any]:
        """Return what the demo CRM has received."""
        content: dict[str, Any] = json.loads((self.data / "demo" / "crm_received.json").read_text())
        return content


@pytest.fixture(scope="module", params=ENGINES)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run the demo once on each engine, on the demo data that is here."""
    data = tmp_path_factory.mktemp("demo")
    here = Settings().data_dir
    assert (here / "landing").is_dir(), "the demo data is missing: ./pixiw run demo-data"
    shutil.copytree(here / "landing", data / "landing", copy_function=os.link)
    shutil.copytree(here / "demo", data / "demo", ignore=shutil.ignore_patterns("crm_received*", ".*"))
    # As an earlier version has left it.
    data.chmod(0o755)
    with serving_collector() as collector:
        demo = Demo(data, request.param, collector)
        demo.printed = demo.run()
        assert demo.server.pid is None, "the demo leaves a server running that it has started"
        if demo.engine == "postgres":
            demo.server.start(demo.port)
        yield demo
        demo.server.stop()


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


@pytest.mark.parametrize(("entity", "precision", "f1"), [("customer", 0.999, 0.99), ("product", 0.99, 0.96)])
def test_what_is_the_same_is_found(demo: Demo, entity: str, precision: float, f1: float) -> None:
    """Entity resolution finds the 5,000 persons that both systems know, and the 6,484 products of the supplier's list;
    the demo prints both."""
    sql = f"select measure, value from master.resolution_quality where entity = '{entity}'"
    measures = dict(demo.fetch(sql))
    assert (measures["precision"] >= precision, measures["f1"] >= f1) == (True, True), measures
    assert f"{entity} quality: precision {measures['precision']:.4f}, recall {measures['recall']:.4f}" in demo.printed
    assert f"run --entity {entity}" in demo.printed


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


def test_nobody_else_can_read_what_the_demo_makes(demo: Demo) -> None:
    """Nothing under the data folder is open to another user, what lay there before included."""
    found = subprocess.run(["find", demo.data, "-perm", "/077"], capture_output=True, text=True, check=True)
    assert found.stdout == ""


def test_collector_is_told_of_every_step(demo: Demo) -> None:
    """A collector of lineage gets each run of the ledger, and each relation that it wrote with its rows and origin."""
    events = [event for event in demo.collector.events if event["eventType"] != "START"]
    told = {event["run"]["runId"]: event["job"]["name"] for event in events}
    for run, step in demo.fetch("select run_id, step from ops.run where status = 'succeeded'"):
        assert told[run] == step
    rows = {
        (event["run"]["facets"]["parent"]["run"]["runId"], event["job"]["name"]): {
            dataset["outputFacets"]["outputStatistics"]["rowCount"] for dataset in event["outputs"]
        }
        for event in events
        if event["outputs"]
    }
    written = "select run_id, step, relation, row_count from ops.run_output inner join ops.run using (run_id)"
    written += " where not starts_with(detail, '{\"left_out\": ')"
    assert rows == {(run, f"{step}.{relation}"): {count} for run, step, relation, count in demo.fetch(written)}
    from_nothing = {event["job"]["name"] for event in events if event["outputs"] and not event["inputs"]}
    seeds = {"transform.staging.measured_products", "transform.staging.states"}
    assert from_nothing == seeds, "only what is in the repository itself is made from nothing"


@pytest.mark.parametrize(
    ("job", "column", "sources"),
    [
        ("ingest.raw.crm_customers", "surname", ["crm: surname"]),
        ("transform.staging.cnf_products", "product_id", ["staging.cln_products: product_id"]),
        ("resolve.master.golden_customer", "crm_customer_id", ["core.dim_customer: source_id"]),
        ("resolve.master.golden_product", "supplier_item_no", ["core.dim_product_listing: source_id"]),
        ("deliver.crm", "customer_id", ["egress.retl_crm_customers: customer_id"]),
        ("report.reporting.rpt_entity_sizes", "party_count", ["master.resolution_size: party_count"]),
    ],
)
def test_collector_is_told_where_columns_come_from(demo: Demo, job: str, column: str, sources: list[str]) -> None:
    """A collector of lineage hears, at every step, which columns of the inputs a column comes from."""
    dataset = demo.collector.last(job)["outputs"][0]
    fields = dataset["facets"]["columnLineage"]["fields"][column]["inputFields"]
    found = [f"{field['name'].removeprefix('warehouse.').rpartition('/')[2]}: {field['field']}" for field in fields]
    assert found == sources


def test_report_holds_all_sales_and_nobody(demo: Demo) -> None:
    """In the page of the reports are all sales, and no name, address, birth date or number of a person."""
    found = re.search(r'id="report">(.*?)</script>', demo.page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    tile = data["tiles"]["sales-performance--sales-total"]
    aggregate, column = tile["fields"][0]["value"]
    sales = data["datasets"][tile["dataset"]]["columns"][column]
    assert (aggregate, sum(sales["numbers"]), sales["divisor"]) == ("sum", 459_603_958, 100)
    shown = {
        str(value).lower()
        for dataset in data["datasets"]
        for column in dataset["columns"]
        for value in column.get("values", [])
    }
    for name in ("given_name", "surname", "address_1", "address_2", "suburb", "date_of_birth", "crm_customer_id"):
        persons = {text for (text,) in demo.fetch(f"select lower(cast({name} as varchar)) from master.golden_customer")}
        assert len(persons) > 500
        assert not persons & shown


def test_erp_is_read_where_there_is_one(demo: Demo) -> None:
    """With a PostgreSQL server the demo has an ERP, whose three tables are in raw; without one it goes without."""
    tables = "select count(*) from information_schema.tables where table_schema = 'raw' and table_name like 'erp%'"
    assert demo.fetch(tables) == [(3 if demo.engine == "postgres" else 0,)]
    if demo.engine == "postgres":
        assert demo.fetch("select count(*) from raw.erp_article_prices") == [(593_851,)]


def test_engines_agree(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The golden customers and what they bought, and the golden products, are the same to the letter on both engines;
    one alone says so."""
    tables = {
        "egress.customer_360": "given_name, surname, date_of_birth, lifetime_sales, average_basket_value",
        "master.golden_product": "description, package_size, product_id, supplier_item_no, list_price",
    }
    rows = "string_agg(md5(concat_ws('|', entity_id, {})), '' order by entity_id)"
    queries = [f"select count(*), md5({rows.format(columns)}) from {table}" for table, columns in tables.items()]
    ours = str([demo.fetch(query) for query in queries])

    def keep(folder: Path) -> None:
        folder.mkdir()
        (folder / demo.engine).write_text(ours)

    # Of the engine that was there first, on this worker or another.
    (first,) = make_once(tmp_path_factory, "first_demo", keep).iterdir()
    if first.name == demo.engine:
        pytest.skip("the first engine of this run has nothing to be compared with; the other one is compared with it")
    assert first.read_text() == ours


@pytest.mark.parametrize("demo", ENGINES[:1], indirect=True)
def test_demo_tells_where_the_report_is(demo: Demo) -> None:
    """The demo's last words are the address of the page of the reports."""
    assert f"The report, for a browser: {demo.page.as_uri()}" in demo.printed


# Without the reports, which only read.
@pytest.mark.parametrize("demo", ENGINES[:1], indirect=True)
def test_second_demo_sends_what_is_other(demo: Demo) -> None:
    """Its steps run again, the demo loads no file and makes no product anew. A member who has left the loyalty
    programme meanwhile is gone from the customer, the CRM is told so, and nothing else is sent."""
    both = "select crm_customer_id, loyalty_member_id from master.golden_customer where crm_customer_id <> ''"
    ((customer, member), *_) = demo.fetch(f"{both} and loyalty_member_id <> '' order by 1 limit 1")
    api = demo.data / "demo" / "loyalty_members.json"
    api.write_text(json.dumps([each for each in json.loads(api.read_text()) if each["member_id"] != member]))
    before = demo.received()["customers"]
    assert "pos.transactions: unchanged" in demo.task("ingress", "demo-ingest")
    # As its tests change nothing, they are left out.
    build = "dbt build --quiet --no-write-json --exclude-resource-type test unit_test"
    demo.task("transformation", build)
    said = demo.task("entity-resolution", "resolve")
    assert "0 of 10,001 records are new or changed, 1 are gone" in said
    assert said.count("nothing new: parties, model and settings are those of the last run") == 1
    demo.task("transformation", f"{build} --select path:models/egress")
    assert "send       1 (0 new, 1 changed)" in demo.task("egress", "demo-deliver")
    before[customer]["loyalty_member_id"] = None
    assert demo.received()["customers"] == before
