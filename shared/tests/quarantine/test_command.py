"""One command for rows in quarantine: counted, shown, handed to their owner, discarded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.config import get_settings
from shared.data_quality import BadRow, Quarantine
from shared.data_quality.held_rows import Selection, held_rows
from shared.errors import UserError
from shared.monitoring import history, record_run
from shared.quarantine.__main__ import main
from shared.quarantine.owners import by_role, replay_by
from shared.warehouse import Role, open_warehouse

BAD = [
    BadRow(1, "`n`: not a number", '{"n": "x", "token": "hidden-from-all"}'),
    BadRow(2, "`n`: missing", json.dumps({"n": None, "text": "\x1b[31m" + "z" * 3_000})),
]


@pytest.fixture
def held(new_warehouse: None, role: Role) -> dict[int, str]:
    """Put two rows into the quarantine of a resource and one into another's, and return the first's ids by position."""
    found_bad(role)
    with open_warehouse(get_settings(), holder="test") as warehouse:
        rows = warehouse.fetch("select position, quarantine_id from ops.quarantine where resource = 'customers'")
    return dict(rows)


def found_bad(role: Role, *, bad: list[BadRow] = BAD) -> None:
    """Have a run find rows bad."""
    with (
        open_warehouse(get_settings(), holder="test", role=role, mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="run") as run,
    ):
        Quarantine(warehouse, run.id, "crm", "customers").add("a.csv", bad)
        Quarantine(warehouse, run.id, "pos", "products").add("b.csv", bad[:1])


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    """Return what `list` says as JSON."""
    capsys.readouterr()
    assert main(["list", "--json", *options]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_rows_are_counted_and_chosen(held: dict[int, str], capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted by where they are from and why, by any of the options, up to a limit; ids are told on demand."""
    everything = listed(capsys)
    assert everything["rows"] == 3
    assert [(row["source"], row["reason"], row["row_count"]) for row in everything["reasons"]] == [
        ("crm", "`n`: missing", 1),
        ("crm", "`n`: not a number", 1),
        ("pos", "`n`: not a number", 1),
    ]
    assert listed(capsys, "--reason", "`n`: not a number")["rows"] == 2
    assert listed(capsys, "--reason", "`n`: not…")["rows"] == 2
    assert listed(capsys, "--reason", "`n`: not")["rows"] == 0
    assert listed(capsys, "--since", "2100-01-01")["rows"] == 0
    assert listed(capsys, "--since", "2000-01-01T00:00+02:00")["rows"] == 3
    rows = listed(capsys, "--rows", "--source", "crm", "--resource", "customers", "--limit", "1")
    assert (rows["rows"], [row["id"] for row in rows["shown"]]) == (2, [held[1]])
    assert main(["list", "--limit", "1"]) == 0
    assert "3 open rows in quarantine, 2 of them not shown" in capsys.readouterr().err


def test_row_is_shown_masked_and_written_whole(
    held: dict[int, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A screen gets a row cut and without what is secret, a new file of its owner's gets it as it came."""
    main(["show", held[1][:8]])
    assert "hidden-from-all" not in capsys.readouterr().out
    main(["show", held[2], "--raw-to", str(tmp_path / "row.json")])
    said = capsys.readouterr().out
    assert "`n`: missing" in said
    assert "\x1b" not in said
    assert len(said) < 3_000
    assert (tmp_path / "row.json").read_text() == BAD[1].payload + "\n"
    with pytest.raises(UserError, match="cannot write"):
        main(["show", held[2], "--raw-to", str(tmp_path / "row.json")])
    for none in ("abc", "%%%%%%%%", "f" * 64):
        with pytest.raises(UserError, match="id"):
            main(["show", none])


def test_discarded_row_stays_so_until_it_comes_otherwise(
    held: dict[int, str], role: Role, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is kept with run, time and reason, and is open no more, also when it comes again as it was."""
    assert main(["discard", held[1], "--because", "a test of theirs"]) == 0
    with open_warehouse(get_settings(), holder="test") as warehouse:
        ((by, at, why),) = warehouse.fetch(
            "select r.step, discarded_at = resolved_at, discarded_because from ops.quarantine "
            "join ops.run as r on r.run_id = discarded_by"
        )
    assert (by, at, why) == ("quarantine", True, "a test of theirs")
    found_bad(role)
    assert listed(capsys, "--source", "crm")["rows"] == 1
    assert [row["id"] for row in listed(capsys, "--rows", "--state", "discarded")["shown"]] == [held[1]]
    found_bad(role, bad=[BadRow(1, BAD[0].reason, '{"n": "y"}')])
    assert listed(capsys, "--source", "crm")["rows"] == 2
    assert main(["discard", "--source", "crm", "--because", "all of them"]) == 0
    with open_warehouse(get_settings(), holder="test") as warehouse:
        assert {row["source"] for row in history.open_quarantine(warehouse)} == {"pos"}
    with pytest.raises(UserError, match="no open row"):
        main(["discard", "--source", "crm", "--because", "again"])
    with pytest.raises(UserError, match="which rows"):
        main(["discard", "--because", "everything"])


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_owner_is_called_with_ids(held: dict[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project whose role found the rows tries them by the task that it declares; without one it is named."""
    with open_warehouse(get_settings(), holder="test") as warehouse:
        owned = by_role(warehouse, held_rows(warehouse, Selection(source="crm"), 10))
    (role,) = owned
    project = tmp_path / "workspace" / "projects" / "sales"
    project.mkdir(parents=True)
    declared = f'[tool.platform]\nrole = "{role}"\ncommand = "sell"\n'
    (project / "pyproject.toml").write_text(declared)
    runner = tmp_path / "runner"
    runner.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nexit 1\n')
    runner.chmod(0o700)
    monkeypatch.setenv("PIXI_EXE", str(runner))
    with pytest.raises(UserError, match="one by one") as caught:
        replay_by(owned, row=None, force=False, root=tmp_path / "workspace")
    assert "`./pixiw run sell`" in (caught.value.hint or "")
    (project / "pyproject.toml").write_text(declared + 'replay = "sell-again"\n')
    assert replay_by(owned, row=None, force=True, root=tmp_path / "workspace") == 1
    ids = [row.quarantine_id for row in owned[role]]
    assert (tmp_path / "called").read_text().split() == ["run", "-e", "sales", "sell-again", *ids, "--force"]
