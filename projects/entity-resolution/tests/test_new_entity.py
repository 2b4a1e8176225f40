"""`new-entity`: a first declaration that runs, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import Platform, training_alone

from entity_resolution import entities
from entity_resolution.engine.quality import read_truth
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from shared.matching import compare
from shared.warehouse import open_warehouse

STREETS = ("rose street", "mill lane", "high street", "oak avenue", "church road", "bay parade", "hill crescent")
# Shops of one source alone, each fifth of them entered twice.
SHOPS: list[dict[str, Any]] = [
    {
        "shop": number * 2 + again,
        "title": f"{'The ' if again else ''}Corner {'Café' if again else 'Cafe'} {number // 2}",
        "street": f"{number} {STREETS[number % 7]}",
        # One was left at nought.
        "opened": 1950 + number % 60 if number else 0,
        # What pandas writes for a missing number.
        "area": float("nan") if number % 40 == 1 else 30.5 + number,
        "at_lat": 47.1 + number % 13 + again / 1000,
        "at_lng": 8.5 - number % 17 - again / 1000,
        "city": "abcdef"[number % 6] * 3,
    }
    for number in range(150)
    for again in range(2 if number % 5 == 0 else 1)
]


COMMON = ("deluxe", "edition", "software", "upgrade", "student", "pack", "windows")
# Things of two catalogs, each titled in its own words; every third one is in one of them alone.
TITLED: list[dict[str, Any]] = [
    {
        "record": f"{shop}{number}",
        "source_system": shop,
        "title": f"brand{number % 40} {COMMON[number % 7]} kind{number} {COMMON[(number + turn) % 7]} v{number % 90}"
        if shop == "ours"
        else f"{COMMON[(number + 3) % 7]} kind{number} v{number % 90} by brand{number % 40}",
        "price": 5 + number % 50,
    }
    for shop, turn in (("ours", 1), ("theirs", 2))
    for number in range(450)
    if number % 3 or shop == "ours"
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder that entities are declared in, beside the demo's."""
    folder = tmp_path / "more"
    folder.mkdir()
    monkeypatch.setattr(entities, "__path__", [*entities.__path__, str(folder)])
    entities.modules.cache_clear()
    yield folder
    for file in folder.glob("*.py"):
        sys.modules.pop(f"entity_resolution.entities.{file.stem}", None)
    monkeypatch.undo()
    entities.modules.cache_clear()


def put(platform: Platform, table: str, rows: list[dict[str, Any]] | pa.Table) -> None:
    """Make these the rows of a table of core."""
    with open_warehouse(platform.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow(table, rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows))


def test_a_first_declaration_runs(platform: Platform, folder: Path, sample: pa.Table, truth: Path) -> None:
    """What is declared of persons by their columns alone finds nearly all who are the same."""
    platform.put(sample)
    made = platform.run("new-entity", "person", "--from", "core.dim_customer")
    assert made.code == 0, made.err
    assert f"{folder / 'person.py'}" in made.err
    assert "of the pairs of one entity" in made.err
    platform.resolve("--entity", "person")
    found = dict(platform.fetch("select party_id, entity_id from master.person_xref"))
    known = read_truth(CUSTOMER, truth)
    assert compare(found, {party: person for party, person in known.items() if party in found}).f1 > 0.95


