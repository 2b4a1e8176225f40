"""Rows from quarantine are loaded after all, and a load that is mostly bad is not."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from conftest import Project, killed_at, on_duckdb_alone
from pydantic import Field

from ingress.deletions import Snapshot
from ingress.load import replay
from ingress.load.bad_rows import MostlyBad
from ingress.load.deletions import Marks
from ingress.readers.files.reader import Files
from ingress.readers.sql.reader import Sql
from ingress.replaying import replay_rows
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import Quarantine, RowModel
from shared.errors import UserError
from shared.quarantine.__main__ import main as quarantine
from shared.warehouse import open_warehouse

RAW = "select id, amount from raw.things where _deleted_at is null order by id"


class Thing(RowModel):
    """A row."""

    id: int
    amount: int = Field(le=10)


class Wider(Thing):
    """The same, once its model has changed."""

    amount: int = Field(le=50)


def source(model: type[RowModel] = Thing) -> Source:
    """Return a source of one folder of CSV files that are all rows there are."""
    resource = Resource("things", "things", model, ("id",), Files("things"), deletions=Snapshot(share=1.0))
    return Source("test", (resource,))


def drop(project: Project, *lines: str) -> None:
    """Have the folder hold one file of these lines."""
    path = project.landing / "things" / "a.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["id,amount", *lines, ""]))


def ids(project: Project) -> dict[str, str]:
    """Return the ids of the open rows, by what they have as their key."""
    rows = project.fetch("select quarantine_id, payload from ops.quarantine where resolved_at is null")
    return {str(json.loads(payload)["id"]): identifier for identifier, payload in rows}


def again(*identifiers: str, model: type[RowModel] = Thing, row: Path | None = None, force: bool = False) -> int:
    """Replay rows."""
    return replay_rows(get_settings(), {"test": source(model)}, identifiers, row=row, force=force)


def test_rows_are_replayed_as_they_are_and_corrected(project: Project, tmp_path: Path) -> None:
    """What the new model takes and what is corrected is loaded, a bad row stays, and no row counts as gone."""
    drop(project, "1,1", "2,20", "3,90", "4,80")
    project.load_source(source())
    open_rows = ids(project)
    assert sorted(open_rows) == ["2", "3", "4"]

    assert again(open_rows["2"], open_rows["3"], model=Wider) == 1
    assert project.fetch(RAW) == [(1, 1), (2, 20)]
    assert sorted(ids(project)) == ["3", "4"]
    said = dict(project.fetch("select quarantine_id, reason from ops.quarantine"))
    assert "50" in said[open_rows["3"]]
    assert "10" in said[open_rows["4"]]

    raw = tmp_path / "row.json"
    quarantine(["show", open_rows["4"][:10], "--raw-to", str(raw)])
    assert stat.S_IMODE(raw.stat().st_mode) == 0o600
    raw.write_text(json.dumps({**json.loads(raw.read_text()), "amount": "8"}))
    assert again(open_rows["4"], row=raw) == 0
    assert project.fetch(RAW) == [(1, 1), (2, 20), (4, 8)]
    # Once more does nothing, and a row that is put right stays so.
    assert again(open_rows["4"], open_rows["2"]) == 0
    assert project.fetch(RAW) == [(1, 1), (2, 20), (4, 8)]
    assert list(ids(project)) == ["3"]


def test_row_that_raw_has_newer_is_not_replaced(project: Project) -> None:
    """What was loaded with the bad row or later stays, unless it is forced; so does what is marked as deleted."""
    drop(project, "1,1", "2,2", "3,3")
    project.load_source(source())
    drop(project, "1,20", "2,30", "3,40")
    project.load_source(source())
    held = ids(project)
    drop(project, "1,5", "3,3")
    project.load_source(source())
    # Their file was read again, without them: that has put them right.
    assert ids(project) == {}
    project_update(project, "update ops.quarantine set resolved_at = null")
    assert again(*held.values(), model=Wider) == 1
    assert project.fetch(RAW) == [(1, 5), (3, 40)]
    assert sorted(ids(project)) == ["1", "2"]
    assert again(*held.values(), model=Wider, force=True) == 0
    assert project.fetch(RAW) == [(1, 20), (2, 30), (3, 40)]


def project_update(project: Project, statement: str) -> None:
    """Change something as ingress may."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute(statement)


