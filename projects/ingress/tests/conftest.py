"""A project of its own for each test, with small files of the sources' shape, and a loyalty API on loopback."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from api_styles import Api, listening, serving
from dlt.common import jsonpath

from ingress.__main__ import main
from ingress.load.source_load import load_source
from ingress.source import Source
from shared.command_line import command
from shared.config import get_settings
from shared.monitoring import record_run
from shared.testing.marks import mark_slow
from shared.warehouse import open_warehouse
from shared.warehouse.fingerprint import schema_fingerprints

pytest_plugins = ["shared.testing.engines"]

LINES = 3_000
# For tests of what happens before anything gets to the warehouse.
on_duckdb_alone = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
HEADER = "customer_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth"
Fingerprints = dict[str, tuple[int, int]]
Serve = Callable[[Any, list[dict[str, Any]]], Api]


def killed_at(owner: object, name: str, work: Callable[[], object]) -> None:
    """Do something in a process that is killed where it would call what `owner` has by a name."""

    def until_killed() -> None:
        setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        work()

    child = multiprocessing.get_context("fork").Process(target=until_killed)
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL


@pytest.fixture(scope="session", autouse=True)
def paths_read_once() -> Iterator[None]:
    """Read each JSONPath once a session: dlt's parser builds its tables anew for each, which takes 30 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonpath, "_parse", lru_cache(maxsize=None)(vars(jsonpath)["_parse"]))
        yield


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`."""
    servers = {"dlt", "erp", "files", "five_sources", "guarantees", "mariadb", "new_source", "rest"}
    files = {f"test_{name}" for name in (*servers, "deletions", "polling", "replay", "run", "storage")}
    mark_slow(items, fixtures={"clean_run"}, files=files)


def customer(number: int, **changes: str) -> str:
    """Return a line of the CRM's export."""
    values = dict.fromkeys(HEADER.split(","), "")
    values |= {"customer_id": f"C-{number:05d}", "given_name": "ada", "postcode": "2000", "date_of_birth": "19151210"}
    return ",".join((values | changes).values())


def member(number: int, **changes: Any) -> dict[str, Any]:
    """Return a member as the loyalty API has them."""
    nothing = (
        "first_name",
        "last_name",
        "street_no",
        "street",
        "building",
        "city",
        "post_code",
        "region",
        "birth_date",
    )
    return {"member_id": f"L-{number:05d}", **dict.fromkeys(nothing), "household_id": number, **changes}


def transactions(lines: int = LINES) -> pa.Table:
    """Return receipt lines whose keys are unique and whose sales are 0.01, 0.02, … dollars."""
    numbers = list(range(1, lines + 1))
    columns: dict[str, Any] = {
        "household_id": [1 + number % 50 for number in numbers],
        "store_id": [300] * lines,
        "basket_id": [31_000_000_000 + number // 3 for number in numbers],
        "product_id": numbers,
        "quantity": [1] * lines,
        "sales_value": [number / 100 for number in numbers],
        **{name: [0.0] * lines for name in ("retail_disc", "coupon_disc", "coupon_match_disc")},
        "week": [1 + number % 53 for number in numbers],
    }
    moments = [datetime(2017, 1, 1) + timedelta(minutes=number) for number in numbers]
    columns["transaction_timestamp"] = pa.array(moments, pa.timestamp("ns"))
    return pa.table(columns)


def pos_tables() -> dict[str, pa.Table]:
    """Return small tables for all files of the points of sale."""
    day = pa.array([datetime(2017, 3, 1)], pa.timestamp("ns"))
    people = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")
    names = ("department", "brand", "product_category", "product_type", "package_size")
    placed = {"product_id": [1], "store_id": [1], "display_location": ["0"], "mailer_location": ["A"], "week": [1]}
    return {
        "transactions": transactions(),
        "products": pa.table({"product_id": [1], "manufacturer_id": [2], **{name: ["x"] for name in names}}),
        "campaigns": pa.table({"campaign_id": [1, 1], "household_id": [1, 2]}),
        "campaign_descriptions": pa.table(
            {"campaign_id": [1], "campaign_type": ["Type A"], "start_date": day, "end_date": day}
        ),
        # The first line comes twice, as some do in the real data.
        "coupons": pa.table({"coupon_upc": [7, 7, 8], "product_id": [1, 1, 1], "campaign_id": [1, 1, 1]}),
        "coupon_redemptions": pa.table(
            {"household_id": [1], "coupon_upc": [7], "campaign_id": [1], "redemption_date": day}
        ),
        "demographics": pa.table({"household_id": [1], **{name: ["x"] for name in people}}),
        "promotions": pa.table(placed),
    }


@dataclass
class Project:
    """A project folder and what one does with it."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.root / "data" / "landing"

    def crm(self, name: str, content: str | bytes) -> Path:
        """Drop a file for the CRM."""
        path = self.landing / "crm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def customers(self, name: str, *lines: str, header: str = HEADER) -> Path:
        """Drop a CSV file of these lines for the CRM."""
        return self.crm(name, "\n".join([header, *lines, ""]))

    def pos(self, **tables: pa.Table) -> None:
        """Write the files of the points of sale, with these tables in place of the usual ones."""
        folder = self.landing / "pos"
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in (pos_tables() | tables).items():
            pq.write_table(table, folder / f"{name}.parquet", row_group_size=1_000)

    def ingress(self, *arguments: str) -> tuple[int, str]:
        """Run the command and return its exit code and what it said."""
        code = command(main, arguments)
        output = self.capsys.readouterr()
        return code, output.out + output.err

    def load(self, *sources: str) -> str:
        """Load sources, which must succeed, and return what the command said."""
        code, said = self.ingress("run", "--source", *sources)
        assert code == 0, said
        return said

    def load_source(self, source: Source, **options: Any) -> None:
        """Load a source that is not one of the project's, with these options of `load_source`."""
        with (
            open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse,
            record_run(warehouse, step="ingest", command="test") as run,
        ):
            load_source(run, get_settings(), source, **options)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse."""
        with open_warehouse(get_settings(), holder="test") as warehouse:
            return warehouse.fetch(sql)

    def bad_rows(self) -> list[tuple[str, int, str]]:
        """Return origin, position and reason of the quarantined rows that are not resolved."""
        return self.fetch("select origin, position, reason from ops.quarantine where resolved_at is null order by 1, 2")

    def state(self) -> Fingerprints:
        """Return the fingerprints of raw and of what is open in quarantine, without what differs from run to run."""
        with open_warehouse(get_settings(), holder="test") as warehouse:
            rows = warehouse.fetch(
                "select source, resource, origin, position, reason, payload from ops.quarantine "
                "where resolved_at is null"
            )
            quarantine = (len(rows), zlib.crc32(repr(sorted(rows)).encode()))
            return {**schema_fingerprints(warehouse, "raw"), "quarantine": quarantine}


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], warehouse_url: str
) -> Project:
    """Make a temporary folder the project's root, so that no test touches the user's data; once for each engine."""
    for name in ("DATA_DIR", "WAREHOUSE_LOCK_TIMEOUT", "WAREHOUSE_MEMORY_LIMIT", "LOYALTY_API_URL", "ERP_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    return Project(tmp_path, capsys)


@pytest.fixture(scope="session")
def clean_states() -> dict[Any, Fingerprints]:
    """Return the states of clean runs by what they read, as many tests and both engines come to the same ones."""
    return {}


@pytest.fixture
def clean_run(
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    clean_states: dict[Any, Fingerprints],
) -> Callable[..., Fingerprints]:
    """Return a function that loads what the project's landing folder holds into a new DuckDB file, and its state.

    Whatever the engine of the test: the result has to be the same.
    """

    def run(*sources: str) -> Fingerprints:
        files = {str(path.relative_to(project.landing)): path for path in project.landing.rglob("*") if path.is_file()}
        read = (sources, *((name, path.read_bytes()) for name, path in sorted(files.items())))
        if read not in clean_states:
            root = tmp_path_factory.mktemp("clean")
            shutil.copytree(project.landing, root / "data" / "landing", dirs_exist_ok=True)
            with monkeypatch.context() as patch:
                patch.setenv("PIXI_PROJECT_ROOT", str(root))
                patch.setenv("WAREHOUSE_URL", "")
                other = Project(root, project.capsys)
                other.load(*sources)
                clean_states[read] = other.state()
        return clean_states[read]

    return run


@dataclass
class LoyaltyApi:
    """A paged list of members on loopback.

    Attributes:
        members: What it serves.
        faults: What it does instead of answering, one after the other: a status with headers and a body, or a number of
            seconds to keep the caller waiting.
        asked: The queries it was asked, as they came.
    """

    members: list[Any]
    faults: list[tuple[int, dict[str, str], bytes] | float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    total: int | None = None
    url: str = ""

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return the answer to a request."""
        self.asked.append(path)
        if self.faults:
            fault = self.faults.pop(0)
            if not isinstance(fault, float):
                return fault
            threading.Event().wait(fault)
        query = dict(pair.split("=") for pair in path.partition("?")[2].split("&"))
        page, size = int(query["page"]), int(query["page_size"])
        following = f"{self.url}/members?page={page + 1}&page_size={size}" if page * size < len(self.members) else None
        total = len(self.members) if self.total is None else self.total
        body = {"data": self.members[(page - 1) * size : page * size], "total": total, "next": following}
        return 200, {}, json.dumps(body).encode()


@pytest.fixture
def loyalty(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoyaltyApi]:
    """Serve 1,200 members, and let the client try three times without waiting long."""
    api = LoyaltyApi([member(number) for number in range(1, 1_201)])

    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.5")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")
    with listening(lambda target, *_: api.answer(target)) as api.url:
        monkeypatch.setenv("LOYALTY_API_URL", api.url)
        yield api


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve rows in a style, at API_URL."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    with ExitStack() as stack:

        def begin(style: Any, rows: list[dict[str, Any]]) -> Api:
            api = stack.enter_context(serving(Api(style, rows)))
            monkeypatch.setenv("API_URL", api.url)
            return api

        yield begin
