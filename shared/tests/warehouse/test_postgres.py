"""What only the warehouse on PostgreSQL does: locks by role, errors of the server, arrow data in every type."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, cast

import psycopg2
import pyarrow as pa
import pytest

from shared.command_line import as_platform_error
from shared.config import Settings, get_settings
from shared.errors import InputError, NotAWarehouse, StorageFull, UserError, WarehouseBusy, WrongWarehouse
from shared.monitoring import history, record_run
from shared.postgres.errors import Collision, NotPermitted, ServerUnavailable
from shared.postgres.server import LocalServer
from shared.testing.engines import PostgresDatabase
from shared.warehouse import Role, Warehouse, open_warehouse
from shared.warehouse.postgres_engine import PostgresWarehouse
from shared.warehouse.provision import create_database

HOLD = """
import sys, time
from shared.config import get_settings
from shared.warehouse import open_warehouse
with open_warehouse(get_settings(), holder="the other one", role=sys.argv[1], mode="write") as w:
    print("ready", flush=True)
    time.sleep(60)
"""
pytestmark = pytest.mark.usefixtures("on_postgres")


@pytest.fixture
def on_postgres(postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> PostgresDatabase:
    """Point WAREHOUSE_URL at a warehouse on PostgreSQL."""
    monkeypatch.setenv("WAREHOUSE_URL", postgres_database.url)
    return postgres_database


def opened(role: Role = "ingress") -> Warehouse:
    """Open the warehouse for writing as a role."""
    return open_warehouse(get_settings(), holder="me", role=role, mode="write")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    """Let another process write as `ingress`."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, "ingress"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_writers_of_a_role_wait_for_each_other(
    other: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second writer of a role says for whom it waits, fails by name after the timeout, and is let in after a kill."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0.2")
    with pytest.raises(WarehouseBusy, match="in use for `ingress`: `the other one`"):
        opened()
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "20")
    threading.Timer(0.3, other.kill).start()
    opened().close()
    assert "in use for `ingress`: `the other one` (server process" in capfd.readouterr().err


