"""Fixtures for the shared library: a project of its own in a temporary folder for each test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shared.config import Settings, get_settings
from shared.data_quality.expectations import Outcome, Suite, validate
from shared.testing.marks import mark_slow
from shared.warehouse import Role, Warehouse, open_warehouse

if TYPE_CHECKING:
    # pytest rewrites its asserts, and has to import it first for that.
    from shared.testing.engines import Engine, PostgresDatabase

pytest_plugins = ["shared.testing.engines", "shared.testing.files"]

SETTING_NAMES = ("DATA_DIR", "WAREHOUSE_URL", "WAREHOUSE_LOCK_TIMEOUT", "WAREHOUSE_MEMORY_LIMIT", "PGPASSFILE")


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what starts collectors and processes, or draws many examples, out of `test-fast`."""
    drawn = {"test_agreement", "test_matching_measures", "test_measures_property", "test_expectation_regex"}
    mark_slow(items, files={"test_lineage", "test_pipes", *drawn})


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a temporary folder the project's root, so that no test touches the user's data."""
    for name in [*SETTING_NAMES, *(name for name in os.environ if name.startswith(("ALERT_", "OPENLINEAGE_")))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def settings(project: Path) -> Settings:
    """Return settings that point into the temporary project."""
    return get_settings()


@pytest.fixture
def role() -> Role:
    """Return the role that tests work as; a module of tests may have another one."""
    return "ingress"


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a DuckDB warehouse that holds nothing yet."""
    path = tmp_path_factory.mktemp("new") / "warehouse.duckdb"
    open_warehouse(Settings(warehouse_url=f"duckdb:///{path}"), holder="new", mode="write").close()
    return path


@pytest.fixture
def new_warehouse(warehouse_url: str, new_file: Path) -> None:
    """Put an empty warehouse at WAREHOUSE_URL; on PostgreSQL there is one."""
    if warehouse_url.startswith("duckdb:"):
        path = Path(warehouse_url.removeprefix("duckdb:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new_file, path)


@pytest.fixture
def warehouse(new_warehouse: None, role: Role) -> Iterator[Warehouse]:
    """Open an empty warehouse for writing, on each engine, as the role of the tests."""
    with open_warehouse(get_settings(), holder="test", role=role, mode="write") as opened:
        yield opened


@pytest.fixture
def database(engine: Engine, warehouse_url: str, request: pytest.FixtureRequest) -> PostgresDatabase | None:
    """Return the database on PostgreSQL, where that is the engine."""
    return request.getfixturevalue("postgres_database") if engine == "postgres" else None


@pytest.fixture
def owner(database: PostgresDatabase | None, new_warehouse: None) -> Settings:
    """Return settings by which the owner of the tables opens an empty warehouse."""
    return get_settings().model_copy(update={"warehouse_url": database.admin_url} if database else {})


@pytest.fixture
def expect(warehouse: Warehouse) -> Callable[..., Outcome]:
    """Return a function that makes one check of a table, `core.t` unless another is named."""

    def made(
        kind: str, arguments: Mapping[str, Any], *, table: str = "core.t", key: Sequence[str] = (), **options: Any
    ) -> Outcome:
        entry = {kind: arguments, **options}
        suite = Suite.model_validate({"version": 1, "tables": {table: {"key": list(key), "expect": [entry]}}})
        (outcome,) = validate(warehouse, suite)
        return outcome

    return made


@pytest.fixture
def background() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start Python code in another process and wait until it prints its first line."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline(), "the process in the background ended before it was ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
