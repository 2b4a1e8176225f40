"""Opening a warehouse: identity, locks, files that are no warehouse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from shared.config import Settings, get_settings
from shared.errors import ConfigurationError, NotAWarehouse, WarehouseBusy, WrongWarehouse
from shared.warehouse import LAYERS, open_warehouse

Background = Callable[[str], "subprocess.Popen[str]"]

HOLD = """
import sys, time
from shared.config import get_settings
from shared.warehouse import open_warehouse
with open_warehouse(get_settings(), holder="the other one", mode="{mode}") as w:
    {action}
    print("ready", flush=True)
    time.sleep({seconds})
"""


def hold(mode: str = "write", *, seconds: float = 60, action: str = "pass") -> str:
    """Return code that opens the warehouse and keeps it open."""
    return HOLD.format(mode=mode, seconds=seconds, action=action)


def impatient(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings that hardly wait."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0.2")
    return get_settings()


def test_first_opening_makes_the_layers(settings: Settings) -> None:
    """Opening a warehouse that is not there makes it, with every layer; reopening finds the same identity."""
    with open_warehouse(settings, holder="a", mode="write") as first:
        schemas = {name for (name,) in first.fetch("select schema_name from information_schema.schemata")}
        assert set(LAYERS) <= schemas
    with open_warehouse(settings, holder="b", mode="write") as second:
        assert second.identity == first.identity
        assert second.state_dir == settings.state_dir / first.identity.id


def test_no_progress_is_drawn_on_standard_output(settings: Settings) -> None:
    """DuckDB draws no progress bar either where it takes Python for interactive: standard output is data."""
    code = (
        "from shared.config import get_settings; from shared.warehouse import open_warehouse\n"
        "with open_warehouse(get_settings(), holder='a', mode='write') as w:\n"
        "    print(*w.fetch(\"select current_setting('enable_progress_bar')\")[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_reading_makes_nothing(settings: Settings) -> None:
    """A reader of a warehouse that does not exist gets a hint, and no file is left behind."""
    with pytest.raises(NotAWarehouse, match="no warehouse yet") as raised:
        open_warehouse(settings, holder="a")
    assert "ingest" in str(raised.value.hint)
    assert not settings.data_dir.exists()


def test_reader_cannot_write(settings: Settings) -> None:
    """What is opened for reading refuses to write."""
    open_warehouse(settings, holder="a", mode="write").close()
    with open_warehouse(settings, holder="a") as reader, pytest.raises(duckdb.InvalidInputException):
        reader.execute("create table raw.t (i int)")


def test_file_that_is_no_database_is_left_alone(settings: Settings, project: Path) -> None:
    """A file that is no database is refused by name and not changed."""
    path = project / "data" / "warehouse.duckdb"
    path.parent.mkdir()
    path.write_bytes(b"household_id,basket_id\n" * 1000)
    with pytest.raises(NotAWarehouse, match="not a DuckDB database"):
        open_warehouse(settings, holder="a", mode="write")
    assert path.read_bytes() == b"household_id,basket_id\n" * 1000


def test_truncated_database_is_an_error_with_a_hint(settings: Settings, project: Path) -> None:
    """A database file that lost its end is refused with a hint, not with a raw error."""
    with open_warehouse(settings, holder="a", mode="write") as warehouse:
        warehouse.execute("create table raw.t as select i, i::varchar as s from range(200000) t(i)")
    path = project / "data" / "warehouse.duckdb"
    os.truncate(path, 6000)
    with pytest.raises(NotAWarehouse) as raised:
        open_warehouse(settings, holder="a", mode="write")
    assert raised.value.hint


def test_database_of_somebody_else_is_refused(settings: Settings, project: Path) -> None:
    """A DuckDB database that holds tables but no identity is not taken over."""
    (project / "data").mkdir()
    with duckdb.connect(project / "data" / "warehouse.duckdb") as foreign:
        foreign.execute("create table invoices (i int)")
    with pytest.raises(NotAWarehouse, match="no identity"):
        open_warehouse(settings, holder="a", mode="write")
    with duckdb.connect(project / "data" / "warehouse.duckdb") as foreign:
        assert foreign.execute("select table_name from duckdb_tables()").fetchall() == [("invoices",)]


def test_table_in_a_schema_of_their_own_is_seen(settings: Settings, project: Path) -> None:
    """Tables in any schema make a database somebody's."""
    (project / "data").mkdir()
    with duckdb.connect(project / "data" / "warehouse.duckdb") as foreign:
        foreign.execute("create schema finance; create table finance.invoices (i int)")
    with pytest.raises(NotAWarehouse, match="no identity"):
        open_warehouse(settings, holder="a", mode="write")


def test_another_identity_is_refused_by_both_names(settings: Settings) -> None:
    """The database of a lab is not written as the warehouse, and the message names both."""
    open_warehouse(settings, holder="a", mode="write", name="lab1").close()
    with pytest.raises(WrongWarehouse, match="expected the database of `warehouse`, found that of `lab1`"):
        open_warehouse(settings, holder="a", mode="write")


@pytest.mark.parametrize("url", ["mysql://u:p@localhost/db", "duckdb:///", "warehouse.duckdb"])
def test_url_without_engine_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL that names no engine of ours is the user's mistake, and its credentials are not repeated."""
    monkeypatch.setenv("WAREHOUSE_URL", url)
    with pytest.raises(ConfigurationError, match="no warehouse engine"):
        open_warehouse(get_settings(), holder="a", mode="write")


def test_second_writer_fails_by_name(background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waits too long fails with the name and process of whoever writes."""
    other = background(hold())
    with pytest.raises(WarehouseBusy, match=rf"`the other one` \(process {other.pid} ") as raised:
        open_warehouse(impatient(monkeypatch), holder="me", mode="write")
    assert raised.value.retryable


def test_second_writer_waits_and_says_for_whom(
    background: Background, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second writer says whom it waits for, and goes on when that one has ended."""
    other = background(hold())
    threading.Timer(0.3, other.terminate).start()
    open_warehouse(settings, holder="me", mode="write").close()
    assert "waiting for `warehouse.duckdb`, in use: `the other one`" in capfd.readouterr().err


def test_readers_share_and_keep_writers_out(background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers read side by side; a writer does not get in between."""
    open_warehouse(get_settings(), holder="me", mode="write").close()
    background(hold("read"))
    open_warehouse(get_settings(), holder="me").close()
    with pytest.raises(WarehouseBusy):
        open_warehouse(impatient(monkeypatch), holder="me", mode="write")


def test_killed_writer_leaves_no_lock_and_no_half(background: Background, settings: Settings) -> None:
    """After kill -9 in a transaction the next one gets in at once and sees nothing of it."""
    statements = ("create table raw.t (i int)", "begin", "insert into raw.t values (1)")
    other = background(hold(action=f"[w.execute(sql) for sql in {statements}]"))
    os.kill(other.pid, signal.SIGKILL)
    with open_warehouse(settings, holder="me") as warehouse:
        assert warehouse.row_count("raw.t") == 0


def test_foreign_program_is_waited_for(
    background: Background, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that opened the file without asking is named when it does not go away."""
    open_warehouse(settings, holder="me", mode="write").close()
    path = settings.data_dir / "warehouse.duckdb"
    background(f"import duckdb, time; c = duckdb.connect({str(path)!r}); print('ready', flush=True); time.sleep(60)")
    with pytest.raises(WarehouseBusy, match="open in another program"):
        open_warehouse(impatient(monkeypatch), holder="me", mode="write")
