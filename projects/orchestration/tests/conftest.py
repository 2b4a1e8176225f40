"""What the tests of orchestration share."""

from __future__ import annotations

import pytest

from shared.config import get_settings
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer
from shared.warehouse.provision import DAGSTER, DAGSTER_LOGIN, new_passwords, provision_dagster

pytest_plugins = ["shared.testing.browser", "shared.testing.engines"]


@pytest.fixture
def dagster_database(postgres_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Point DAGSTER_POSTGRES_URL at a database, without user and password, and return it; DATA_DIR has to be set."""
    provision_dagster(postgres_server.admin(DAGSTER))
    entries = new_passwords(postgres_server.admin(), [DAGSTER_LOGIN], hosts=HOSTS, port=passfile.ANY)
    passfile.write(get_settings().passfile, entries)
    url = postgres_server.admin(DAGSTER).location
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    return url