def test_what_another_session_has_locked_is_waited_for_no_longer_than_a_writer(
    on_postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever library opens a session, a table that another one keeps locked ends its statement, to be run again."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "1")
    with closing(psycopg2.connect(on_postgres.admin_url)) as holder, opened() as warehouse:
        holder.cursor().execute("lock table ops.run in access exclusive mode")
        begun = time.monotonic()
        with pytest.raises(Collision, match="another session was in the way"):
            warehouse.fetch("select 1 from ops.run")
        assert time.monotonic() - begun < 10
        url = cast("PostgresWarehouse", warehouse).target.url()
        with closing(psycopg2.connect(url)) as other, pytest.raises(psycopg2.errors.LockNotAvailable):
            other.cursor().execute("select 1 from ops.run")


def test_other_roles_and_readers_do_not_wait(other: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers of other roles and readers work beside a writer."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0")
    opened("egress").close()
    open_warehouse(get_settings(), holder="me").close()


def test_run_of_a_role_that_still_writes_is_left_alone() -> None:
    """A run counts as killed when nobody writes as its role any more, and not before."""
    with opened("transformation") as writer, record_run(writer, step="transform", command="build"):
        with opened("egress") as warehouse, record_run(warehouse, step="deliver", command="run"):
            running = sorted(run["step"] for run in history.last_runs(warehouse) if run["status"] == "running")
        killed = record_run(writer, step="test", command="x")
        killed.__enter__()
    with opened("egress") as warehouse, record_run(warehouse, step="deliver", command="again"):
        after = {run["step"] for run in history.last_runs(warehouse) if run["status"] == "interrupted"}
    assert running == ["deliver", "transform"]
    assert after == {"test"}


def test_reader_cannot_write(on_postgres: PostgresDatabase) -> None:
    """What is opened for reading refuses to write, also for a login that could."""
    with (
        open_warehouse(Settings(warehouse_url=on_postgres.admin_url), holder="a") as reader,
        pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
    ):
        reader.execute("create table raw.t (i int)")


def test_step_of_another_project_is_refused() -> None:
    """A project that writes what is not its layer gets an error that says so."""
    with opened("egress") as warehouse, pytest.raises(NotPermitted, match="does not permit it") as raised:
        warehouse.execute("create table raw.t (i int)")
    assert raised.value.exit_code == 2


def test_one_login_for_everything(postgres_server: LocalServer) -> None:
    """A database and a login of one's own are enough: the first writer makes the layers, without `postgres-init`."""
    admin = postgres_server.admin("plain")
    create_database(admin)
    settings = Settings(warehouse_url=admin.url())
    try:
        with pytest.raises(NotAWarehouse, match="no identity"):
            open_warehouse(settings, holder="a")
        with open_warehouse(settings, holder="a", role="ingress", mode="write") as warehouse:
            warehouse.replace_arrow("raw.t", pa.table({"i": [1]}))
            assert {"raw_staging", "splink"} <= warehouse.schemas()
            assert warehouse.fetch("select levenshtein('a', 'b')") == [(1,)]
        with open_warehouse(settings, holder="b") as reader:
            assert reader.row_count("raw.t") == 1
    finally:
        session = postgres_server.admin().connect("test")
        session.cursor().execute("drop database plain with (force)")
        session.close()


def test_database_of_somebody_else_is_refused(postgres_server: LocalServer) -> None:
    """A database that holds tables but no identity is not taken over."""
    admin = postgres_server.admin("somebody")
    create_database(admin)
    session = admin.connect("test")
    session.cursor().execute("create schema finance; create table finance.invoices (i int)")
    session.close()
    try:
        with pytest.raises(NotAWarehouse, match=r"no identity: `postgresql://127.0.0.1:\d+/somebody`"):
            open_warehouse(Settings(warehouse_url=admin.url()), holder="a", mode="write")
    finally:
        session = postgres_server.admin().connect("test")
        session.cursor().execute("drop database somebody with (force)")
        session.close()


def test_another_identity_is_refused() -> None:
    """The warehouse's database is not written as a lab's."""
    with pytest.raises(WrongWarehouse, match="expected the database of `lab1`, found that of `warehouse`"):
        open_warehouse(get_settings(), holder="a", role="ingress", mode="write", name="lab1")


def test_lost_server_is_an_error_with_a_hint(on_postgres: PostgresDatabase) -> None:
    """When the session ends under a step, the error says that what was not committed is undone, and may be retried."""
    with opened() as warehouse:
        warehouse.execute("create table raw.t (i int)")
        session = on_postgres.admin.connect("test")
        with (
            pytest.raises(ServerUnavailable, match="connection to PostgreSQL is lost") as raised,
            warehouse.transaction(),
        ):
            warehouse.execute("insert into raw.t values (1)")
            session.cursor().execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'me'"
            )
            warehouse.execute("insert into raw.t values (2)")
        session.close()
        with pytest.raises(ServerUnavailable):
            warehouse.fetch("select 1")
    assert raised.value.retryable
    assert raised.value.exit_code == 1
    with opened() as warehouse:
        assert warehouse.row_count("raw.t") == 0


def test_full_disk_is_told_as_such() -> None:
    """PostgreSQL's word for a full disk becomes the platform's error for it, however deep it is wrapped."""
    with opened("transformation") as warehouse:
        raised: BaseException | None = None
        try:
            warehouse.execute("do $do$ begin raise 'could not extend file' using errcode = '53100'; end $do$")
        except Exception as error:
            raised = RuntimeError("dlt says something else")
            raised.__cause__ = error
    assert raised is not None
    assert isinstance(as_platform_error(raised), StorageFull)


def test_table_that_is_too_wide_is_told_as_such() -> None:
    """More columns than a table there has is the user's to mend, with a hint."""
    columns = ", ".join(f"c{number} int" for number in range(1_601))
    with opened() as warehouse, pytest.raises(UserError, match=r"more than PostgreSQL can hold.*1600 columns") as told:
        warehouse.execute(f"create table raw.wide ({columns})")
    assert "leave out columns" in (told.value.hint or "")


EVERY_TYPE: dict[str, tuple[pa.DataType, list[Any]]] = {
    "small": (pa.int16(), [-(2**15), None]),
    "middle": (pa.int32(), [2**31 - 1, None]),
    "large": (pa.int64(), [-(2**63), None]),
    "real": (pa.float32(), [0.1, None]),
    "double": (pa.float64(), [5e-324, None]),
    "money": (pa.decimal128(38, 9), [Decimal("-12345678901234567890123456789.123456789"), None]),
    "tiny": (pa.decimal128(4, 4), [Decimal("0.0001"), None]),
    "flag": (pa.bool_(), [True, None]),
    "day": (pa.date32(), [date(1, 1, 1), None]),
    "moment": (pa.timestamp("us"), [datetime(9999, 12, 31, 23, 59, 59, 999999), None]),
    "instant": (pa.timestamp("us", tz="UTC"), [datetime(2017, 1, 1, 12, 30, tzinfo=timezone.utc), None]),
    "text": (pa.string(), ['a,"b"\n\\.\r\n;€\t', ""]),
    "empty": (pa.string(), ["", None]),
}


