"""Platforms on both engines, their raw layer made of a sample of the real demo data."""

from __future__ import annotations

from pathlib import Path

import pytest
from platforms import DuckDBPlatform, Platform, PostgresPlatform, copy_tables

from shared.config import get_settings

pytest_plugins = ["shared.testing.engines"]

DEMO_DATA = get_settings().data_dir
RAW_SQL = Path(__file__).with_name("raw.sql").read_text(encoding="utf-8")
MASTER_SQL = Path(__file__).with_name("master.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def duckdb_platform(tmp_path_factory: pytest.TempPathFactory) -> DuckDBPlatform:
    """Return the session's platform on DuckDB, with every state that tests start from.

    `raw` has its raw layer only: 50 households' sales, all products, customers and members. `core` has built its core,
    `complete` everything; who is the same person comes from the demo data's truth.
    """
    if not (DEMO_DATA / "landing/pos/transactions.parquet").exists():
        pytest.fail(f"no demo data in {DEMO_DATA}; run `./pixiw run demo-data` first")
    platform = DuckDBPlatform(tmp_path_factory.mktemp("duckdb"))
    platform.open(write=True).close()
    platform.keep("empty")
    platform.sql(*statements(RAW_SQL))
    platform.keep("raw")
    build(platform, "core")
    platform.sql(*statements(MASTER_SQL))
    build(platform, "egress", state="complete")
    return platform


@pytest.fixture(scope="session")
def postgres_platform(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, duckdb_platform: DuckDBPlatform
) -> PostgresPlatform:
    """Return the session's platform on PostgreSQL: the same states, with the same rows in raw and master."""
    server = request.getfixturevalue("postgres_server")
    platform = PostgresPlatform(tmp_path_factory.mktemp("on_postgres"), server)
    platform.start_from("new")
    platform.keep("empty")
    duckdb_platform.start_from("complete")
    copy_tables(duckdb_platform, platform, "raw", "ingress")
    platform.keep("raw")
    build(platform, "core")
    copy_tables(duckdb_platform, platform, "master", "entity_resolution")
    build(platform, "egress", state="complete")
    return platform


def statements(text: str) -> list[str]:
    """Return the statements of a file, the demo data's folder filled in."""
    return text.replace("$DATA", str(DEMO_DATA)).split(";\n")


def build(platform: Platform, scope: str, *, state: str | None = None) -> None:
    """Build a scope and keep the state that comes of it."""
    done = platform.transform("build", scope)
    assert done.code == 0, done.err
    platform.keep(state or scope)


@pytest.fixture
def platform(engine: str, request: pytest.FixtureRequest) -> Platform:
    """Return the platform on the engine of this test, in the state that the test before has left."""
    found: Platform = request.getfixturevalue(f"{engine}_platform")
    return found


@pytest.fixture
def on_raw(platform: Platform) -> Platform:
    """Return a platform that has ingested."""
    platform.start_from("raw")
    return platform


@pytest.fixture
def on_core(platform: Platform) -> Platform:
    """Return a platform that has built its core."""
    platform.start_from("core")
    return platform


@pytest.fixture
def on_complete(platform: Platform) -> Platform:
    """Return a platform that has built everything."""
    platform.start_from("complete")
    return platform


@pytest.fixture
def both_complete(
    duckdb_platform: DuckDBPlatform, postgres_platform: PostgresPlatform
) -> tuple[DuckDBPlatform, PostgresPlatform]:
    """Return a platform on each engine that has built everything."""
    duckdb_platform.start_from("complete")
    postgres_platform.start_from("complete")
    return duckdb_platform, postgres_platform
