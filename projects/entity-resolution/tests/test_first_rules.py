"""What `new-entity` learns of rows without knowing which are the same, and what it chooses by that."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from entity_resolution.engine.parties import compared_parties
from entity_resolution.engine.tables import FORMED
from entity_resolution.engine.training.training import train
from entity_resolution.entity import KEY, Entity, Parties, Training
from entity_resolution.kinds import Identifier, MostFrequent, Name, functions, same
from entity_resolution.new.agreement import Agreement, Compared
from entity_resolution.new.choice import choose, expect
from entity_resolution.new.latent import learn
from entity_resolution.new.profile import TABLE, Look, look_at

KEPT = ("person", "number")


def households(number: int) -> list[dict[str, Any]]:
    """Return rows of households of four, each counted twice: a sixth moves, a tenth of the values is wrong."""
    draw = random.Random(5)
    rows: list[dict[str, Any]] = []
    for house in range(number):
        family, street, door = (
            f"family{draw.randrange(number)}",
            f"street{draw.randrange(200)}",
            str(draw.randrange(90)),
        )
        for member in range(4):
            person = {
                "first": f"first{draw.randrange(150)}",
                "family": family,
                "born": f"{draw.randrange(1930, 2015)}-{draw.randrange(1, 13)}-{draw.randrange(1, 29)}",
                "street": street,
                "door": door,
            }
            for again in range(2):
                moved = {"street": f"street{draw.randrange(200)}", "door": str(draw.randrange(90))}
                said = person | (moved if again and draw.random() < 1 / 6 else {})
                wrong = {key: None if draw.random() < 0.5 else f"{value}x" for key, value in said.items()}
                row = {key: wrong[key] if draw.random() < 0.1 else value for key, value in said.items()}
                rows.append({"person": house * 4 + member, "number": len(rows), **row})
    return rows


def makers(number: int) -> list[dict[str, Any]]:
    """Return rows of few persons with many works each, whose names and towns hold more pairs than titles do."""
    draw = random.Random(5)
    people = [
        {"first": f"first{n % 40}", "last": f"last{n % 90}", "town": f"town{draw.randrange(60)}", "person": n}
        for n in range(number // 60)
    ]
    works = [{"title": f"title{n}", "day": f"day{n % 900}"} for n in range(number // 2)]
    rows = [{**draw.choice(people), **draw.choice(works), "number": n} for n in range(number)]
    for row in rows:
        if draw.random() < 0.15:
            row["town"] = f"town{draw.randrange(60)}"
    return rows


def movers(number: int) -> list[dict[str, Any]]:
    """Return rows of persons who are there twice: a fifth has another address then, and all of it is another one."""
    draw = random.Random(5)

    def home() -> dict[str, str]:
        street = f"street{draw.randrange(400)}"
        return {"street": street, "door": str(draw.randrange(90)), "town": f"town{draw.randrange(60)}"}

    rows: list[dict[str, Any]] = []
    for person in range(number):
        one = {
            "first": f"first{draw.randrange(90)}",
            "last": f"last{draw.randrange(700)}",
            "born": f"{draw.randrange(1940, 2005)}-{draw.randrange(1, 13)}-{draw.randrange(1, 29)}",
            **home(),
        }
        for again in (one, one | (home() if draw.random() < 0.2 else {})):
            wrong = {key: f"{again[key]}x" for key in ("first", "last", "born") if draw.random() < 0.1}
            rows.append({"person": person, "number": len(rows), **again, **wrong})
    return rows


def relatives(number: int) -> list[dict[str, Any]]:
    """Return rows of families in old registers, one to eight of each person, with much that is not said: no two
    columns tell one person from another.
    """
    draw = random.Random(5)
    rows: list[dict[str, Any]] = []
    for place in range(number):
        born = draw.randrange(1760, 1880)
        home = {"last": f"last{draw.randrange(number)}", "town": f"town{int(300 * draw.random() ** 2)}"}
        for member in range(draw.choice((1, 1, 2, 3, 4))):
            first, work = f"first{int(120 * draw.random() ** 2)}", int(80 * draw.random() ** 2)
            person = {**home, "first": first, "born": str(born + draw.randrange(30)), "work": f"work{work}"}
            for _ in range(draw.choice((1, 2, 3, 5, 8))):
                other = {
                    "first": (0.15, f"{first}x"),
                    "last": (0.15, f"{home['last']}x"),
                    "town": (0.15, f"town{draw.randrange(300)}"),
                    "born": (0.3, str(born + draw.randrange(30))),
                    "work": (0.3, f"work{draw.randrange(80)}"),
                }
                said = person | {key: value for key, (share, value) in other.items() if draw.random() < share}
                empty = {key: None for key in said if draw.random() < (0.05 if key in ("first", "last") else 0.25)}
                rows.append({"person": place * 4 + member, "number": len(rows), **said, **empty})
    return rows


def looked_at(rows: Sequence[dict[str, Any]]) -> tuple[duckdb.DuckDBPyConnection, Agreement]:
    """Return a database with rows, and how these agree."""
    connection = duckdb.connect()
    connection.execute(functions.duckdb())
    connection.register("rows", pa.Table.from_pylist(list(rows)))
    connection.execute(f"create table {TABLE} as from rows")
    looks: list[Look] = [look_at(connection, name, "text") for name in rows[0] if name not in KEPT]
    return connection, Compared(connection, looks, len(rows)).agreement([each.name for each in looks])


@pytest.fixture(scope="module")
def residents() -> list[dict[str, Any]]:
    """Return the rows of 500 households."""
    return households(500)


def test_a_household_is_no_person(residents: list[dict[str, Any]]) -> None:
    """How many rows that agree in two columns are of one person is known to a tenth, though members of a
    household agree in most of what is said of them; and how many pairs are of one person at all, to a fifth.
    """
    connection, found = looked_at(residents)
    classes = learn(found)
    with connection:
        for pool, purity in zip(found.pools, classes.purity, strict=True):
            if len(pool.columns) == 1 or pool.times.sum() < 300:
                continue
            key = ", ".join(pool.columns)
            row = connection.execute(
                f"select avg((person = other)::integer) from (select person, lag(person) over (partition by {key} "
                f"order by hash(number)) as other from {TABLE} "
                f"where {' and '.join(f'{name} is not null' for name in pool.columns)}) where other is not null"
            ).fetchone()
            assert row is not None
            assert purity == pytest.approx(row[0], abs=0.1), pool.columns
    # Each person has two rows.
    assert expect(found, classes).of_one.sum() == pytest.approx(len(residents) / 2, rel=0.2)


def test_rules_find_persons_beyond_their_households(residents: list[dict[str, Any]]) -> None:
    """What is sure and what is learned among is no household, the rules find nearly all, and two records must be more
    nearly certain than elsewhere, since a household's members resemble each other.
    """
    connection, found = looked_at(residents)
    connection.close()
    choice = choose(found, learn(found))
    assert choice is not None
    home = {"family", "street", "door"}
    assert not [rule for rule in (*choice.sure, *choice.sessions) if set(rule) <= home]
    assert not set(choice.sessions[0]) & set(choice.sessions[1])
    assert choice.threshold is not None
    assert choice.threshold > 0.95
    pairs = [
        (one, other) for _, same in groupby(residents, itemgetter("person")) for one, other in combinations(same, 2)
    ]
    met = [
        (one, other)
        for one, other in pairs
        if any(all(one[name] is not None and one[name] == other[name] for name in rule) for rule in choice.block)
    ]
    assert len(met) >= 0.98 * len(pairs)
    assert choice.reached == pytest.approx(len(met) / len(pairs), abs=0.02)


def test_names_are_rules_where_few_persons_have_many_rows() -> None:
    """A name that holds more pairs than rows allow is a rule, where these pairs are of one person; titles alone are not
    what records are found by.
    """
    rows = makers(3_000)
    connection, found = looked_at(rows)
    connection.close()
    choice = choose(found, learn(found))
    assert choice is not None
    assert {"first", "last"} & {name for rule in choice.block for name in rule}
    assert choice.reached is not None
    assert choice.reached > 0.95


def test_weights_are_learned_where_who_moves_is_seen() -> None:
    """Among those of one street and door nobody has moved: no session is of these, where others are to be had."""
    connection, found = looked_at(movers(1_500))
    connection.close()
    choice = choose(found, learn(found))
    assert choice is not None
    assert not {"street", "door", "town"} & {name for rule in choice.sessions for name in rule}


def test_what_one_session_holds_equal_the_next_one_sees() -> None:
    """Among those of one street and door the town is the same, and those born on one day teach that people move."""
    rows = [{**row, **dict.fromkeys(KEY, str(row["number"]))} for row in movers(1_500)]
    entity = Entity(
        name="mover",
        parties=Parties("core.mover", id="number"),
        compare=(Name("first"), Name("last"), Identifier("born"), Name("street"), Identifier("door"), Name("town")),
        block=(same("born"),),
        training=Training(sure=(same("last", "born"),), recall=0.7, sessions=(same("street", "door"), same("born"))),
        golden=(MostFrequent("first"),),
    )
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        connection.register("incoming", pa.Table.from_pylist(rows))
        connection.execute(f"create table {FORMED} as {compared_parties(entity, 'incoming')}")
        model = train(connection, entity)
    (town,) = (each for each in model.settings["comparisons"] if each["output_column_name"] == "town")
    # Of all matches four in five are equal, and the mean of both sessions counts.
    assert town["comparison_levels"][1]["m_probability"] == pytest.approx(0.9, abs=0.03)


def test_more_is_sure_where_much_is_empty() -> None:
    """Where each rule finds few, as records lack what it asks for, several together are enough to choose by."""
    connection, found = looked_at(relatives(700))
    connection.close()
    choice = choose(found, learn(found))
    assert choice is not None
    assert len(choice.sure) > 2


def test_nothing_is_chosen_where_nothing_is_the_same() -> None:
    """Of rows of which no two are of one entity nothing is learned."""
    draw = np.random.default_rng(5)
    rows = [{name: f"{name}{draw.integers(50)}" for name in ("a", "b", "c", "d")} for _ in range(2_000)]
    connection, found = looked_at(rows)
    connection.close()
    assert choose(found, learn(found)) is None
