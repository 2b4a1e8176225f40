"""The command: what it loads, what it skips, how it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import LINES, Fingerprints, LoyaltyApi, Project, customer, on_duckdb_alone, transactions

from ingress.sources import SOURCES
from shared.config import get_settings
from shared.monitoring import history
from shared.warehouse import open_warehouse


def test_raw_holds_exactly_what_the_sources_have(project: Project, loyalty: LoyaltyApi) -> None:
    """All rows of all sources are in raw once, with the totals of the files, and the ledger says so."""
    project.pos()
    project.customers("a.csv", customer(1), customer(2))
    code, said = project.ingress("run")
    assert code == 0, said
    assert project.fetch("select count(*), sum((sales_value * 100)::bigint) from raw.pos_transactions") == [
        (LINES, LINES * (LINES + 1) // 2)
    ]
    left_out = "relation like 'raw.erp_%' or relation like 'raw.supplier_%'"
    loaded = f"select relation, row_count from ops.run_output where not ({left_out})"
    counts = dict(project.fetch(loaded))
    assert counts == {
        "raw.pos_transactions": LINES,
        "raw.pos_products": 1,
        "raw.pos_campaigns": 2,
        "raw.pos_campaign_descriptions": 1,
        "raw.pos_coupons": 2,
        "raw.pos_coupon_redemptions": 1,
        "raw.pos_demographics": 1,
        "raw.crm_customers": 2,
        "raw.loyalty_members": 1_200,
    }
    assert "pos.coupons: 2 rows loaded; 1 copies dropped" in said
    assert project.fetch("select count(*) from raw.pos_transactions where _dlt_load_id is null") == [(0,)]


def test_columns_have_the_types_of_the_row_model(project: Project) -> None:
    """Integers, floating point, text and timestamps without a zone arrive as such, keys are not null."""
    project.pos()
    project.load("pos")
    columns = dict(project.fetch("select column_name, data_type from information_schema.columns"))
    types = [columns[name].upper() for name in ("basket_id", "sales_value", "department", "transaction_timestamp")]
    assert types in (
        ["BIGINT", "DOUBLE", "VARCHAR", "TIMESTAMP"],
        ["BIGINT", "DOUBLE PRECISION", "CHARACTER VARYING", "TIMESTAMP WITHOUT TIME ZONE"],
    )


def test_unchanged_files_are_not_loaded_again(project: Project) -> None:
    """A second run loads only the file that has changed; `--full` loads all."""
    project.pos()
    project.customers("a.csv", customer(1))
    project.load("pos", "crm")
    loads = project.fetch("select distinct _dlt_load_id from raw.pos_transactions")
    project.customers("a.csv", customer(1), customer(2))
    said = project.load("pos", "crm")
    assert "pos.transactions: unchanged" in said
    assert "crm.customers: 2 rows loaded" in said
    assert project.fetch("select distinct _dlt_load_id from raw.pos_transactions") == loads
    code, said = project.ingress("run", "--source", "pos", "--full")
    assert code == 0
    assert f"pos.transactions: {LINES:,} rows loaded" in said
    assert project.fetch("select count(*) from raw.pos_transactions") == [(LINES,)]


def test_table_that_is_gone_is_loaded_again(project: Project) -> None:
    """A file is loaded again, changed or not, when its table is not there any more."""
    project.customers("a.csv", customer(1))
    project.load("crm")
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("drop table raw.crm_customers")
    project.load("crm")
    assert project.fetch("select count(*) from raw.crm_customers") == [(1,)]


def test_changed_rows_replace_by_key(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """Rows of a changed file replace those with their key; the result is that of a clean run."""
    project.pos()
    project.load("pos")
    table = transactions()
    project.pos(transactions=table.set_column(4, "quantity", [[2] * LINES]))
    project.load("pos")
    assert project.fetch("select count(*), sum(quantity) from raw.pos_transactions") == [(LINES, 2 * LINES)]
    assert project.state() == clean_run("pos")


def test_what_is_loaded_on_request_only(project: Project) -> None:
    """What its source declares so is left out unless asked for by name."""
    project.pos()
    project.load("pos")
    assert project.fetch("select 1 from information_schema.tables where table_name = 'pos_promotions'") == []
    assert project.ingress("run", "--source", "pos", "--on-request", "pos.promotions")[0] == 0
    assert project.fetch("select count(*) from raw.pos_promotions") == [(1,)]


def test_some_of_what_is_loaded_on_request_only() -> None:
    """Of several resources that are loaded only on request, only those named are."""
    pos = SOURCES["pos"]
    products, coupons = (replace(pos.resources[at], on_request=True) for at in (1, 4))
    source = replace(pos, resources=(products, coupons))
    assert source.wanted([]) == []
    assert source.wanted(["pos.coupons", "crm.products"]) == [coupons]
    assert source.wanted(source.on_request) == [products, coupons]


def test_source_that_fails_does_not_stop_the_others(project: Project, loyalty: LoyaltyApi) -> None:
    """The other sources are loaded, the command names what failed and exits 1, and the ledger has it."""
    loyalty.faults = [(500, {}, b"")] * 10
    project.pos()
    project.customers("a.csv", customer(1))
    code, said = project.ingress("run")
    assert code == 1
    assert f"error: failed: `loyalty`: `{loyalty.url}/members?page=1&page_size=500` answers: 500" in said
    assert "hint:" in said
    assert project.fetch("select count(*) from raw.crm_customers") == [(1,)]
    assert project.fetch("select status from ops.run") == [("failed",)]


@on_duckdb_alone
def test_bare_run_takes_what_is_configured(project: Project) -> None:
    """Without an option the sources that are configured are loaded, and the others are named."""
    project.pos()
    project.customers("a.csv", customer(1))
    code, said = project.ingress("run")
    assert code == 0
    assert "left out: raw.loyalty_members: LOYALTY_API_URL is not set" in said
    assert project.fetch("select customer_id from raw.crm_customers") == [("C-00001",)]


def test_what_is_not_there_is_left_out_unless_it_must_be(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source without a file is left out by name, on screen and in the ledger; named or required it is a mistake."""
    crm = SOURCES["crm"]
    (customers,) = crm.resources
    monkeypatch.setitem(SOURCES, "crm", replace(crm, resources=(replace(customers, required=False),)))
    project.pos()
    code, said = project.ingress("run")
    assert code == 0, said
    assert "left out: raw.crm_customers: no file `landing/crm/*.csv`" in said
    with open_warehouse(get_settings(), holder="test") as warehouse:
        reasons = {entry["relation"]: entry["reason"] for entry in history.left_out(warehouse)}
        assert "raw.crm_customers" not in history.last_loads(warehouse)
    assert reasons["raw.crm_customers"] == "no file `landing/crm/*.csv`"
    assert reasons["raw.loyalty_members"] == "LOYALTY_API_URL is not set"
    assert project.ingress("run", "--source", "crm", "--skip-absent")[0] == 0
    assert project.ingress("validate", "--source", "crm", "--skip-absent")[0] == 0
    code, said = project.ingress("run", "--source", "crm")
    assert (code, "no CSV file in the drop folder" in said) == (2, True)
    monkeypatch.setitem(SOURCES, "crm", crm)
    code, said = project.ingress("run", "--source", "crm", "--skip-absent")
    assert (code, "no CSV file in the drop folder" in said) == (2, True)


