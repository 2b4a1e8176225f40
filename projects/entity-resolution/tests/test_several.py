"""Several entities: each is resolved by itself, and none is the customer's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import Platform, party, table_of

from entity_resolution import entities
from entity_resolution.kinds import english
from shared.warehouse import open_warehouse

THING = """
from entity_resolution.entity import Entity, Parties, Training, Truth
from entity_resolution.kinds import Category, Longest, MostFrequent, MostRecent, Words, same

ENTITY = Entity(
    name="thing",
    parties=Parties("core.dim_thing", id="code"),
    compare=(Words("label"), Category("colour")),
    block=(same("colour"), same("label")),
    training=Training(sure=(same("label"),), recall=0.5, sessions=(same("colour"), same("label"))),
    golden=(Longest("label"), MostFrequent("colour"), MostRecent("price", by="priced_on"), {more}),
    truth=Truth({{"one": "thing", "other": "thing"}}),
)
"""
THINGS: list[dict[str, Any]] = [
    {"code": 1, "label": "Fine green tea", "colour": "green", "price": 3.5, "priced_on": date(2026, 1, 1)},
    {"code": 2, "label": "GREEN TEA, FINE", "colour": "Green", "price": 4.0, "priced_on": date(2026, 2, 1)},
    {"code": 3, "label": "Fine green tea", "colour": "green", "price": 5.0, "priced_on": None},
    {"code": 4, "label": "Olive soap", "colour": "green", "price": 1.0, "priced_on": date(2026, 1, 1)},
]
PERSON = """
from entity_resolution.entity import Entity, Parties, Training
from entity_resolution.kinds import Longest, Name, english, same

ENTITY = Entity(
    name="thing",
    parties=Parties("core.dim_thing", id="code"),
    compare=(Name("label", nicknames=english()), Name("colour")),
    block=(same("colour"),),
    training=Training(sure=(same("label", "colour"),), recall=0.5, sessions=(same("colour"), same("label"))),
    golden=(Longest("label"),),
    threshold=0.5,
)
"""
FAMILIES = [
    f"{first}{last}"
    for first in ("Hopk", "Zand", "Quim", "Brel", "Fost", "Wyn", "Marsh", "Tull")
    for last in ("inson", "ova", "bury", "worth", "elli", "strom")
]
NAMES = sorted(english())


def people() -> list[dict[str, Any]]:
    """Return families of five persons, each there twice, every second one by a short form: enough to learn from."""
    persons = [(family, NAMES[7 * place + 98 * more]) for place, family in enumerate(FAMILIES) for more in range(5)]
    twice = [
        {"label": label, "colour": family}
        for place, (family, name) in enumerate(persons)
        for label in (name, english()[name][0].upper() if place % 2 else name)
    ]
    return [{"code": code, **each} for code, each in enumerate(twice)]


CUSTOMERS = [party("crm:C-1", surname="keller"), party("crm:C-2", surname="tan")]


@pytest.fixture
def declared(platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file of a second entity, whose things and some customers are in core."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "thing.py").write_text(THING.format(more=""))
    monkeypatch.setattr(entities, "__path__", [*entities.__path__, str(folder)])
    forget()
    put(platform, THINGS)
    platform.put(table_of(CUSTOMERS))
    yield folder / "thing.py"
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Let entities be read anew."""
    entities.modules.cache_clear()
    sys.modules.pop("entity_resolution.entities.thing", None)


def put(platform: Platform, things: list[dict[str, Any]]) -> None:
    """Make these the rows of core.dim_thing."""
    with open_warehouse(platform.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_thing", pa.Table.from_pylist(things))


def test_entities_of_one_source_alone(platform: Platform, declared: Path, tmp_path: Path) -> None:
    """Both are resolved into tables of their own, by their own rules, and a truth is that of whose columns it has."""
    truth = tmp_path / "things.csv"
    truth.write_text("one,other\n1,2\n")
    finished = platform.resolve("--truth", str(truth))
    assert "customer entities: 2 of 2 parties" in finished.out
    assert "customer quality: not measured, there is no truth" in finished.out
    assert "thing quality: precision" in finished.out
    golden = "select label, colour, price, party_count, source_systems from master.golden_thing order by label"
    assert platform.fetch(golden)[0][0] == "Fine green tea"
    assert platform.fetch("select source_system, count(*) from master.thing_xref group by 1") == [("thing", 4)]
    sizes = platform.fetch("select entity, sum(parties) from master.resolution_size group by 1 order by 1")
    assert sizes == [("customer", 2), ("thing", 4)]
    runs = platform.fetch("select command from ops.run where step = 'resolve' and status = 'succeeded' order by 1")
    given = f"run --truth {truth} --entity"
    assert runs == [(f"{given} customer",), (f"{given} thing",)]


def test_what_is_new_of_one_is_new_of_no_other(platform: Platform, declared: Path) -> None:
    """Each entity is resolved again only where something of its own has changed, and `--entity` leaves others alone."""
    platform.resolve()
    assert platform.resolve().err.count("nothing new") == 2
    put(platform, THINGS[:2])
    platform.put(table_of(CUSTOMERS[:1]))
    assert "customer" not in platform.resolve("--entity", "thing").out
    assert platform.fetch("select count(*) from master.thing_xref") == [(2,)]
    assert platform.fetch("select count(*) from master.customer_xref") == [(2,)]
    assert platform.resolve().err.count("nothing new") == 1
    assert platform.fetch("select count(*) from master.customer_xref") == [(1,)]


def test_one_that_fails_holds_up_no_other(platform: Platform, declared: Path) -> None:
    """Where one cannot be resolved, the others are, and the command fails with its error."""
    declared.with_name("another.py").write_text(
        THING.format(more="").replace('"thing"', '"another"').replace("dim_thing", "dim_another")
    )
    forget()
    finished = platform.run("run")
    assert (finished.code, "table missing: `core.dim_another`" in finished.err) == (2, True)
    assert platform.fetch("select entity from master.resolution_run order by 1") == [("customer",), ("thing",)]
    sys.modules.pop("entity_resolution.entities.another")


def test_another_declaration_of_the_golden_record(platform: Platform, declared: Path) -> None:
    """A field that is declared later becomes a column, and goes when it is declared no more."""
    platform.resolve("--entity", "thing")
    declared.write_text(THING.format(more='MostFrequent("priced_on")'))
    forget()
    assert "nothing new" not in platform.resolve("--entity", "thing").err
    assert platform.fetch("select max(priced_on) from master.golden_thing") == [(date(2026, 2, 1),)]
    declared.write_text(THING.format(more=""))
    forget()
    platform.resolve("--entity", "thing")
    with pytest.raises(Exception, match="priced_on"):
        platform.fetch("select priced_on from master.golden_thing")


def test_entity_that_is_not_declared(platform: Platform) -> None:
    """An entity that nobody has declared is named, with the nearest that there is."""
    finished = platform.run("run", "--entity", "costumer")
    assert (finished.code, "there is no entity of this name: `costumer`" in finished.err) == (2, True)
    assert "did you mean `customer`" in finished.err


def test_nicknames(platform: Platform, declared: Path) -> None:
    """Two that have one formal name are one person where the rest agrees, and nobody else is."""
    declared.write_text(PERSON)
    forget()
    put(platform, people())
    platform.resolve("--entity", "thing")
    clusters = platform.fetch("select array_agg(source_id) from master.thing_xref group by entity_id")
    found = {frozenset(map(int, members)) for (members,) in clusters}
    assert found == {frozenset({code, code + 1}) for code in range(0, len(people()), 2)}
