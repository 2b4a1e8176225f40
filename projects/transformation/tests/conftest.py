"""Platforms on both engines, their raw layer made of a sample of the real demo data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from platforms import NO_TESTS, DuckDBPlatform, Platform, PostgresPlatform, copy_owned, copy_tables

from shared.config import get_settings
from shared.testing.marks import mark_slow
from shared.testing.once import make_once
from shared.testing.servers import new_server, prepare

pytest_plugins = ["shared.testing.engines"]

DEMO_DATA = get_settings().data_dir
RAW_SQL = Path(__file__).with_name("raw.sql").read_text(encoding="utf-8")
MASTER_SQL = Path(__file__).with_name("master.sql").read_text(encoding="utf-8")


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group tests for `--dist loadgroup`: each engine is one worker's, as each worker parses the project for itself.

    Tests without a platform come early, for the others while the first worker makes what platforms start from.
    """
    mark_slow(items, fixtures={"platform", "duckdb_platform", "rounds"}, files={"test_manifest"})
    order = {"duckdb": 0, "": 1, "postgres": 2}
    items.sort(key=lambda item: order[group_of(item)])
    for item in items:
        if group_of(item):
            item.add_marker(pytest.mark.xdist_group(group_of(item)))


def group_of(item: pytest.Item) -> str:
    """Return which tests have to be on one worker with this one, nothing where it has no platform."""
    names = set(item.fixturenames) if isinstance(item, pytest.Function) else set()
    engine = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
    if names & {"postgres_platform", "postgres_server"} or ("platform" in names and engine == "postgres"):
        return "postgres"
    return "duckdb" if names & {"platform", "duckdb_platform"} else ""


@pytest.fixture(scope="session")
def duckdb_platform(tmp_path_factory: pytest.TempPathFactory) -> DuckDBPlatform:
    """Return the worker's platform on DuckDB, with every state that tests start from.

    `raw` has its raw layer only: 50 households' sales, all products, customers and members. `core` has built its core,
    `complete` everything; who is the same person comes from the demo data's truth. dbt's tests of all these rows, and
    of more, are those of the last of the `rounds`.
    """
    if not (DEMO_DATA / "landing/pos/transactions.parquet").exists():
        pytest.fail(f"no demo data in {DEMO_DATA}; run `./pixiw run demo-data` first")
    platform = DuckDBPlatform(tmp_path_factory.mktemp("duckdb"))

    def make(states: Path) -> None:
        platform.open(write=True).close()
        platform.keep("empty")
        platform.sql(*statements(RAW_SQL))
        platform.keep("raw")
        # Without a master layer that is the core alone.
        platform.told = build(platform, "all", *NO_TESTS, state="core")
        platform.sql(*statements(MASTER_SQL))
        build(platform, "egress", *NO_TESTS, state="complete")
        platform.give(states)

    platform.take(make_once(tmp_path_factory, "duckdb_states", make))
    return platform


@pytest.fixture(scope="session")
def postgres_platform(
    tmp_path_factory: pytest.TempPathFactory, duckdb_platform: DuckDBPlatform
) -> Iterator[PostgresPlatform]:
    """Return the worker's platform on PostgreSQL: the same states, with the same rows in raw and master."""
    folder = tmp_path_factory.mktemp("on_postgres")
    server = new_server(folder / "server")

    def make(states: Path) -> None:
        prepare(server)
        platform = PostgresPlatform(folder, server)
        platform.start_from("new")
        platform.keep("empty")
        duckdb_platform.start_from("complete")
        copy_tables(duckdb_platform, platform, "raw", "ingress")
        platform.keep("raw")
        platform.told = build(platform, "all", *NO_TESTS, state="core")
        copy_tables(duckdb_platform, platform, "master", "entity_resolution")
        build(platform, "egress", *NO_TESTS, state="complete")
        platform.give(states)

    try:
        states = make_once(tmp_path_factory, "postgres_states", make)
        if not server.exists:
            copy_owned(states / "server", server.folder)
            server.start()
        platform = PostgresPlatform(folder, server)
        platform.take(states)
        yield platform
    finally:
        server.stop()


def statements(text: str) -> list[str]:
    """Return the statements of a file, the demo data's folder filled in."""
    return text.replace("$DATA", str(DEMO_DATA)).split(";\n")


def build(platform: Platform, scope: str, *arguments: str, state: str) -> str:
    """Build a scope, keep the state that comes of it, and return what was told."""
    done = platform.transform("build", scope, *arguments)
    assert done.code == 0, done.err
    platform.keep(state)
    return done.err


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
