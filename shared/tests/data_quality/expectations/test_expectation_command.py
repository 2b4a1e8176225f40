"""The command that checks a warehouse against a suite."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.command_line import command
from shared.config import get_settings
from shared.config.labs import find_lab
from shared.data_quality.expectations.__main__ import main
from shared.warehouse import open_warehouse
from shared.warehouse.lab_database import open_lab

Run = Callable[..., int]
SUITE = """
version: 1
tables:
  core.t:
    key: [id]
    expect:
      - not_null: {columns: [id]}
      - in_range: {column: id, maximum: %s}
        severity: %s
"""


@pytest.fixture
def run(warehouse_url: str, tmp_path: Path) -> Run:
    """Return a function that makes a table, writes a suite and runs the command on both."""
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
        warehouse.execute("create table core.t as select 1 as id union all select 2")

    def ran(*arguments: str, maximum: object = 1, severity: str = "error") -> int:
        path = tmp_path / "suite.yaml"
        path.write_text(SUITE % (maximum, severity), encoding="utf-8")
        return command(main, [str(path), *arguments])

    return ran


def fetched(sql: str) -> list[tuple[Any, ...]]:
    """Read from the warehouse."""
    with open_warehouse(get_settings(), holder="test") as warehouse:
        return warehouse.fetch(sql)


def test_text(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Each check has a line, each failing row one below, then comes the score; a check that failed exits 1."""
    assert run() == 1
    assert capsys.readouterr().out.splitlines() == [
        "passed  core.t not_null: id: all 2 rows pass; expected no null in `id`",
        "failed  core.t in_range: id: 1 of 2 rows fails; expected `id` up to 1",
        '          {"id": 2}',
        "score 75.00 of 100",
        "  -25.00  core.t in_range: id (validity): 1 of 2 rows fails; expected `id` up to 1",
        "  core.t: 75.00, not measured: uniqueness, consistency, freshness",
    ]
    assert fetched("select count(*) from ops.expectation") == [(0,)]


def test_exit_codes(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Passed and warned is 0, failed 1, a mistake in the suite or the arguments 2."""
    assert run(maximum=2) == 0
    assert run(severity="warn") == 0
    assert run(maximum="many") == 2
    assert "line 8, tables.core.t.expect.1.in_range" in capsys.readouterr().err
    assert run("--samples", "-1") == 2


def test_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object has outcomes with samples, and the score."""
    assert run("--format", "json", "--samples", "1", severity="warn") == 0
    found = json.loads(capsys.readouterr().out)
    assert [outcome["status"] for outcome in found["outcomes"]] == ["passed", "warned"]
    assert found["outcomes"][1]["sample"] == [{"key": {"id": 2}, "values": {}}]
    assert found["score"]["overall"]["points"] == 87.5


def test_keep(run: Run) -> None:
    """What was found is kept under a run of the ledger, which has succeeded though a check failed."""
    assert run("--keep") == 1
    assert fetched("select role, step, command, status from ops.run") == [
        ("transformation", "expectations", "check suite.yaml", "succeeded")
    ]
    assert fetched("select name, expectation.status from ops.expectation join ops.run using (run_id) order by 1") == [
        ("in_range: id", "failed"),
        ("not_null: id", "passed"),
    ]
    assert fetched("select row_key from ops.expectation_row") == [('{"id": 2}',)]
    assert fetched("select name, value from ops.run_metric order by 1") == [
        ("quality_score", 75.0),
        ("quality_score:core.t", 75.0),
    ]


def test_database_of_a_lab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lab's database is checked, and keeps what was found, in place of the warehouse; it has to be there."""
    settings = get_settings()
    (settings.labs_dir / "lab_one").mkdir(parents=True)
    (settings.labs_dir / "labs_config.yaml").write_text("version: 1\nlabs:\n  lab_one: {description: one}\n")
    lab = find_lab("lab_one", settings)
    path = tmp_path / "suite.yaml"
    path.write_text((SUITE % (1, "error")).replace("core.t", "gold.t"), encoding="utf-8")
    assert command(main, [str(path), "--lab", "lab_one"]) == 2
    assert "lab `lab_one` has no database yet" in capsys.readouterr().err
    with open_lab(lab, settings, holder="test", mode="write") as database:
        database.execute("create table gold.t as select 1 as id union all select 2")
    assert command(main, [str(path), "--lab", "lab_one"]) == 1
    assert command(main, [str(path), "--lab", "lab_one", "--keep"]) == 1
    with open_lab(lab, settings, holder="test") as database:
        assert database.row_count("ops.expectation") == 2
