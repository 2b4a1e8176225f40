"""A platform in a temporary folder, and the FEBRL persons that the demo data holds."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from entity_resolution.cli import main
from entity_resolution.golden import COLUMNS as GOLDEN_COLUMNS
from entity_resolution.master import XREF_COLUMNS
from shared.command_line import command
from shared.config import Settings, get_settings
from shared.postgres.server import LocalServer
from shared.testing.engines import Engine, PostgresDatabase, drop_database, new_database
from shared.warehouse import open_warehouse

pytest_plugins = ["shared.testing.engines"]

DEMO_DATA = get_settings().data_dir
PARTY_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("party_id", "source_system", "source_id", "given_name", "surname")]
    + [(name, pa.string()) for name in ("street_number", "address_1", "address_2", "suburb", "postcode", "state")]
    + [("date_of_birth", pa.date32()), ("household_id", pa.int64()), ("is_current", pa.bool_())]
)


def party(party_id: str, **values: Any) -> dict[str, Any]:
    """Return one row of core.dim_customer; what is not named is null."""
    source, _, source_id = party_id.partition(":")
    empty = dict.fromkeys(PARTY_SCHEMA.names)
    return {
        **empty,
        "party_id": party_id,
        "source_system": source,
        "source_id": source_id,
        "is_current": True,
        **values,
    }


def table_of(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return parties as the table that core.dim_customer is."""
    return pa.Table.from_pylist(list(rows), PARTY_SCHEMA)


@dataclass
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Platform:
    """A platform of its own: folders, a warehouse, and the command line."""

    data_dir: Path
    database: PostgresDatabase | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        """What holds its warehouse."""
        return "postgres" if self.database else "duckdb"

    @property
    def url(self) -> str:
        """Its WAREHOUSE_URL; empty for the default."""
        return self.database.url if self.database else ""

    @property
    def settings(self) -> Settings:
        """The settings that commands of this platform see."""
        return Settings(data_dir=self.data_dir, warehouse_url=self.url, warehouse_lock_timeout=20)

    @property
    def model_folder(self) -> Path:
        """Where the models of this platform's warehouse are."""
        return next(self.data_dir.glob("state/*/entity-resolution"))

    def put(self, parties: pa.Table) -> Platform:
        """Make these the rows of core.dim_customer."""
        with open_warehouse(self.settings, holder="test", role="transformation", mode="write") as warehouse:
            warehouse.replace_arrow("core.dim_customer", parties)
        return self

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m entity_resolution` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "entity_resolution", *arguments],
            env=os.environ | self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> Finished:
        """Run a command of `python -m entity_resolution` in this process."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self._environment().items():
                patch.setenv(name, value)
            code = command(main, arguments)
        return Finished(code, out.getvalue(), err.getvalue())

    def _environment(self) -> dict[str, str]:
        settings = {"DATA_DIR": str(self.data_dir), "WAREHOUSE_URL": self.url, "WAREHOUSE_LOCK_TIMEOUT": "20"}
        return settings | {"PGPASSFILE": ""} | {"ENTITY_TRUTH": "", "ENTITY_MATCH_THRESHOLD": ""} | self.environment

    def resolve(self, *arguments: str) -> Finished:
        """Run `run`, which must succeed."""
        finished = self.run("run", *arguments)
        assert finished.code == 0, finished.err
        return finished

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse."""
        with open_warehouse(self.settings, holder="test") as warehouse:
            return warehouse.fetch(sql)

    def master(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what master holds, without times and run ids."""
        return {
            "xref": self.fetch(f"select {', '.join(XREF_COLUMNS)} from master.entity_xref order by party_id"),
            "golden": self.fetch(f"select {', '.join(GOLDEN_COLUMNS)} from master.golden_customer order by entity_id"),
            "quality": self.fetch("select measure, value from master.resolution_quality order by measure"),
        }

    def measures(self) -> dict[str, float]:
        """Return the measures that master holds."""
        return dict(self.fetch("select measure, value from master.resolution_quality"))


NewPlatform = Callable[[Path, "Platform | None"], Platform]


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Run the test once for each engine, those of one engine together: they share what was resolved once."""
    engine: Engine = request.param
    return engine


@pytest.fixture(scope="session")
def new_platform(engine: Engine, request: pytest.FixtureRequest) -> Iterator[NewPlatform]:
    """Make platforms on the engine: in a folder, empty or as a copy of another one."""
    with ExitStack() as stack:

        def make(folder: Path, original: Platform | None) -> Platform:
            if original:
                shutil.copytree(original.data_dir, folder, dirs_exist_ok=True)
            if engine == "duckdb":
                return Platform(folder)
            server: LocalServer = request.getfixturevalue("postgres_server")
            return on_postgres(folder, server, original, stack)

        yield make


def on_postgres(folder: Path, server: LocalServer, original: Platform | None, stack: ExitStack) -> Platform:
    """Make a platform whose warehouse is on PostgreSQL, with the roles' passwords where commands look for them."""
    template = [original.database.admin.database] if original and original.database else []
    database = new_database(server, *template)
    stack.callback(drop_database, server, database)
    platform = Platform(folder, database)
    platform.settings.passfile.parent.mkdir(exist_ok=True)
    shutil.copy(server.passwords, platform.settings.passfile)
    for state in folder.glob("state/*"):
        # A copy is a database of its own, under whose identity its state belongs.
        state.rename(state.with_name(platform.fetch("select id from ops.identity")[0][0]))
    return platform


@pytest.fixture
def platform(new_platform: NewPlatform, tmp_path: Path) -> Platform:
    """Return an empty platform."""
    return new_platform(tmp_path, None)


@pytest.fixture(scope="session")
def truth() -> Path:
    """Return the file that says who is who in the demo data."""
    return DEMO_DATA / "demo" / "truth.csv"


@pytest.fixture(scope="session")
def febrl(truth: Path) -> pa.Table:
    """Return all 10,000 parties of the demo data as core.dim_customer holds them, a couple after the other."""
    if not truth.exists():
        pytest.fail("no demo data: run `./pixiw run demo-data` first")
    with duckdb.connect() as connection:
        connection.execute("set variable data = $1", [str(DEMO_DATA)])
        sql = (Path(__file__).parent / "febrl.sql").read_text()
        return connection.execute(sql).to_arrow_table().cast(PARTY_SCHEMA)


@pytest.fixture(scope="session")
def resolved(
    new_platform: NewPlatform, febrl: pa.Table, truth: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Platform, Finished]:
    """Return a platform that has resolved all of the demo data, and how that ended. Not to be changed."""
    platform = new_platform(tmp_path_factory.mktemp("febrl"), None).put(febrl)
    process = platform.start("run", "--truth", str(truth))
    out, err = process.communicate()
    assert process.returncode == 0, err
    return platform, Finished(process.returncode, out, err)


@pytest.fixture(scope="session")
def sample(febrl: pa.Table) -> pa.Table:
    """Return 300 couples, enough to learn from."""
    return febrl.slice(0, 600)


@pytest.fixture(scope="session")
def resolved_sample(
    new_platform: NewPlatform, sample: pa.Table, tmp_path_factory: pytest.TempPathFactory
) -> Platform:
    """Return a platform that has resolved the sample without a truth. Not to be changed."""
    platform = new_platform(tmp_path_factory.mktemp("sample"), None).put(sample)
    platform.resolve()
    return platform


@pytest.fixture
def again(new_platform: NewPlatform, resolved_sample: Platform, tmp_path: Path) -> Platform:
    """Return a platform of its own that has resolved the sample."""
    return new_platform(tmp_path / "again", resolved_sample)
