"""The declaration of an entity: what cannot be is refused, and by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Platform, party, table_of

from entity_resolution import entities
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.kinds import Address, MostFrequent, Name, english, same
from shared.command_line import command

ROOT = Path(entities.__file__).parents[1]
HEAD = "from entity_resolution.entities.customer import ENTITY as CUSTOMER\nfrom dataclasses import replace\n"
HEAD += "from entity_resolution.kinds import *\n"


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the file of an entity beside the demo's, which is still to be written."""
    folder = tmp_path / "more"
    folder.mkdir()
    monkeypatch.setattr(entities, "__path__", [*entities.__path__, str(folder)])
    entities.modules.cache_clear()
    yield folder / "thing.py"
    entities.modules.cache_clear()
    sys.modules.pop("entity_resolution.entities.thing", None)


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ('Name("a", colour=3)', "thing.py: Name, field `colour`: Unexpected keyword argument: `3`"),
        ('Name("a b")', "thing.py: Name, String should match pattern"),
        ("replace(CUSTOMER, threshold=2.0)", "thing.py: Entity, field `threshold`: Input should be less than 1: `2.0`"),
        ('replace(CUSTOMER, hidden=("colour",))', "a column is to be hidden that is not compared: `colour`"),
        ("replace(CUSTOMER, block=())", "thing.py: Entity, field `block`"),
        ("CUSTOMER.parties", "a module of entities without an `ENTITY`: `thing.py`"),
        ("CUSTOMER", "two entities have one name: `customer`"),
    ],
)
def test_wrong_declaration(declared: Path, capsys: pytest.CaptureFixture[str], declaration: str, message: str) -> None:
    """A declaration that cannot be is the user's mistake, named by file and field, with a hint and no traceback."""
    declared.write_text(f"{HEAD}ENTITY = {declaration}\n")
    assert command(lambda _: len(entities.entities()), []) == 2
    told = capsys.readouterr().err
    assert message in told
    assert ("hint: " in told, "Traceback" in told) == (True, False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"compare": (*CUSTOMER.compare, Address("date_of_birth"))}, "compared in two ways .* `date_of_birth`"),
        ({"compare": (*CUSTOMER.compare, Name("Cluster_ID"))}, "a name that linking gives itself, call it otherwise"),
        (
            {"compare": (Name("given_name", nicknames=english()), Name("given_name", nicknames={"a": ("b",)}))},
            "a column has two lists of nicknames: `given_name`",
        ),
        (
            {"compare": (Name("given_name", nicknames=english()), Name("given_name__formal"))},
            "a name that linking gives itself, call it otherwise in the relation: `given_name__formal`",
        ),
        ({"golden": (*CUSTOMER.golden, MostFrequent("suburb"))}, "two rules say which value survives: `suburb`"),
        ({"golden": (MostFrequent("party_count"),)}, "every golden record has is declared: `party_count`"),
        (
            {"training": replace(CUSTOMER.training, sessions=(same("suburb"), same("suburb", "state")))},
            "the same in all sessions of training",
        ),
    ],
)
def test_contradiction(changes: dict[str, object], message: str) -> None:
    """What contradicts itself is refused where it is declared."""
    with pytest.raises(ValueError, match=message):
        replace(CUSTOMER, **changes)  # type: ignore[arg-type]


def test_column_that_core_does_not_have(platform: Platform) -> None:
    """A declared column that the relation lacks is named, with those that there are, before anything is written."""
    platform.put(table_of([]).drop_columns(["suburb"]))
    finished = platform.run("run")
    assert finished.code == 2
    assert (
        "error: the entity `customer` needs a column that `core.dim_customer` does not have: `suburb`" in finished.err
    )
    assert "there is: address_1" in finished.err
    assert platform.fetch("select count(*) from information_schema.tables where table_schema = 'master'") == [(0,)]


def test_parties_that_are_there_twice(platform: Platform) -> None:
    """Two records of one id are refused, since each pair of them would count as found."""
    finished = platform.put(table_of([party("crm:C-1", surname="keller")] * 2)).run("run")
    assert (finished.code, "parties without an id, or with that of another one: `1`" in finished.err) == (2, True)


def test_kinds_and_engine_know_no_entity() -> None:
    """Nothing of the demo's customers is in what every entity is resolved by."""
    words = ("customer", "date_of_birth", "given_name", "loyalty", "crm")
    for folder in ("engine", "backends", "kinds"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text().lower()
            assert not [word for word in words if word in text], file
