"""What the tests of orchestration share."""

from __future__ import annotations

import pytest

from shared.config import get_settings
from shared.config.roles import read_databases
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer
from shared.warehouse.provision import new_passwords, provision_own

pytest_plugins = ["shared.testing.browser", "shared.testing.engines"]


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
