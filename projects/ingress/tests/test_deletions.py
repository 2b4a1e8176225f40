"""How rows vanish by declaration: flags, tombstones, folders; and types that widen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from conftest import Project, on_duckdb_alone
from pydantic import AwareDatetime, Field

from ingress.deletions import DeletedFlag, Deletions, Snapshot, Tombstones
from ingress.readers.files.reader import Files
from ingress.readers.rest.reader import Rest
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import RowModel
from shared.errors import ConfigurationError, InputError
from shared.warehouse import open_warehouse

ALIVE = "select id from raw.things where _deleted_at is null order by 1"


class Thing(RowModel):
    """A row."""

    id: int
    name: str
    gone: bool
    changed_at: AwareDatetime


class Key(RowModel):
    """The key of a row that is gone."""

    id: int
    at: AwareDatetime


def source(deletions: Deletions, model: type[RowModel] = Thing, **declared: Any) -> Source:
    """Return a source of one folder of CSV files."""
    resource = Resource("things", "things", model, ("id",), Files("things"), deletions=deletions, **declared)
    return Source("test", (resource,))


def drop(project: Project, name: str, *lines: str, header: str = "id,name,gone,changed_at") -> None:
    """Put a file of these lines into a drop folder."""
    path = project.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines, ""]))


def alive(project: Project) -> list[int]:
    """Return the ids of the rows that are not deleted."""
    return [number for (number,) in project.fetch(ALIVE)]


def test_flag_deletes_and_keeps_the_rows_values(project: Project) -> None:
    """A row whose flag is set is marked, keeps its values and the time it was first seen gone, and lives without it."""
    flagged = source(DeletedFlag("gone"))
    drop(project, "things/a.csv", "1,a,false,2026-01-01T00:00Z", "2,b,true,2026-01-01T00:00Z")
    project.load_source(flagged)
    assert alive(project) == [1]
    first = project.fetch("select name, _deleted_at, _deleted_by from raw.things where id = 2")
    project.load_source(flagged, full=True)
    assert project.fetch("select name, _deleted_at, _deleted_by from raw.things where id = 2") == first
    drop(project, "things/a.csv", "1,a,true,2026-01-01T00:00Z", "2,b,false,2026-01-01T00:00Z")
    project.load_source(flagged)
    assert alive(project) == [2]


def test_tombstones_delete_what_has_not_changed_since(project: Project) -> None:
    """A key marks its row at its own time; a row that has changed later lives, and a key of nobody does nothing."""
    stream = Tombstones(Files("gone"), Key, at="at", changed="changed_at")
    buried = source(stream)
    drop(project, "things/a.csv", *(f"{number},a,false,2026-01-01T00:00Z" for number in (1, 2, 3)))
    project.load_source(buried)
    assert alive(project) == [1, 2, 3]
    drop(
        project, "gone/a.csv", "2,2026-01-02T01:00+01:00", "3,2025-12-31T00:00Z", "9,2026-01-02T00:00Z", header="id,at"
    )
    project.load_source(buried)
    assert alive(project) == [1, 3]
    marked = "select id, _deleted_at::text from raw.things where _deleted_at is not null"
    assert project.fetch(marked) == [(2, "2026-01-02 00:00:00")]
    drop(project, "things/b.csv", "2,back,false,2026-01-03T00:00Z")
    project.load_source(buried)
    assert alive(project) == [1, 2, 3]


def test_folder_is_a_snapshot_as_a_whole_or_its_newest_file_is(project: Project) -> None:
    """All files are all rows, so one that is taken away takes its rows along; or the last file alone has them all."""
    few = Snapshot(share=1)
    drop(project, "things/a.csv", "1,a,false,2026-01-01T00:00Z")
    drop(project, "things/b.csv", "2,b,false,2026-01-01T00:00Z")
    project.load_source(source(few))
    project.load_source(source(few))
    assert alive(project) == [1, 2]
    (project.landing / "things" / "a.csv").unlink()
    project.load_source(source(few))
    assert alive(project) == [2]
    drop(project, "things/c.csv", "1,a,false,2026-01-01T00:00Z", "3,c,false,2026-01-01T00:00Z")
    project.load_source(source(Snapshot(newest=True)), approved_deletes=1)
    assert alive(project) == [1, 3]


@on_duckdb_alone
def test_bad_row_is_not_gone(project: Project) -> None:
    """A row that is there and bad keeps the good row of its key alive."""
    drop(project, "things/a.csv", "1,a,false,2026-01-01T00:00Z", "2,b,false,2026-01-01T00:00Z")
    project.load_source(source(Snapshot()))
    drop(project, "things/a.csv", "1,a,false,2026-01-01T00:00Z", "2.0,b,perhaps,2026-01-01T00:00Z")
    project.load_source(source(Snapshot()))
    assert alive(project) == [1, 2]


class Float(RowModel):
    """An amount with a point."""

    id: int
    amount: float
    day: int


class Exact(RowModel):
    """The same amount to the cent."""

    id: int
    amount: Decimal = Field(max_digits=12, decimal_places=2)
    day: Decimal = Field(max_digits=20, decimal_places=0)


def test_type_widens_by_declaration_and_without_loss(project: Project) -> None:
    """Another type is an error that says what to write; a declared one alters the column, but none that would lose."""
    amounts = {"model": Float}
    drop(project, "things/a.csv", "1,0.1,7", "2,1234567.89,8", header="id,amount,day")
    project.load_source(source(Snapshot(), **amounts))
    with pytest.raises(InputError, match=r"column `amount` of `raw.things`.*`float`, `Decimal\(12, 2\)`") as caught:
        project.load_source(source(Snapshot(), Exact), full=True)
    assert 'widen=("amount",)' in (caught.value.hint or "")
    widened = source(Snapshot(), Exact, widen=("amount", "day"))
    project.load_source(widened, full=True)
    query = "select id, amount, day from raw.things order by 1"
    assert project.fetch(query) == [(1, Decimal("0.10"), Decimal(7)), (2, Decimal("1234567.89"), Decimal(8))]
    with pytest.raises(InputError, match="has another type") as caught:
        project.load_source(source(Snapshot(), Float, widen=("amount", "day")), full=True)
    assert "without loss" in (caught.value.hint or "")


def test_type_that_would_lose_a_value_does_not_widen(project: Project) -> None:
    """A number that does not come back from the new type is an error, and the column stays as it is."""
    drop(project, "things/a.csv", "1,0.125,7", header="id,amount,day")
    project.load_source(source(Snapshot(), Float))
    with pytest.raises(InputError, match="has 1 values that do not come back"):
        project.load_source(source(Snapshot(), Exact, widen=("amount", "day")), full=True)
    assert project.fetch("select amount from raw.things") == [(0.125,)]


@on_duckdb_alone
def test_declaration_that_cannot_be_held_is_an_error(project: Project) -> None:
    """What a reader or row model cannot tell of its deletions is refused where it is declared."""
    changing = Rest("URL", "/things", cursor="changed_at", since="since")
    for deletions, reader in (
        (Snapshot(), changing),
        (Snapshot(share=2), Files("x")),
        (DeletedFlag("name"), changing),
        (DeletedFlag("other"), changing),
        (Tombstones(changing, Key), changing),
        (Tombstones(changing, Key, at="at", changed="name"), changing),
    ):
        with pytest.raises(ConfigurationError, match="the deletions of `things` cannot be"):
            Resource("things", "things", Thing, ("id",), reader, deletions=deletions)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_column_that_a_view_reads_is_not_widened_behind_its_back(project: Project) -> None:
    """PostgreSQL alters no column that a view reads: an error says what to do."""
    drop(project, "things/a.csv", "1,0.1,7", header="id,amount,day")
    project.load_source(source(Snapshot(), Float))
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("create view raw.seen as select amount from raw.things")
    with pytest.raises(InputError, match="cannot be widened while views read it"):
        project.load_source(source(Snapshot(), Exact, widen=("amount", "day")), full=True)
