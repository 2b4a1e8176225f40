"""Layouts of the platform's own tables: brought up to date on both engines, and what is refused."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from earlier import LAYOUT_3, LAYOUTS, put_back

from shared.config import Settings, get_settings
from shared.config.labs import Lab
from shared.errors import WrongWarehouse
from shared.monitoring import record_run
from shared.testing.engines import PostgresDatabase
from shared.warehouse import Mode, Warehouse, open_warehouse
from shared.warehouse.lab_database import open_lab
from shared.warehouse.migrations import OPS, OlderWarehouse, version_of
from shared.warehouse.migrations.__main__ import main
from shared.warehouse.opening import connect
from shared.warehouse.provision import provision

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
on_duckdb = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
COLUMNS = """
    select table_name, column_name, data_type, is_nullable, column_default
    from information_schema.columns where table_schema = 'ops' order by table_name, column_name
"""
KEYS = """
    select table_name, column_name, ordinal_position
    from information_schema.key_column_usage where table_schema = 'ops' order by table_name, ordinal_position
"""


def upgrade(owner: Settings, database: PostgresDatabase | None) -> None:
    """Bring the warehouse up to date as one does: by `postgres-init`, or by writing to it."""
    if database:
        provision(database.admin)
    else:
        open_warehouse(owner, holder="upgrade", mode="write").close()


def rows_of(warehouse: Warehouse, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of tables, in these columns."""
    listed = {table: ", ".join(f'"{name}"' for name in names) for table, names in columns.items()}
    return {
        table: warehouse.fetch(f"select {names} from ops.{table} order by {names}") for table, names in listed.items()
    }


def columns_of(warehouse: Warehouse) -> dict[str, list[str]]:
    """Return the columns of each table of `ops`, but the layout's own number."""
    names: dict[str, list[str]] = {}
    for table, column, *_ in warehouse.fetch(COLUMNS):
        if column != "layout_version":
            names.setdefault(table, []).append(column)
    return names


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_every_earlier_layout_is_brought_up_to_date(
    layout: Path, owner: Settings, database: PostgresDatabase | None
) -> None:
    """No row of an earlier layout is lost or changed, and the tables are those of a new warehouse, ready to be used.

    The order of columns is not compared: PostgreSQL adds at the end, and nothing reads by position.
    """
    with open_warehouse(owner, holder="test") as new:
        catalog = new.fetch(COLUMNS), new.fetch(KEYS)
    put_back(owner, layout)
    with connect(owner, holder="test", role="reader", mode="read") as old:
        columns = columns_of(old)
        # Whose a run was that the first layout did not say, `postgres-init` finds out.
        columns["run"] = [name for name in columns["run"] if not (database and name == "role")]
        before = rows_of(old, columns)
    assert all(before.values())
    upgrade(owner, database)
    with open_warehouse(owner, holder="test") as warehouse:
        assert version_of(warehouse, OPS) == OPS.latest
        assert (warehouse.fetch(COLUMNS), warehouse.fetch(KEYS)) == catalog
        assert rows_of(warehouse, columns) == before
        if database:
            assert warehouse.fetch("select run_id, role from ops.run order by 1") == [
                ("first", "ingress"),
                ("second", "transformation"),
                ("third", "ingress"),
            ]
    with open_warehouse(get_settings(), holder="test", role="egress", mode="write") as warehouse:
        with record_run(warehouse, step="deliver", command="run"):
            pass
        order = warehouse.fetch("select step, run_id, sequence from ops.run order by sequence")
    assert [run for _, run, _ in order[:3]] == ["first", "second", "third"]
    assert [(step, number) for step, _, number in order[2:]] == [("ingest", 3), ("deliver", 4)]


@pytest.mark.parametrize("layout", LAYOUTS[-2:], ids=lambda path: path.stem)
def test_open_transactions_of_deliveries_are_still_open(
    layout: Path, owner: Settings, database: PostgresDatabase | None
) -> None:
    """What a run's output said of its transaction is in the journal: open behind the last one that was marked."""
    put_back(owner, layout)
    upgrade(owner, database)
    with open_warehouse(owner, holder="test") as warehouse:
        found = warehouse.fetch("select * from ops.delivery_transaction order by transaction_number")
    assert found == [
        ("first", "settled", 699, "public.s", "postgresql://a/b", True),
        ("first", "table", 700, "public.t", "postgresql://a/b", True),
        ("second", "settled", 701, "public.s", "postgresql://a/b", True),
        ("second", "table", 4294967999, "public.t", "postgresql://a/b", False),
    ]


