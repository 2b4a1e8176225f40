"""A platform in a temporary folder, its raw layer made of a sample of the real demo data."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shared.command_line import command
from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse
from transformation.cli import main
from transformation.layers import PROJECT_DIR

DEMO_DATA = get_settings().data_dir
RAW_SQL = Path(__file__).with_name("raw.sql").read_text()
MASTER_SQL = Path(__file__).with_name("master.sql").read_text()
LAYERS = ("staging", "core", "egress")


@dataclass
class Finished:
    """How a command ended, and what it told the person who ran it."""

    code: int
    err: str


class Platform:
    """A warehouse in a folder of its own, and the commands that work on it.

    The warehouse is always the same file: dbt parses the whole project again when a variable of its profile changes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "warehouse.duckdb"
        self.environment = {
            "PIXI_PROJECT_ROOT": str(PROJECT_DIR.parents[1]),
            "DATA_DIR": str(folder),
            "WAREHOUSE_URL": f"duckdb:///{self.path}",
            "WAREHOUSE_LOCK_TIMEOUT": "20",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_PROFILES_DIR": str(PROJECT_DIR),
            "DBT_PROJECT_DIR": str(PROJECT_DIR),
        }

    @property
    def settings(self) -> Settings:
        """The settings that the commands work with."""
        return Settings(data_dir=self.folder, warehouse_url=self.environment["WAREHOUSE_URL"])

    def start_from(self, file: Path | None) -> None:
        """Make the warehouse a copy of `file`, or one that does not exist."""
        for leftover in (self.path, self.path.with_name(self.path.name + ".wal")):
            leftover.unlink(missing_ok=True)
        if file is not None:
            shutil.copyfile(file, self.path)

    def transform(self, *arguments: str) -> Finished:
        """Run `python -m transformation` in this process."""
        messages = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stderr(messages):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            code = command(main, arguments)
        return Finished(code, messages.getvalue())

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `python -m transformation` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "transformation", *arguments],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def dbt(self, *arguments: str, project: Path = PROJECT_DIR) -> subprocess.CompletedProcess[str]:
        """Run dbt by hand."""
        return subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--no-use-colors", *arguments],
            env={**os.environ, **self.environment, "DBT_PROJECT_DIR": str(project)},
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements on the warehouse and return the rows of the last one."""
        with duckdb.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)
            return connection.fetchall()

    def hashes(self) -> dict[str, tuple[Any, ...]]:
        """Return number and hash of the rows of every table that dbt builds, whatever their order."""
        tables = self.sql(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_schema in {LAYERS} order by 1"
        )
        return {name: self.sql(f"select count(*), sum(hash(t)) from {name} as t")[0] for (name,) in tables}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the platform's folder."""
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(scope="session")
def raw(folder: Path) -> Path:
    """Return a warehouse with its raw layer: 50 households' sales, all products, customers and members."""
    if not (DEMO_DATA / "landing/pos/transactions.parquet").exists():
        pytest.fail(f"no demo data in {DEMO_DATA}; run `./pixiw run demo-data` first")
    platform = Platform(folder)
    open_warehouse(platform.settings, holder="tests", mode="write").close()
    platform.sql(*RAW_SQL.replace("$DATA", str(DEMO_DATA)).split(";\n"))
    return Path(shutil.move(platform.path, folder / "raw.duckdb"))


@pytest.fixture(scope="session")
def core(folder: Path, raw: Path) -> Path:
    """Return a warehouse with raw and core."""
    platform = Platform(folder)
    platform.start_from(raw)
    done = platform.transform("build", "core")
    assert done.code == 0, done.err
    return Path(shutil.move(platform.path, folder / "core.duckdb"))


@pytest.fixture(scope="session")
def complete(folder: Path, core: Path) -> Path:
    """Return a warehouse with every layer; who is the same person comes from the demo data's truth."""
    platform = Platform(folder)
    platform.start_from(core)
    platform.sql(*MASTER_SQL.replace("$DATA", str(DEMO_DATA)).split(";\n"))
    done = platform.transform("build", "egress")
    assert done.code == 0, done.err
    return Path(shutil.move(platform.path, folder / "complete.duckdb"))


@pytest.fixture
def on_raw(folder: Path, raw: Path) -> Platform:
    """Return a platform that has ingested."""
    platform = Platform(folder)
    platform.start_from(raw)
    return platform


@pytest.fixture
def on_core(folder: Path, core: Path) -> Platform:
    """Return a platform that has built its core."""
    platform = Platform(folder)
    platform.start_from(core)
    return platform


@pytest.fixture
def on_complete(folder: Path, complete: Path) -> Platform:
    """Return a platform that has built everything."""
    platform = Platform(folder)
    platform.start_from(complete)
    return platform
