"""Columns that raw calls otherwise than their source: each load, and all that is done with it, finds them again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Project, Serve
from pydantic import AwareDatetime

from ingress.deletions import DeletedFlag, Deletions, Snapshot, Tombstones
from ingress.gather.child import Child
from ingress.raw_names import raw_names
from ingress.readers.files.reader import Files
from ingress.readers.rest.reader import Rest
from ingress.readers.sql.reader import Sql
from ingress.replaying import replay_rows
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import RowModel, row_model
from shared.warehouse import open_warehouse

FIELDS: dict[str, Any] = {"Order.ID": int, "ID": str, "Größe": int, "Gone.?": bool, "Changed.At": AwareDatetime}
KEY = ("Order.ID", "ID")
Order = row_model("Order", "An order.", FIELDS)
Gone = row_model("Gone", "The key of an order that is gone.", {"Order.ID": int, "ID": str, "Gone.At": AwareDatetime})
ROWS = "select order_id, id, groesse from raw.orders where _deleted_at is null order by 1"


def source(deletions: Deletions, model: type[RowModel] = Order, **declared: Any) -> Source:
    """Return a source of one folder."""
    resource = Resource("orders", "orders", model, KEY, Files("orders", "*.jsonl"), deletions=deletions, **declared)
    return Source("test", (resource,))


def drop(project: Project, *numbers: int, folder: str = "orders", **changed: Any) -> None:
    """Have a folder hold orders of these numbers."""
    path = project.landing / folder / "a.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {"ID": "A", "Größe": 1, "Gone.?": False, "Changed.At": "2026-01-01T00:00:00Z"}
    path.write_text("".join(json.dumps({"Order.ID": number, **usual, **changed}) + "\n" for number in numbers))


@pytest.mark.parametrize(
    "deletions",
    [
        Snapshot(share=1.0),
        DeletedFlag("Gone.?"),
        Tombstones(Files("gone", "*.jsonl"), Gone, at="Gone.At", changed="Changed.At"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_rows_are_merged_and_vanish_by_a_key_of_any_name(project: Project, deletions: Deletions) -> None:
    """Whatever the columns of its key are called, a row replaces its earlier form, and is marked when it is gone."""
    drop(project, 1, 2)
    project.load_source(source(deletions))
    wider = row_model("Order", "An order.", FIELDS | {"Größe": float})
    changed: dict[str, Any] = {"Größe": 7, "Gone.?": isinstance(deletions, DeletedFlag)}
    drop(project, 2, **changed)
    drop(project, 1, 2, folder="gone", **{"Gone.At": "2026-01-02T00:00:00Z"})
    project.load_source(source(deletions))
    by_name = {"Snapshot": [(2, "A", 7)], "DeletedFlag": [(1, "A", 1)], "Tombstones": []}
    assert project.fetch(ROWS) == by_name[type(deletions).__name__]
    assert project.fetch("select count(*) from raw.orders") == [(2,)]
    with pytest.raises(Exception, match="has another type than the row model: `int`, `float`"):
        project.load_source(source(deletions, wider), full=True)


def test_row_from_quarantine_is_held_against_its_key_of_any_name(project: Project, tmp_path: Path) -> None:
    """A row in quarantine does not replace what raw has of its key, unless that is asked for."""
    drop(project, 1, 2)
    bad = {"Order.ID": 1, "ID": "A", "Größe": "x", "Gone.?": False, "Changed.At": "2026-01-01T00:00:00Z"}
    (project.landing / "orders" / "b.jsonl").write_text(json.dumps(bad))
    test = source(Snapshot())
    project.load_source(test)
    ((held,),) = project.fetch("select quarantine_id from ops.quarantine")
    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps(bad | {"Größe": 5}))
    for force in (False, True):
        assert project.fetch(ROWS) == [(1, "A", 1), (2, "A", 1)]
        assert replay_rows(get_settings(), {"test": test}, [held], row=corrected, force=force) == int(not force)
    assert project.fetch(ROWS) == [(1, "A", 5), (2, "A", 1)]


def test_letters_beyond_ascii_are_written_in_latin_ones() -> None:
    """A name keeps its accented letters, however they are put together, and signs count as in any other name."""
    names = (
        "Größe",
        "Große",
        "Gro\u0308ße_2",
        "ArtikelGrößeCM",
        "prénom",
        "Wörter-Id",
        "Řádek",
        "Dosis µg",
        "m²",
        "m³",
    )
    found = ("groesse", "grosse", "groesse_2", "artikel_groesse_cm", "prenom", "woerter_id", "radek", "dosis_ug")
    assert raw_names(names, "here") == (*found, "m2", "m3")
    # As before, what has no such letter.
    assert raw_names(("Order ID", "a%b", "Preis €", "ДатаID", "価格（円）"), "here") == (
        *("order_id", "a_b", "preisx", "data_id", "jia_ge_yuanx"),
    )


def test_columns_of_an_earlier_version_are_renamed(project: Project) -> None:
    """A table of which accents were dropped keeps its rows: key, declared column and text of its own are renamed."""
    model = row_model("Size", "A size.", {"Schlüssel": int, "Größe": int | None})
    folder = project.landing / "sizes"
    folder.mkdir(parents=True)
    test = Source("test", (Resource("sizes", "sizes", model, ("Schlüssel",), Files("sizes", "*.jsonl"), "evolve"),))
    for number, (key, text) in enumerate(((1, "a"), (1, "b"), (2, "c"))):
        (folder / f"{number}.jsonl").write_text(json.dumps({"Schlüssel": key, "Größe": key, "été": text}))
        project.load_source(test)
        if number == 0:
            with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
                for new, old in {"schluessel": "schl_ssel", "groesse": "gr_e", "ete": "_tx"}.items():
                    warehouse.execute(f"alter table raw.sizes rename column {new} to {old}")
    assert "column `schl_ssel` is called `schluessel` from now on" in project.capsys.readouterr().err
    rows = project.fetch("select * from raw.sizes order by 1")
    assert [row[:3] for row in rows] == [(1, 1, "b"), (2, 2, "c")] and len(rows[0]) == 4


def test_changes_are_asked_for_by_a_cursor_of_any_name(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is the newest in raw is told whatever the cursor is called."""
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{project.root / 'shop.db'}")
    model = row_model("Order", "An order.", {"Order.ID": int, "Changed.On": int})
    reader = Sql("SHOP_URL", "orders", cursor="Changed.On")
    shop = Source("shop", (Resource("orders", "orders", model, ("Order.ID",), reader),))
    with closing(sqlite3.connect(project.root / "shop.db")) as database:
        database.execute('create table orders ("Order.ID" integer primary key, "Changed.On" integer)')
        for numbers in ([1, 2], [3]):
            database.executemany("insert into orders values (?, ?)", [(number, number) for number in numbers])
            database.commit()
            project.load_source(shop)
    assert project.fetch("select order_id, changed_on from raw.orders order by 1") == [(1, 1), (2, 2), (3, 3)]
    assert project.fetch("select row_count from ops.run_output order by row_count") == [(2,), (3,)]


def test_rows_within_rows_are_replaced_by_a_key_of_any_name(project: Project, serve: Serve) -> None:
    """The lines of an order are replaced with it, or dropped, whatever its key is called."""
    order = row_model("Order", "An order.", {"Order.ID": int})
    line = row_model("Line", "A line.", {"Order.ID": int, "Line": int, "item": str})
    orders = Rest("API_URL", "/orders")
    child = Child(orders, "$.lines", parent={"Order.ID": "Order.ID"}, number="Line")
    shop = Source(
        "shop",
        (
            Resource("orders", "orders", order, ("Order.ID",), orders, contract="report"),
            Resource("lines", "lines", line, ("Order.ID", "Line"), child),
        ),
    )
    api = serve(
        lambda api, *_: (200, {}, api.rows),
        [{"Order.ID": number, "lines": [{"item": "a"}, {"item": "b"}]} for number in (1, 2, 3)],
    )
    project.load_source(shop)
    api.rows = [{"Order.ID": 1, "lines": [{"item": "c"}]}, {"Order.ID": 2, "lines": []}]
    project.load_source(shop)
    found = project.fetch("select order_id, line, item from raw.lines order by 1, 2")
    assert found == [(1, 1, "c"), (3, 1, "a"), (3, 2, "b")]
