"""Which texts `new-entity` takes for titles, where their words join many rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from entity_resolution.kinds import functions
from entity_resolution.new.profile import TABLE, look_at
from entity_resolution.new.proposal import propose
from entity_resolution.new.titles import Titles, titles_in

SYLLABLES = ("ba", "ko", "ri", "tun", "mel", "sar", "fi", "gol", "den", "pra")
WORDS = [one + other for one in SYLLABLES for other in SYLLABLES]


def restaurants(number: int) -> list[dict[str, Any]]:
    """Return rows of two guides that both have a third of them, in few streets, and write addresses in their own way:
    what is most like an address is mostly the house beside it.
    """
    draw = random.Random(5)
    rows: list[dict[str, Any]] = []
    streets = [" ".join(draw.sample(WORDS[:30], 2)) for _ in range(60)]
    for place in range(number):
        phone = str(draw.randrange(10**9, 10**10))
        name, street, door = " ".join(draw.sample(WORDS, 2)), draw.choice(streets), draw.randrange(1, 100)
        for guide in ("one", "two") if place % 3 == 0 else (draw.choice(("one", "two")),):
            kind = "st." if guide == "one" else draw.choice(("street", "st", "st. at the corner"))
            rows.append({"guide": guide, "name": name, "text": f"{door} {street} {kind}", "phone": phone})
    return rows


def parts(number: int) -> list[dict[str, Any]]:
    """Return rows of parts that are there twice, described in some of the same words in any order, their numbers
    written in one word or two.
    """
    draw = random.Random(5)
    rows: list[dict[str, Any]] = []
    for _ in range(number):
        words, code = draw.sample(WORDS[:60], 4), (draw.choice("ABCD"), str(draw.randrange(10**4, 10**5)))
        for again in range(2):
            said = draw.sample(words, 3 + again)
            rows.append({"guide": "", "name": "same", "text": " ".join(said), "phone": "- "[again].join(code)})
    return rows


def database(rows: Sequence[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
    """Return a database with rows as `new-entity` looks at them."""
    connection = duckdb.connect()
    connection.execute(functions.duckdb())
    connection.register("rows", pa.Table.from_pylist(list(rows)))
    connection.execute(f"create table {TABLE} as from rows")
    return connection


def told(rows: Sequence[dict[str, Any]], *beside: str, texts: Sequence[str] = ("text",)) -> Titles | None:
    """Return what is declared of a column of texts of rows, where one has titles; `beside` are other columns."""
    with database(rows) as connection:
        looks = [look_at(connection, name, "text") for name in (*texts, *(beside or ("name", "phone")))]
        return titles_in(connection, looks[: len(texts)], "guide", looks[len(texts) :])


def test_addresses_are_no_titles() -> None:
    """What joins many rows by words of streets is no title, as who is most alike in it has another name and number."""
    assert told(restaurants(800)) is None


def test_a_postcode_bears_no_address_out() -> None:
    """That houses of one street have one postcode says no more of two of them than the street does."""
    draw, codes, rows = random.Random(5), dict[str, str](), restaurants(800)
    for row in rows:
        street = " ".join(row["text"].split()[1:3])
        row["code"] = codes.setdefault(street, str(draw.randrange(10**5, 10**6)))
    assert told(rows, "name", "phone", "code") is None
    # Nothing else is known, and many addresses are written the same in both: these are found by that.
    plain = [row | ({"text": " ".join(row["text"].split()[:3])} if row["phone"] < "4" else {}) for row in rows]
    assert told(plain, "code") is None


def test_a_longer_text_may_be_the_title() -> None:
    """Where the shortest text is no title, the next one is looked at."""
    draw, rows = random.Random(5), restaurants(800)
    for row in rows:
        words = [row["phone"][:5], row["phone"][5:], *row["name"].split(), "house", "kitchen"]
        row["said"] = " ".join(draw.sample(words, 6))
    titles = told(rows, texts=("text", "said"))
    assert titles is not None
    assert titles.name == "said"


def test_titles_are_borne_out_by_what_else_tells() -> None:
    """Descriptions join as many rows by their words; who is most alike in one has the same number, however written."""
    with database(parts(500)) as connection:
        looks = [look_at(connection, name, "text") for name in ("text", "name", "phone")]
        rules = propose(connection, looks, 1_000).rules
    assert rules.block[0] == '*rare_words("text")'
    # What they share beside a rare word is learned among those of one number.
    assert rules.sessions == ('same_rare_words("text")', ("phone",))
    # Nothing else is known of these.
    assert told([{**row, "phone": None} for row in parts(500)]) is None