def test_what_is_said_twice_is_compared_once(platform: Platform, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full name is left for its parts, and a town for the line of an address that names it; both are in the golden
    record. Of a part of a table rules are chosen by what they would make of all of it.
    """
    names = ("Ann", "Bob", "Cid", "Dee", "Eve", "Fay", "Gus")
    rows = [
        {
            "code": number,
            "first": names[number % 7],
            "last": f"Last{number // 9}",
            "full": f"{names[number % 7]} {'de ' if number % 11 == 0 else ''}Last{number // 9}",
            "town": f"town{number % 70}",
            "line": f"{STREETS[number % 7]} {number} town{number % 70}",
        }
        for number in range(630)
    ]
    put(platform, "core.dim_shop", rows)
    made = platform.run("new-entity", "shop", "--from", "core.dim_shop")
    assert "`full` is not compared: what it says stands in `first`, `last`" in made.err
    assert "`town` is not compared: what it says stands in `line`" in made.err
    declared = (folder / "shop.py").read_text()
    compared, golden = declared.split("golden=(")
    for column in ("full", "town"):
        assert f'"{column}"' not in compared
        assert f'MostFrequent("{column}")' in golden
    assert 'same("last")' in compared
    monkeypatch.setattr("entity_resolution.new.profile.MOST_ROWS", 90)
    monkeypatch.setattr("entity_resolution.new.proposal.PAIRS_A_ROW", 5)
    platform.run("new-entity", "branch", "--from", "core.dim_shop")
    # Nine of a name among ninety are four pairs a row; there are seven times as many rows.
    assert 'same("last")' not in (folder / "branch.py").read_text()


def test_a_table_of_one_source(platform: Platform, folder: Path) -> None:
    """Names, years, measures and classes of a table without sources are compared by kinds of their own."""
    hours = {"from": "8", "to": "18"}
    put(
        platform,
        "core.dim_shop",
        [{**shop, **({"hours": hours} if platform.engine == "duckdb" else {})} for shop in SHOPS],
    )
    made = platform.run("new-entity", "shop", "--from", "core.dim_shop")
    assert made.code == 0, made.err
    declared = (folder / "shop.py").read_text()
    assert "hours" not in declared
    for line in ('id="shop")', 'Words("title")', 'Number("opened", within=(1.0, 5.0))', 'Category("city")'):
        assert line in declared
    assert 'Place("at_lat", "at_lng", kilometres=(0.1, 1.0, 10.0))' in declared
    # Of two records of a shop no point survives that neither names.
    assert 'OneRecord(("at_lat", "at_lng"))' in declared
    platform.resolve("--entity", "shop")
    assert platform.fetch("select count(*), count(distinct source_system) from master.shop_xref") == [(180, 1)]
    assert platform.measures()["entities"] < 180


@training_alone
def test_titles_of_two_catalogs(platform: Platform, folder: Path) -> None:
    """Where titles are never equal, they are found and told by rare words, and a catalog has a thing once; a source
    that often has a title twice is none."""
    put(platform, "core.dim_thing", TITLED)
    made = platform.run("new-entity", "thing", "--from", "core.dim_thing")
    assert made.code == 0, made.err
    declared = (folder / "thing.py").read_text()
    for part in ('duplicate_free=("ours", "theirs")', 'Words("title", idf=True', '*rare_words("title"),'):
        assert part in declared
    platform.resolve("--entity", "thing")
    found = dict(platform.fetch("select source_id, entity_id from master.thing_xref"))
    same = {record: record.removeprefix("ours").removeprefix("theirs") for record in found}
    assert compare(found, same).f1 > 0.95
    again = [{**row, "record": f"{row['record']} again"} for row in TITLED if row["source_system"] == "theirs"]
    twice = [*TITLED, *again[::2]]
    put(platform, "core.dim_thing", twice)
    platform.run("new-entity", "copy", "--from", "core.dim_thing")
    declared = (folder / "copy.py").read_text()
    assert "rare_words" in declared
    assert "duplicate_free" not in declared


@training_alone
def test_titles_of_one_table(platform: Platform, folder: Path) -> None:
    """Where titles that are never equal stand in one table, they are found by rare words, too, told by the codes within
    them, and joined as often as they are there; a text that says the title again is not compared."""
    rows = [
        {key: row[key] for key in ("record", "title", "price")}
        | {"said": f"{row['title']}, {row['price'] % 7} in a box"}
        for row in TITLED
    ]
    put(platform, "core.dim_thing", rows)
    made = platform.run("new-entity", "thing", "--from", "core.dim_thing")
    assert "`said` is not compared: what it says stands in `title`" in made.err
    declared = (folder / "thing.py").read_text()
    for part in ('Words("title", idf=True', 'Codes("title"),', '*rare_words("title"),', 'MostFrequent("said")'):
        assert part in declared
    assert "duplicate_free" not in declared
    platform.resolve("--entity", "thing")
    found = dict(platform.fetch("select source_id, entity_id from master.thing_xref"))
    assert compare(found, {record: record.removeprefix("ours").removeprefix("theirs") for record in found}).f1 > 0.9
    put(platform, "core.dim_label", [{key: row[key] for key in ("record", "title")} for row in rows])
    assert platform.run("new-entity", "label", "--from", "core.dim_label").code == 0
    assert 'Codes("title"),' in (folder / "label.py").read_text()


@training_alone
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop", "--from", "core.dim_ship"], "there is no such table of core: `core.dim_ship`"),
        (["Shop", "--from", "core.dim_shop"], "not a name of an entity: `Shop`"),
        (["customer", "--from", "core.dim_shop"], "there is an entity of this name: `customer`"),
        (["shop", "--from", "core.dim_shop", "--id", "shops"], "the table has no such column: `shops`"),
        (["shop", "--from", "core.dim_class"], "no column has a value of its own in each row"),
        (["shop", "--from", "core.dim_nothing"], "the table has no rows: `core.dim_nothing`"),
        (["shop", "--from", "core.dim_number"], "there are less than two columns to compare: `none`"),
    ],
)
def test_nothing_is_left_of_a_call_that_fails(
    platform: Platform, folder: Path, arguments: list[str], message: str
) -> None:
    """What cannot be declared is said by name, and no file is there after it."""
    put(platform, "core.dim_shop", SHOPS)
    put(platform, "core.dim_nothing", pa.table({"shop": pa.array([], pa.int64())}))
    put(platform, "core.dim_class", [{"class": "a"}, {"class": "a"}])
    put(platform, "core.dim_number", [{"number_id": 1}, {"number_id": 2}])
    finished = platform.run("new-entity", *arguments)
    assert (finished.code, f"error: {message}" in finished.err, "hint: " in finished.err) == (2, True, True)
    assert list(folder.iterdir()) == []


def test_columns_of_any_name(platform: Platform, folder: Path) -> None:
    """A column may be called as what is counted of it, and as a field that every golden record has; one whose name
    cannot be declared is left out and named.
    """
    called = {"title": "n", "street": "run_id", "city": "cluster_id", "area": "select", "opened": 'open"ed'}
    rows = [{called.get(name, name): value for name, value in shop.items()} for shop in SHOPS]
    put(platform, "core.dim_shop", rows)
    made = platform.run("new-entity", "shop", "--from", "core.dim_shop")
    assert made.code == 0, made.err
    for name in ('open"ed', "cluster_id"):
        assert f"left out: `{name}`, a name that cannot be declared" in made.err
    assert 'MostFrequent("run_id")' not in (folder / "shop.py").read_text()
    platform.resolve("--entity", "shop")
    assert platform.fetch("select count(*) from master.shop_xref") == [(180,)]
