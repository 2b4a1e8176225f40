"""The command `python -m shared.inspector`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.command_line import command
from shared.config import get_settings
from shared.inspector import Inspection
from shared.inspector.__main__ import main
from shared.warehouse import open_warehouse


@pytest.fixture(autouse=True)
def table(warehouse_url: str) -> None:
    """Make a warehouse with a table, and close it."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("create table raw.t (a integer, day date)")
        warehouse.execute("insert into raw.t values (1, date '2024-01-01'), (1, date '2024-01-02'), (2, null)")


def add_rows() -> None:
    """Double the rows of the table."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("insert into raw.t select * from raw.t")


def test_whole_warehouse_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments the command describes the whole warehouse, opened by who may only read."""
    assert command(main, []) == 0
    out = capsys.readouterr().out
    assert "raw.t: table, 3 rows, 2 columns" in out
    assert "ops.identity: table, 1 row" in out


def test_options_reach_the_inspection(capsys: pytest.CaptureFixture[str]) -> None:
    """Key, column to be fresh by and sample are taken, and JSON on standard output is an inspection."""
    arguments = ["raw.t", "--key", "a", "day", "--fresh-by", "day", "--sample", "2", "--format", "json"]
    assert command(main, arguments) == 0
    found = Inspection.from_json(capsys.readouterr().out)
    (table,) = found.tables
    assert table.key is not None and table.key.columns == ("a", "day") and table.key.incomplete == 1
    assert table.freshness is not None and table.freshness.chosen == "named"
    assert table.rows == 3 and table.sampled is not None


def test_changes_since_the_last_time(capsys: pytest.CaptureFixture[str]) -> None:
    """The next inspection says what has changed, unless the last one was not to be remembered."""
    assert command(main, ["raw.t", "--no-remember"]) == 0
    add_rows()
    assert command(main, ["raw.t"]) == 0
    assert "→" not in capsys.readouterr().out
    add_rows()
    assert command(main, ["raw.t"]) == 0
    assert "~ rows 6 → 12" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "beginning"), [("a.html", "<!doctype html>"), ("a.json", "{"), ("a.txt", "warehouse: raw.t")]
)
def test_output_into_a_file(tmp_path: Path, name: str, beginning: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file gets the format that its ending names, in one step and alone."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).write_text("old")
    assert command(main, ["raw.t", "--output", str(folder / name)]) == 0
    assert (folder / name).read_text(encoding="utf-8").startswith(beginning)
    assert [path.name for path in folder.iterdir()] == [name]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["raw.tt"], "no such table, and no schema with tables: `raw.tt`", "`raw.t`"),
        (["raw.t", "--key", "b"], "no such column of `raw.t`: `b`", "there is: a, day"),
        (["raw", "--key", "a"], "`a` is a table's column", "schema.table"),
        (["raw.t", "--fresh-by", "a"], "no date or timestamp: `a`", "there is: day"),
        (["raw.t", "--sample", "-1"], "not a number of rows: `-1`", "at least one"),
        (["raw.t", "--format", "xml"], "invalid choice", "--help"),
        (["raw.t", "--output", "/nowhere/a.html"], "cannot write: `/nowhere/a.html`", "folder"),
    ],
)
def test_mistakes(arguments: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake exits 2 and says what to do about it."""
    assert command(main, arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert hint in error.partition("hint: ")[2]


def test_as_a_module(project: Path) -> None:
    """Run as a module it writes data alone to standard output."""
    command_line = [sys.executable, "-m", "shared.inspector", "raw.t", "--format", "json"]
    done = subprocess.run(command_line, capture_output=True, text=True, check=True, cwd=project)
    assert Inspection.from_json(done.stdout).tables[0].rows == 3
    assert done.stderr == ""
