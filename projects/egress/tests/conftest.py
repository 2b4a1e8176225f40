"""Fixtures: a project in a temporary folder, a warehouse with egress models made by SQL, a CRM on loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crm_server import Crm, serving

from egress.cli import main
from shared.command_line import command
from shared.config import Settings, get_settings
from shared.testing.marks import mark_slow
from shared.warehouse import open_warehouse

if TYPE_CHECKING:
    from apis import Api, Asked, Reply
    from table_target import Customer

    from shared.postgres.server import LocalServer
    from shared.testing.engines import PostgresDatabase

pytest_plugins = ["shared.testing.engines"]

Egress = Callable[..., int]
Sql = Callable[..., "list[tuple[Any, ...]]"]

# For tests of what is the same beside both engines, and of what only one can do.
DUCKDB_ONLY = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
POSTGRES_ONLY = pytest.mark.parametrize("engine", ["postgres"], indirect=True)

CUSTOMERS = 10
MAKE_MODELS = f"""
drop table if exists egress.retl_crm_customers;
create table egress.retl_crm_customers as
select
    'C-' || lpad(cast(i as varchar), 5, '0') as customer_id,
    'E-' || i as entity_id,
    cast(i * 1.1 as decimal(18, 2)) as lifetime_sales,
    cast(i as bigint) as baskets,
    date '2017-01-01' + cast(i as integer) as last_purchase_date,
    case when i % 2 = 0 then 'L-' || i end as loyalty_member_id
from generate_series(0, {CUSTOMERS - 1}) as numbers (i);
drop table if exists egress.customer_360;
create table egress.customer_360 as
select entity_id, 'o''neil, "' || baskets || '"' as surname, lifetime_sales, last_purchase_date
from egress.retl_crm_customers order by baskets desc
"""


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`."""
    mark_slow(
        items,
        files={
            "test_kill",
            "test_table_kill",
            "test_engines_agree",
            "test_dlt",
            "test_bucket",
            "test_table_anywhere",
            "test_guarantees",
        },
    )


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a temporary folder the project's root, and no address known."""
    for name in [*os.environ]:
        if name.startswith(("CRM_", "TABLE_TARGET_", "WAREHOUSE_", "DATA_", "PG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("CRM_CHUNK_ROWS", "4")
    monkeypatch.setenv("CRM_BACKOFF", "0.01")
    monkeypatch.setenv("CRM_TIMEOUT", "5")
    return tmp_path


@pytest.fixture
def sql(project: Path, warehouse_url: str, request: pytest.FixtureRequest) -> Sql:
    """Run SQL in the warehouse as its administrator, statement by statement, and return the last one's rows."""

    def run(statements: str, *parameters: object) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        settings = get_settings()
        if settings.warehouse_url.startswith("postgresql:"):
            database: PostgresDatabase = request.getfixturevalue("postgres_database")
            settings = Settings(warehouse_url=database.admin_url)
        with open_warehouse(settings, holder="test", mode="write") as warehouse:
            for statement in statements.split(";\n"):
                rows = warehouse.fetch(statement, parameters)
        return rows

    return run


@pytest.fixture
def transform(project: Path, warehouse_url: str) -> Callable[[str], None]:
    """Make models as transformation does: what it makes is its own, and egress may read it."""

    def run(statements: str) -> None:
        with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
            for statement in statements.split(";\n"):
                warehouse.execute(statement)

    return run


@pytest.fixture(scope="session")
def made_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a DuckDB warehouse with the models of the egress layer, to be copied."""
    path = tmp_path_factory.mktemp("models") / "warehouse.duckdb"
    settings = Settings(warehouse_url=f"duckdb:///{path}")
    with open_warehouse(settings, holder="test", role="transformation", mode="write") as warehouse:
        for statement in MAKE_MODELS.split(";\n"):
            warehouse.execute(statement)
    return path


@pytest.fixture
def models(sql: Sql, transform: Callable[[str], None], warehouse_url: str, made_models: Path) -> Sql:
    """Make the models of the egress layer with ten customers."""
    if warehouse_url.startswith("duckdb:"):
        path = Path(warehouse_url.removeprefix("duckdb:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made_models, path)
    else:
        transform(MAKE_MODELS)
    return sql


@pytest.fixture
def crm(models: Sql, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    """Serve a CRM whose address the settings know, beside a warehouse with models."""
    with serving() as crm:
        monkeypatch.setenv("CRM_API_URL", crm.url)
        yield crm


@pytest.fixture
def egress(project: Path) -> Egress:
    """Run a command of egress in this process and return its exit code."""
    return lambda *words: command(main, words)


@pytest.fixture
def contacts(sql: Sql, transform: Callable[[str], None]) -> Sql:
    """Make the model of contacts."""
    from contacts import MAKE_CONTACTS

    transform(MAKE_CONTACTS)
    return sql


@pytest.fixture
def deliver(
    contacts: Sql, egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[Api, Callable[..., int]]]]:
    """Serve an API that a test makes, and deliver to a target that it declares."""
    import apis
    from contacts import MODEL
    from test_targets import module_of

    from egress.kinds.rest.target import Rest

    with ExitStack() as served:

        def make(reply: Callable[[Api, Asked], Reply], **declared: Any) -> tuple[Api, Callable[..., int]]:
            api = served.enter_context(apis.serving(reply))
            target = Rest("made", MODEL, settings="MADE", **{"path": "/rows", **declared})
            monkeypatch.setattr("egress.cli.all_targets", lambda: {target: module_of(target)})
            monkeypatch.setenv("MADE_API_URL", api.url)
            monkeypatch.setenv("MADE_BACKOFF", "0.01")
            return api, lambda *words: egress(*(words or ("run", "--target", "made")))

        yield make


@pytest.fixture
def customer(models: Sql, postgres_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    """Make a database for the target `table`, that the settings know, beside a warehouse with models."""
    # Here, as pytest has to load the fixtures that it takes from before anybody else does.
    from table_target import customer_database

    with customer_database(postgres_server) as customer:
        monkeypatch.setenv("TABLE_TARGET_URL", customer.login.url())
        yield customer
