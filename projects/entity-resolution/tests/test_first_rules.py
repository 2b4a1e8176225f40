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

from entity_resolution.kinds import functions
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


def test_nothing_is_chosen_where_nothing_is_the_same() -> None:
    """Of rows of which no two are of one entity nothing is learned."""
    draw = np.random.default_rng(5)
    rows = [{name: f"{name}{draw.integers(50)}" for name in ("a", "b", "c", "d")} for _ in range(2_000)]
    connection, found = looked_at(rows)
    connection.close()
    assert choose(found, learn(found)) is None
