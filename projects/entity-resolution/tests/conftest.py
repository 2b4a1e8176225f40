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
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from entity_resolution import entities
from entity_resolution.cli import main
from entity_resolution.engine.golden.query import PROVENANCE, golden_columns
from entity_resolution.engine.master import XREF_COLUMNS
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.command_line import command
from shared.config import Settings, get_settings
from shared.postgres.server import LocalServer
from shared.testing.cores import all_cores
from shared.testing.engines import Engine, PostgresDatabase, drop_database, new_database
from shared.testing.marks import mark_slow
from shared.utils.instances import names_in
from shared.warehouse import open_warehouse

pytest_plugins = ["shared.testing.engines"]

EVENT_COLUMNS = "revision, entity_id, event, reason, records_before, records_after, members_before, members_after"
DEMO_DATA = get_settings().data_dir
# Entities of the demo that have tests of their own.
OTHERS = ("product",)
Master = dict[str, list[tuple[Any, ...]]]
PARTY_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("party_id", "source_system", "source_id", "given_name", "surname")]
    + [(name, pa.string()) for name in ("street_number", "address_1", "address_2", "suburb", "postcode", "state")]
    + [("date_of_birth", pa.date32()), ("household_id", pa.int64()), ("is_current", pa.bool_())]
)


# Models are trained in the same way whatever the warehouse's engine; that they are the same is a test of its own.
training_alone = pytest.mark.parametrize("engine", ["duckdb"])


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`, and group tests for `--dist loadgroup`: each engine is one worker's.

    So what tests start from is resolved once on each engine, and there is one server.
    """
    learned = {"resolved_on", "resolved_sample_on", "changed_on", "febrl"}
    mark_slow(items, fixtures=learned, files={"test_few_parties", "test_overrides", "test_several"})
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "engine" in parameters:
            item.add_marker(pytest.mark.xdist_group(parameters["engine"]))


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
        return next(self.data_dir.glob("state/*/entity-resolution/customer"))

    def put(self, parties: pa.Table) -> Platform:
        """Make these the rows of core.dim_customer."""
        with open_warehouse(self.settings, holder="test", role="transformation", mode="write") as warehouse:
            warehouse.replace_arrow("core.dim_customer", parties)
        return self

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `python -m entity_resolution` in a process of its own, for the customer alone."""
        return subprocess.Popen(
            [sys.executable, "-m", "entity_resolution", *arguments, "--entity", CUSTOMER.name],
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

    def master(self) -> Master:
        """Return what master holds, without times and run ids."""
        return {
            "xref": self.fetch(f"select {', '.join(XREF_COLUMNS)} from master.customer_xref order by party_id"),
            "golden": self.fetch(
                f"select {', '.join(golden_columns(CUSTOMER))} from master.golden_customer order by entity_id"
            ),
            "provenance": self.fetch(f"select {', '.join(PROVENANCE)} from master.customer_provenance order by 1, 2"),
            "history": self.fetch("select * from master.customer_history order by entity_id, present_id"),
            "former": self.fetch("select * from master.customer_former_member order by entity_id, party_id"),
            "events": self.fetch(f"select {EVENT_COLUMNS} from master.customer_event order by 1, 2, 3"),
            "quality": self.fetch("select measure, value from master.resolution_quality order by measure"),
        }

    def measures(self) -> dict[str, float]:
        """Return the measures that master holds."""
        return dict(self.fetch("select measure, value from master.resolution_quality"))


@dataclass
class Platforms:
    """Makes platforms on either engine.

    Attributes:
        server: Starts the PostgreSQL server, or returns the one that runs.
        databases: Where to note what is to be dropped in the end.
    """

    server: Callable[[], LocalServer]
    databases: ExitStack

    def new(self, folder: Path, engine: Engine, original: Platform | None = None) -> Platform:
        """Make a platform in a folder: empty, or as a copy of another one that nobody uses at the moment."""
        if original:
            shutil.copytree(original.data_dir, folder, dirs_exist_ok=True)
        return Platform(folder) if engine == "duckdb" else self._on_postgres(folder, original)

    def _on_postgres(self, folder: Path, original: Platform | None) -> Platform:
        server = self.server()
        template = [original.database.admin.database] if original and original.database else []
        database = new_database(server, *template)
        self.databases.callback(drop_database, server, database)
        platform = Platform(folder, database)
        # Where commands look for the passwords of their roles.
        platform.settings.passfile.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(server.passwords, platform.settings.passfile)
        for state in folder.glob("state/*"):
            # A copy is a database of its own, under whose identity its state belongs.
            state.rename(state.with_name(platform.fetch("select id from ops.identity")[0][0]))
        return platform


@pytest.fixture(scope="session", autouse=True)
def customer_alone() -> Iterator[None]:
    """Let the demo's customer be the only entity, as the tests' core has no parties of another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entities, "names_in", lambda path: [name for name in names_in(path) if name not in OTHERS])
        entities.modules.cache_clear()
        yield
    entities.modules.cache_clear()


@pytest.fixture(scope="session")
def platforms(request: pytest.FixtureRequest) -> Iterator[Platforms]:
    """Make platforms, and drop their databases in the end."""
    with ExitStack() as databases:
        yield Platforms(lambda: request.getfixturevalue("postgres_server"), databases)


@pytest.fixture
def platform(platforms: Platforms, engine: Engine, tmp_path: Path) -> Platform:
    """Return an empty platform."""
    return platforms.new(tmp_path, engine)


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
def sample(febrl: pa.Table) -> pa.Table:
    """Return 200 couples, enough to learn from."""
    return febrl.slice(0, 400)


ResolvedOn = Callable[[Engine], tuple[Platform, Finished]]


@pytest.fixture(scope="session")
def resolved_on(
    platforms: Platforms, febrl: pa.Table, truth: Path, tmp_path_factory: pytest.TempPathFactory
) -> ResolvedOn:
    """Return, for an engine, a platform that has resolved all of the demo data, and how that ended."""

    @cache
    def resolve(engine: Engine) -> tuple[Platform, Finished]:
        platform = platforms.new(tmp_path_factory.mktemp("febrl"), engine).put(febrl)
        # As for users: what comes of it is compared between engines to the last digit.
        with all_cores():
            return platform, platform.resolve("--truth", str(truth))

    return resolve


@pytest.fixture
def resolved(resolved_on: ResolvedOn, engine: Engine) -> tuple[Platform, Finished]:
    """Return a platform that has resolved all of the demo data, and how that ended. Not to be changed."""
    return resolved_on(engine)


PlatformOn = Callable[[Engine], Platform]


@pytest.fixture(scope="session")
def resolved_sample_on(platforms: Platforms, sample: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> PlatformOn:
    """Return, for an engine, a platform that has resolved the sample without a truth."""

    @cache
    def resolve(engine: Engine) -> Platform:
        platform = platforms.new(tmp_path_factory.mktemp("sample"), engine).put(sample)
        platform.resolve()
        return platform

    return resolve


@pytest.fixture
def resolved_sample(resolved_sample_on: PlatformOn, engine: Engine) -> Platform:
    """Return a platform that has resolved the sample without a truth. Not to be changed."""
    return resolved_sample_on(engine)


@pytest.fixture
def again(platforms: Platforms, resolved_sample: Platform, tmp_path: Path) -> Platform:
    """Return a platform of its own that has resolved the sample."""
    return platforms.new(tmp_path / "again", resolved_sample.engine, resolved_sample)


@pytest.fixture(scope="session")
def changed_on(
    platforms: Platforms, resolved_sample_on: PlatformOn, sample: pa.Table, tmp_path_factory: pytest.TempPathFactory
) -> PlatformOn:
    """Return, for an engine, a platform that has resolved few parties by the sample's model, and now has the sample."""

    @cache
    def change(engine: Engine) -> Platform:
        platform = platforms.new(tmp_path_factory.mktemp("changed"), engine, resolved_sample_on(engine))
        platform.put(sample.slice(0, 100)).resolve()
        return platform.put(sample)

    return change


@pytest.fixture
def changed(platforms: Platforms, changed_on: PlatformOn, engine: Engine, tmp_path: Path) -> Platform:
    """Return a platform of its own that has resolved few parties, and now has the sample to resolve."""
    return platforms.new(tmp_path / "changed", engine, changed_on(engine))


@pytest.fixture(scope="session")
def undisturbed_on(
    platforms: Platforms, changed_on: PlatformOn, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Engine], Master]:
    """Return, for an engine, the master that a run on `changed` ends with."""

    @cache
    def run(engine: Engine) -> Master:
        platform = platforms.new(tmp_path_factory.mktemp("undisturbed"), engine, changed_on(engine))
        platform.resolve()
        return platform.master()

    return run


@pytest.fixture
def undisturbed(undisturbed_on: Callable[[Engine], Master], engine: Engine) -> Master:
    """Return the master that a run on `changed` ends with."""
    return undisturbed_on(engine)