def test_every_type_comes_back_exact() -> None:
    """Each arrow type that PostgreSQL holds comes back with type and values, null told from empty."""
    schema = pa.schema({name: kind for name, (kind, _) in EVERY_TYPE.items()})
    data = pa.table({name: pa.array(values, kind) for name, (kind, values) in EVERY_TYPE.items()}, schema)
    with opened() as warehouse:
        warehouse.replace_arrow("raw.t", data)
        back = warehouse.fetch_arrow("select * from raw.t order by small nulls last")
    assert back.schema == schema
    assert back.equals(data)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(pa.float64(), float("nan")), (pa.float64(), float("-inf")), (pa.string(), "NULL"), (pa.string(), "\\N")],
)
def test_values_that_look_like_something_else(kind: pa.DataType, value: Any) -> None:
    """Not-a-number, infinity and texts that spell a null come back as they are."""
    with opened() as warehouse:
        warehouse.replace_arrow("raw.t", pa.table({"v": pa.array([value, None], kind)}))
        back = warehouse.fetch_arrow("select * from raw.t")["v"]
    assert str(back[0].as_py()) == str(value)
    assert back[1].as_py() is None


def test_other_types_come_as_text_or_not_at_all() -> None:
    """An unbounded sum comes with all its digits as text; a nested column is refused by its type."""
    with opened() as warehouse:
        warehouse.replace_arrow("raw.t", pa.table({"n": pa.array([Decimal("0.10")], pa.decimal128(4, 2))}))
        total = warehouse.fetch_arrow("select sum(n) as total from raw.t")
        assert total.to_pydict() == {"total": ["0.10"]}
        with pytest.raises(InputError, match="no column of PostgreSQL holds this type: `list<"):
            warehouse.replace_arrow("raw.u", pa.table({"n": [[1]]}))


@pytest.mark.parametrize("value", ["date 'infinity'", "timestamp '-infinity'", "timestamptz '0044-03-15 12:00 BC'"])
def test_time_that_arrow_has_no_form_for(value: str) -> None:
    """A time that is none in arrow is an error of the data's by its column, be it read at once or bit by bit."""
    with opened() as warehouse:
        for read in (warehouse.fetch_arrow, lambda sql: [*warehouse.stream_arrow(sql)]):
            with pytest.raises(InputError, match=r"a value of the column `til` cannot be read as .*: invalid value"):
                read(f"select 1 as id, {value} as til")


def test_stream_is_cut_into_batches() -> None:
    """A stream's batches have at most as many rows as asked for, and all of them arrive, parameters included."""
    with opened() as warehouse:
        reader = warehouse.stream_arrow(
            "select n, '%' as sign from generate_series(1, $1) as t (n)", [2500], batch_rows=1000
        )
        sizes = [batch.num_rows for batch in reader]
    assert sum(sizes) == 2500
    assert max(sizes) <= 1000


def test_query_without_rows_has_its_columns() -> None:
    """A query that finds nothing still has its columns with their types."""
    with opened() as warehouse:
        found = warehouse.fetch_arrow("select 1::bigint as n, 'x' as s where false")
    assert found.schema == pa.schema({"n": pa.int64(), "s": pa.string()})


def test_name_that_would_be_cut_off_is_refused() -> None:
    """A name of 63 bytes is kept; a longer one, which PostgreSQL would shorten silently, is refused."""
    longest = "é" * 31 + "x"
    with opened() as warehouse:
        warehouse.replace_arrow(f"raw.{longest}", pa.table({longest: [1]}))
        assert warehouse.tables("raw") == [longest]
        with pytest.raises(InputError, match="more than 63 bytes"):
            warehouse.replace_arrow("raw.t", pa.table({longest + "y": [1]}))


def test_location_tells_no_secret(on_postgres: PostgresDatabase) -> None:
    """Where a warehouse is can be shown: it holds no password."""
    with open_warehouse(Settings(warehouse_url=on_postgres.admin_url), holder="a") as warehouse:
        assert isinstance(warehouse, PostgresWarehouse)
        assert str(warehouse.target.password) not in warehouse.location
        assert warehouse.location == replace(on_postgres.admin, password=None).location