@on_duckdb_alone
def test_mistakes_of_the_user_exit_2(project: Project) -> None:
    """When all that failed is what the user has to correct, the exit code is 2."""
    project.pos()
    code, said = project.ingress("run", "--all")
    assert code == 2
    assert "no CSV file in the drop folder" in said
    assert "LOYALTY_API_URL is not set" in said


@on_duckdb_alone
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--source", "sap"], "'crm', 'erp', 'loyalty', 'pos'"),
        (["run", "--everything"], "--everything"),
        (["load"], "'run', 'validate', 'poll', 'replay', 'list', 'new'"),
        (["run", "--on-request", "pos.products"], "(choose from"),
        (["run", "--source", "crm", "--on-request", "pos.promotions"], "`pos.promotions`"),
        ([], "action"),
    ],
)
def test_wrong_arguments_are_named(project: Project, arguments: list[str], expected: str) -> None:
    """A wrong argument exits 2 with what there is."""
    code, said = project.ingress(*arguments)
    assert code == 2
    assert said.startswith("error:")
    assert expected in said
    assert "hint:" in said


def test_list_shows_each_resource_and_its_last_load(project: Project) -> None:
    """Each resource is listed with table, key, origin and last load, also before there is a warehouse."""
    code, before = project.ingress("list")
    assert code == 0
    lines = [line for line in before.splitlines() if line.endswith("never")]
    assert len(lines) == sum(len(source.resources) for source in SOURCES.values())
    project.customers("a.csv", customer(1))
    project.load("crm")
    _, after = project.ingress("list")
    (line,) = [line for line in after.splitlines() if line.startswith("crm.customers")]
    assert line.split()[1:4] == ["raw.crm_customers", "customer_id", "landing/crm/*.csv"]
    assert not line.endswith("never")


def test_validate_reports_and_loads_nothing(project: Project) -> None:
    """`validate` says which rows are bad and why, exits 1 for them, and leaves no warehouse."""
    project.pos()
    project.customers("a.csv", customer(1), customer(2, postcode="20x0"), customer(3), customer(3, given_name="bob"))
    code, said = project.ingress("validate", "--source", "pos", "crm")
    assert code == 1
    assert f"pos.transactions: {LINES:,} rows to load, 0 bad" in said
    assert "crm.customers: 1 rows to load, 3 bad" in said
    assert "landing/crm/a.csv, 3: `postcode`: string should match pattern '^[0-9]{4}$'" in said
    assert not (project.root / "data" / "warehouse.duckdb").exists()
    assert project.ingress("validate", "--source", "pos")[0] == 0


def test_no_two_resources_fill_one_table() -> None:
    """Each table of raw has one resource, and each key consists of columns that are never null."""
    resources = [resource for source in SOURCES.values() for resource in source.resources]
    assert len({resource.table for resource in resources}) == len(resources)
    for resource in resources:
        nullable = {field.name: field.nullable for field in resource.rows.fields}
        assert resource.key
        assert not any(nullable[name] for name in resource.key)


@on_duckdb_alone
def test_load_is_named_by_its_time_wherever_it_runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a load is its time in seconds since 1970, whatever zone the machine's clock is shown in."""
    project.customers("a.csv", customer(1))
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        begun = time.time()
        project.load("crm")
    time.tzset()
    ((load,),) = project.fetch("select _dlt_load_id from raw.crm_customers")
    assert begun <= float(load) <= time.time()
