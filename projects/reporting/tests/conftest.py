"""Platforms on both engines: one session's small warehouse each, built once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from platforms import Platform

from reporting.site.library import chart_library
from shared.config import Settings
from shared.monitoring.alerts import Alerts
from shared.postgres.server import LocalServer
from shared.testing.marks import mark_slow

pytest_plugins = ["shared.testing.engines", "shared.testing.browser"]


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`."""
    mark_slow(items, fixtures={"platform"})


@pytest.fixture(scope="session")
def duckdb_platform(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Return the session's platform on DuckDB, its reporting layer built."""
    folder = tmp_path_factory.mktemp("duckdb")
    return built(Platform("duckdb", folder, f"duckdb:///{folder}/warehouse.duckdb"))


@pytest.fixture(scope="session")
def postgres_platform(tmp_path_factory: pytest.TempPathFactory, postgres_server: LocalServer) -> Platform:
    """Return the session's platform on PostgreSQL, its reporting layer built from the same rows."""
    # Here and not above: pytest prepares a plugin when it imports it itself.
    from shared.testing.engines import new_database

    url = new_database(postgres_server).url
    passwords = {"PGPASSFILE": str(postgres_server.passwords)}
    return built(Platform("postgres", tmp_path_factory.mktemp("on_postgres"), url, passwords))


@pytest.fixture(scope="session")
def library() -> str:
    """Return the script that draws charts, bundled before or now."""
    return chart_library(Settings())


def built(platform: Platform) -> Platform:
    """Fill a platform and build its reports."""
    platform.fill()
    Alerts.from_settings(platform.settings).failed("step report", "as before")
    code, said = platform.report("build")
    assert code == 0, said
    return platform


@pytest.fixture
def platform(engine: str, request: pytest.FixtureRequest) -> Platform:
    """Return the platform on the engine of this test; tests read it and leave it as it is."""
    found: Platform = request.getfixturevalue(f"{engine}_platform")
    return found


@pytest.fixture
def own_platform(platform: Platform, request: pytest.FixtureRequest, tmp_path: Path) -> Platform:
    """Return a copy of the platform on the engine of this test, for a test that writes."""
    if platform.engine == "duckdb":
        copied = shutil.copyfile(platform.folder / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
        return replace(platform, folder=tmp_path, url=f"duckdb:///{copied}")
    from shared.testing.engines import new_database

    copy = new_database(request.getfixturevalue("postgres_server"), platform.url.rpartition("/")[2])
    return replace(platform, folder=tmp_path, url=copy.url)