def test_reader_of_an_earlier_layout_is_told_what_to_run(
    owner: Settings, database: PostgresDatabase | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading tables of an earlier layout fails by name and changes nothing; the command of the hint mends it."""
    put_back(owner, LAYOUT_3)
    with pytest.raises(OlderWarehouse, match=f"`ops` .layout 3, this one needs {OPS.latest}.") as raised:
        open_warehouse(get_settings(), holder="test")
    if database:
        assert "`./pixiw run postgres-init`" in str(raised.value.hint)
        provision(database.admin)
    else:
        assert "`./pixiw run -e default python -m shared.warehouse.migrations`" in str(raised.value.hint)
        main([])
        assert f"layout {OPS.latest} of `ops`" in capsys.readouterr().out
    open_warehouse(get_settings(), holder="test").close()


@on_postgres
def test_project_that_may_not_migrate_is_told_who_may(owner: Settings) -> None:
    """On PostgreSQL a project that would write to an earlier layout is told what to run, and nothing has changed."""
    put_back(owner, LAYOUT_3)
    with pytest.raises(OlderWarehouse) as raised:
        open_warehouse(get_settings(), holder="test", role="ingress", mode="write")
    assert "`./pixiw run postgres-init`" in str(raised.value.hint)
    with connect(owner, holder="test", role="reader", mode="read") as warehouse:
        assert warehouse.fetch("select layout_version from ops.identity") == [(3,)]
        assert "layout" not in warehouse.tables("ops")


@pytest.mark.parametrize("mode", ["read", "write"])
def test_newer_layout_is_refused_untouched(owner: Settings, mode: Mode) -> None:
    """A database of a newer version of the platform is neither read nor written."""
    with open_warehouse(owner, holder="newer", mode="write") as warehouse:
        warehouse.execute("update ops.identity set layout_version = $1", [OPS.latest + 1])
        warehouse.execute("drop schema egress cascade")
    with pytest.raises(WrongWarehouse, match=rf"a newer version .* \(layout {OPS.latest + 1}, ") as raised:
        open_warehouse(owner, holder="test", mode=mode)
    assert "bring this checkout up to date" in str(raised.value.hint)
    with connect(owner, holder="test", role="reader", mode="read") as warehouse:
        assert "egress" not in warehouse.schemas()


@on_duckdb
def test_lab_of_an_earlier_layout_keeps_its_layers(owner: Settings) -> None:
    """A lab's database is brought up to date as the warehouse is, without the warehouse's layers."""
    lab = Lab("lab1", "", "labs", owner.root, owner.root / "lab1.duckdb", owner.root)
    open_lab(lab, owner, holder="test", mode="write").close()
    at_lab = owner.model_copy(update={"warehouse_url": f"duckdb:///{lab.database}"})
    put_back(at_lab, LAYOUT_3)
    with connect(at_lab, holder="test", role="reader", mode="write") as warehouse:
        warehouse.execute("update ops.identity set name = 'lab1'")
    owner.labs_dir.mkdir(parents=True)
    (owner.labs_dir / "pyproject.toml").write_text('[tool.platform]\ncommand = "lab"\n')
    with pytest.raises(OlderWarehouse) as raised:
        open_lab(lab, owner, holder="test")
    assert raised.value.hint == "`./pixiw run lab lab1` brings it up to date"
    with open_lab(lab, owner, holder="test", mode="write") as warehouse:
        assert warehouse.row_count("ops.run") == 3
        assert "staging" not in warehouse.schemas()


@on_duckdb
def test_file_opens_after_a_kill_just_behind_the_upgrade(owner: Settings) -> None:
    """Killed before DuckDB has moved an upgrade from its log into the file, the upgrade and the next run are there."""
    put_back(owner, LAYOUT_3)
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os\nfrom shared.config import get_settings\nfrom shared.monitoring import record_run\n"
            "from shared.warehouse import open_warehouse\n"
            "warehouse = open_warehouse(get_settings(), holder='test', role='ingress', mode='write')\n"
            "record_run(warehouse, step='ingest', command='killed').__enter__()\nos.kill(os.getpid(), 9)",
        ],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with open_warehouse(owner, holder="test") as warehouse:
        assert warehouse.fetch("select sequence from ops.run where command = 'killed'") == [(4,)]