@pytest.mark.parametrize(("owner", "method"), [(Marks, "mark"), (Quarantine, "resolve_ids")])
def test_replay_that_is_killed_after_its_commit_is_done_by_the_next(
    project: Project, owner: type[object], method: str
) -> None:
    """The rows are in raw and still open; replayed again they are found there and let go of."""
    drop(project, "1,1", "2,20")
    project.load_source(source())
    held = ids(project)
    killed_at(owner, method, lambda: again(held["2"], model=Wider))
    assert project.fetch(RAW) == [(1, 1), (2, 20)]
    assert ids(project) == held
    assert again(held["2"], model=Wider) == 0
    assert project.fetch(RAW) == [(1, 1), (2, 20)]
    assert ids(project) == {}


def test_replay_that_is_killed_before_its_commit_leaves_the_rows_open(project: Project) -> None:
    """Nothing is in raw, the rows are open, and the next replay loads them."""
    drop(project, "1,1", "2,20")
    project.load_source(source())
    held = ids(project)
    killed_at(replay, "write", lambda: again(held["2"], model=Wider))
    assert project.fetch(RAW) == [(1, 1)]
    assert ids(project) == held
    assert again(held["2"], model=Wider) == 0
    assert project.fetch(RAW) == [(1, 1), (2, 20)]
    assert ids(project) == {}


@on_duckdb_alone
def test_rows_of_one_key_that_differ_stay(project: Project) -> None:
    """Of two rows of a key nobody knows which is right until one is replayed alone; one of no resource is an error."""
    drop(project, "1,1", "2,2", "2,3")
    project.load_source(source())
    (one, amount), (other, _) = project.fetch(
        "select quarantine_id, cast(payload::json ->> 'amount' as integer) from ops.quarantine order by position"
    )
    assert again(one, other) == 1
    assert project.fetch(RAW) == [(1, 1)]
    assert again(one) == 0
    assert project.fetch(RAW) == [(1, 1), (2, amount)]
    assert again(other) == 1
    assert project.fetch(RAW) == [(1, 1), (2, amount)]
    with pytest.raises(UserError, match="no resource"):
        replay_rows(get_settings(), {}, [other], row=None, force=False)
    assert quarantine(["discard", other, "--because", "the first one counts"]) == 0
    with pytest.raises(UserError, match="discarded"):
        again(other)


@on_duckdb_alone
def test_load_that_is_mostly_bad_stops(project: Project) -> None:
    """Nothing is loaded and no file noted; its bad rows are there to look at, and a rerun after a fix loads all."""
    drop(project, "1,1")
    project.load_source(source())
    drop(project, "1,1", *(f"{number},20" for number in range(2, 122)), *(f"{number},1" for number in range(200, 299)))
    with pytest.raises(
        MostlyBad, match=r"120 of the 220 rows of `test.things` are bad, more than 50%; 120 of them: `a"
    ):
        project.load_source(source())
    assert project.fetch(RAW) == [(1, 1)]
    assert len(project.bad_rows()) == 120
    project.load_source(source(Wider))
    assert len(project.fetch(RAW)) == 220
    assert project.bad_rows() == []


@on_duckdb_alone
def test_few_bad_rows_stop_nothing(project: Project) -> None:
    """A small file of bad rows alone is loaded: it has none."""
    drop(project, *(f"{number},20" for number in range(99)))
    project.load_source(source())
    assert project.fetch("select count(*) from raw.things") == [(0,)]


@on_duckdb_alone
def test_row_of_a_failed_load_does_not_get_ahead_of_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cursor, what a failed load has found waits for the next one, which else would miss what that one left."""
    path = project.root / "data" / "things.db"
    path.parent.mkdir(exist_ok=True)
    monkeypatch.setenv("THINGS_URL", f"sqlite:///{path}")

    def changing(model: type[RowModel]) -> Source:
        reader = Sql("THINGS_URL", "things", cursor="changed")
        return Source("test", (Resource("things", "things", model, ("id",), reader),))

    class Changing(Thing):
        changed: int

    class Later(Wider):
        changed: int

    with closing(sqlite3.connect(path)) as database:
        database.execute("create table things (id integer primary key, amount integer, changed integer)")
        database.execute("insert into things values (1, 1, 1)")
        database.commit()
        project.load_source(changing(Changing))
        database.executemany("insert into things values (?, 20, 9)", [(number,) for number in range(3, 123)])
        database.execute("insert into things values (2, 2, 5)")
        database.commit()
    with pytest.raises(MostlyBad):
        project.load_source(changing(Changing))
    held = ids(project)
    assert replay_rows(get_settings(), {"test": changing(Later)}, [held["3"]], row=None, force=True) == 1
    assert project.fetch("select id from raw.things") == [(1,)]
    project.load_source(changing(Later))
    assert project.fetch("select count(*), min(amount) from raw.things") == [(122, 1)]
