"""What the tests of orchestration share."""

from __future__ import annotations

import pytest

from shared.config import get_settings
from shared.config.roles import read_databases
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer
from shared.testing.marks import mark_slow
from shared.warehouse.provision import new_passwords, provision_own

pytest_plugins = ["shared.testing.browser", "shared.testing.engines"]


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`."""
    with_processes = {"test_serve", "test_dead_runs", "test_steps", "test_executor", "test_pods", "test_stopping"}
    mark_slow(items, files={"test_browser", "test_flow", *with_processes})


@pytest.fixture
def dagster_database(postgres_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point DAGSTER_POSTGRES_URL at a database, without user and password, and return it; DATA_DIR has to be set."""
    ((database, login),) = read_databases()
    admin = postgres_server.admin(database.name)
    provision_own(admin, login)
    entries = new_passwords(postgres_server.admin(), [login], hosts=HOSTS, port=passfile.ANY)
    passfile.write(get_settings().passfile, entries)
    monkeypatch.setenv(database.setting, admin.location)
    return admin.location
