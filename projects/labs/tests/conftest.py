"""Fixtures for the labs: a copy of them all in a temporary folder, and the runner's command line on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from labs.cli import main
from labs.load import Loaded, load

from shared.command_line import command
from shared.config import get_settings
from shared.config.labs import Lab, find_lab
from shared.errors import PlatformError
from shared.monitoring import record_run
from shared.testing.marks import mark_slow
from shared.warehouse.lab_database import open_lab

LABS = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]
RunLab = Callable[..., Done]
Labs = Callable[..., int]

# Labs that a module's tests share.
BUILT = {"by_hand", "real"}
PARSED = "partial_parse.msgpack"
STORES = "store,opened,area\nS1,2020-01-31,10.50\nS2,2021-02-01,20.00\n"


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of one built lab for `--dist loadgroup`: it is built once, not by each worker."""
    mark_slow(items, fixtures={*BUILT, "run_lab", "stores"}, files={"test_parallel", "test_places"})
    for item in items:
        names = item.fixturenames if isinstance(item, pytest.Function) else []
        for name in sorted(BUILT.intersection(names)):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {name}"))


@pytest.fixture
def labs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the labs, without data, and point LABS_DIR and DATA_DIR at the copy: no test touches the user's."""
    folder = tmp_path / "labs"
    kept_out = shutil.ignore_patterns("data", "target", "logs", "tests", "src", "__pycache__", ".new-lab-*", "*.lock")
    shutil.copytree(LABS, folder, ignore=kept_out)
    for name in [*os.environ]:
        if name.startswith(("ALERT_", "DBT_", "WAREHOUSE_", "LAB_", "OPENLINEAGE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", "labs")
    monkeypatch.setenv("LABS_DIR", str(folder))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return folder


def loaded_now(lab: Lab, table: str, query: str) -> tuple[Loaded | PlatformError, list[Any]]:
    """Load a lab; return what came of it, and what a query of one of its raw tables gives, if that is there."""
    with open_lab(lab, get_settings(), holder="test", mode="write") as database:
        found: Loaded | PlatformError
        try:
            with record_run(database, step="load", command="test") as run:
                found = load(lab, database, run)
        except PlatformError as error:
            found = error
        return found, database.fetch(query) if database.table_exists(f"raw.{table}") else []


def small_lab(labs_dir: Path, sources: str, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a lab with these raw tables and no file of them; it is the only one, and waits for nothing."""
    bronze = labs_dir / "small" / "models" / "bronze"
    bronze.mkdir(parents=True)
    (bronze / "_sources.yml").write_text(sources)
    (labs_dir / "small" / "data" / "raw").mkdir(parents=True)
    (labs_dir / "labs_config.yaml").write_text("version: 1\nlabs:\n  small: {description: small}\n")
    monkeypatch.setattr("labs.load.SETTLE_SECONDS", 0.0)
    return find_lab("small")


@pytest.fixture
def labs(labs_dir: Path) -> Labs:
    """Return a function that runs the runner's command line in this process and returns its exit code."""

    def run(*arguments: str) -> int:
        return command(main, arguments)

    return run


@pytest.fixture
def stores(labs_dir: Path, labs: Labs, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Make a lab from a file with two stores; it is the only one in the registry.

    dbt finds the project parsed as a test before this one has left it, and parses what is different.
    """
    kept = tmp_path_factory.getbasetemp()
    kept_once(kept / "stores", labs_dir, lambda: make_labs(labs, labs_dir, tmp_path, "stores_lab"))
    lab = find_lab("stores_lab")
    parsed = lab.folder / "target" / PARSED
    if (kept / PARSED).exists():
        parsed.parent.mkdir()
        shutil.copyfile(kept / PARSED, parsed)
    yield lab
    if parsed.exists():
        shutil.copyfile(parsed, kept / PARSED)


@pytest.fixture
def built(labs_dir: Path, labs: Labs, stores: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Load and build the lab with the two stores."""

    def build() -> None:
        assert labs("stores_lab", "load", "transform") == 0

    kept_once(tmp_path_factory.getbasetemp() / "built", labs_dir, build)
    return stores


def kept_once(kept: Path, labs_dir: Path, make: Callable[[], None]) -> None:
    """Make something of the labs, and keep them as they are then; the next time, take a copy of what was kept."""
    if kept.exists():
        shutil.rmtree(labs_dir)
        shutil.copytree(kept, labs_dir)
    else:
        make()
        shutil.copytree(labs_dir, kept)


def make_labs(labs: Labs, labs_dir: Path, folder: Path, *names: str) -> None:
    """Make these labs, and have no others in the registry."""
    (labs_dir / "labs_config.yaml").write_text("version: 1\nlabs:\n")
    for name in names:
        make_lab(labs, folder, name)


def make_lab(labs: Labs, folder: Path, name: str) -> Lab:
    """Make a lab from a file with two stores, which are old enough to count as whole."""
    path = folder / "stores.csv"
    path.write_text(STORES)
    assert labs("new", name, "--from", str(path)) == 0
    lab = find_lab(name)
    os.utime(lab.raw_dir / "stores.csv", (1_600_000_000, 1_600_000_000))
    return lab


def gold(lab: Lab) -> list[tuple[object, ...]]:
    """Return the rows of a lab's gold table."""
    with open_lab(lab, get_settings(), holder="test") as database:
        return database.fetch("select * from gold.overview order by 1")


@pytest.fixture
def run_lab(labs_dir: Path) -> RunLab:
    """Return a function that runs `python -m labs ARGUMENTS` on the copy."""

    def run(*arguments: str, expect: int | None = 0, **variables: str) -> Done:
        command = [sys.executable, "-m", "labs", *arguments]
        environment = {**os.environ, **variables}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=labs_dir, env=environment)
        assert expect is None or done.returncode == expect, done.stderr + done.stdout
        return done

    return run


@pytest.fixture(scope="session")
def demo_dir() -> Path:
    """Return the folder of the demo's sales data."""
    folder = get_settings().landing_dir / "pos"
    if not folder.is_dir():
        pytest.fail("no demo data: run `./pixiw run demo-data` first")
    return folder
