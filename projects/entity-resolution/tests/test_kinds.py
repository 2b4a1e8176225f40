"""The kinds that entities are declared from: each means the same on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import md5
from typing import Any

import duckdb
import psycopg2
import pytest
from conftest import Platforms

from entity_resolution.kinds import (
    Address,
    Category,
    Codes,
    Comparison,
    Date,
    Form,
    Identifier,
    Items,
    Name,
    Number,
    Own,
    Place,
    Quantity,
    Words,
    english,
    functions,
)
from entity_resolution.kinds.names import formal, with_formal_names
from entity_resolution.kinds.vocabulary import derived, derived_query
from shared.testing.engines import Engine
from shared.warehouse import quote

Fetch = Callable[[str], Any]
Values = tuple[Any, ...]


def dates() -> object:
    """Return a comparison of Splink's own."""
    from splink.comparison_library import AbsoluteDateDifferenceAtThresholds

    return AbsoluteDateDifferenceAtThresholds("d", input_is_string=False, metrics=["day"], thresholds=[3])


PLAIN = {
    "Ärger MØLLER": "arger moller",
    "Jose\u0301": "jose",
    "Straße": "strasse",
    "Nguyễn": "nguyen",
    "İpek": "ipek",
    "O’Brien": "o'brien",
    "Йод": "йод",
    "ΣΊΣΥΦΟΣ": "σίσυφοσ",
    "q\u0306": "q",
    "\u0436\u0302": "\u0436\u0302",
    "が": "が",
    "कि": "कि",
    " Anna\t": "anna",
    "\r\nAnna Lena": "anna lena",
    "\tÄnne ": "anne",
    " ": None,
    "": None,
}
CODES = {"AB-12": "ab12", "(ä) 1.2/3": "a123", "\tx\ty\n": "x\ty", "Q7": "q7", " - ": None, "": None}
NAME, DATE, WORDS = Name("a", swapped="b"), Date("d"), Words("a")
PLACE = Place("x", "y", kilometres=(1.0, 100.0))
SHORTENED = Name("a", nicknames=english())
OWN_NAMES = Name("a", nicknames={"Jürgen": ("Jörg",), "Johannes": ("Hans", "o'Hannes")})
SHORT, SIZE = Words("a", abbreviated=True), Quantity("a")
RARE, CODE = Words("a", idf=True), Codes("a")
# How many of the records of a model have a word, by its hash.
RECORDS = 1_000
WORD_RECORDS = {
    md5(word.encode()).hexdigest()[:12]: records
    for word, records in {"camera": 512, "black": 500, "canon": 100, "64gb": 100, "kx70": 2}.items()
}
QUANTITIES = {
    "12 OZ": "mg:340000",
    "340g": "mg:340000",
    "1 LB": "mg:454000",
    "16.00 oz.": "mg:454000",
    "P  10.5 OZ BAG": "mg:298000",
    "0,33 l": "ul:330000",
    "16.9 FL. OZ": "ul:500000",
    "6PK X 16.9 Ounce": "mg:479000 pk:6000",
    "16.9 OZ/6 PACK": "mg:479000 pk:6000",
    "1 dozen": "ct:12000",
    "1,000 count": "ct:1000000",
    "54 X108 IN": ":54000 um:2740000",
    "125 SQ FT": "mm2:11600000",
    "1005 g": "mg:1010000",
    "30 LOADS": "loads:30000",
    "0 oz": "mg:0",
    "999999999999 gal": "ul:3790000000000000000",
    "Small": "small",
    " ": None,
}
# Comparison, columns, what the two records have there, and the level: 0 is missing, 1 equal, the last one different.
CASES: list[tuple[Comparison, str, Values, Values, int]] = [
    (NAME, "a b", ("José", "x"), ("jose", "y"), 1),
    (NAME, "a b", ("keller", "x"), ("kellar", "y"), 2),
    (NAME, "a b", ("anna", "keller"), ("Keller", "Anna"), 3),
    (NAME, "a b", ("keller", "x"), ("kehlor", "y"), 4),
    (NAME, "a b", ("anna", "x"), ("boris", "y"), 5),
    (NAME, "a b", ("", "x"), ("boris", "y"), 0),
    (SHORTENED, "a", ("Bob",), ("robert",), 2),
    (SHORTENED, "a", ("bob",), ("Rob",), 2),
    (SHORTENED, "a", ("albert",), ("alan",), 5),
    (SHORTENED, "a", ("bob",), ("bob",), 1),
    (SHORTENED, "a", ("zzyzx",), ("bob",), 5),
    (OWN_NAMES, "a", ("Jörg",), ("Jürgen",), 2),
    (OWN_NAMES, "a", ("Hans",), ("jorg",), 5),
    (Address("a"), "a", ("St. Kilda",), ("st kilda",), 2),
    (Identifier("a", edits=(1, 2)), "a", ("(03) 90-12",), ("0390.12",), 1),
    (Identifier("a", edits=(1, 2)), "a", ("3053",), ("3035",), 3),
    (Identifier("a", edits=(1, 2)), "a", ("3053",), ("9999",), 4),
    (Category("a"), "a", ("VIC",), ("vic",), 1),
    (Category("a"), "a", ("vic",), ("nsw",), 2),
    (DATE, "d", ("date '1980-04-12'",), ("date '1980-04-12'",), 1),
    (DATE, "d", ("date '1980-04-12'",), ("date '1980-04-21'",), 3),
    (DATE, "d", ("date '1980-04-12'",), ("date '1931-12-30'",), 4),
    (Number("x", within=(1.0, 5.0)), "x", (1900,), (1901,), 2),
    (Number("x", within=(1.0, 5.0)), "x", (1900,), (1904.5,), 3),
    (Number("x", within=(1.0, 5.0)), "x", (1900,), (1906,), 4),
    (WORDS, "a", ("red fine tea",), ("Tea red fine",), 2),
    (WORDS, "a", ("red fine tea leaves",), ("tea red fine",), 3),
    (WORDS, "a", ("red fine tea leaves",), ("tea red blend loose",), 4),
    (WORDS, "a", ("bluberry",), ("blueberries",), 5),
    (WORDS, "a", ("red",), ("blue",), 6),
    (WORDS, "a", ("red-fine/tea",), ("red: fine (tea)",), 1),
    (RARE, "a", ("canon camera",), ("Camera, Canon",), 2),
    # Of 7 and 5 parts 4 are shared, which is a third of the words, then of 4 and 6 parts 2, two thirds of the words.
    (RARE, "a", ("canon sx30 camera",), ("sx30 black",), 4),
    (RARE, "a", ("black camera canon",), ("black camera sx30",), 5),
    (CODE, "a", ("Canon KX-70 camera",), ("kx70 black",), 1),
    (CODE, "a", ("kx 70 2b5",), ("KX70",), 1),
    (CODE, "a", ("canon sx30",), ("canon sx31",), 2),
    (CODE, "a", ("kx70 a11",), ("kx70 b12",), 2),
    # What a tenth of all records has tells none of them, and a text without a code says nothing.
    (CODE, "a", ("canon 64 GB",), ("64gb",), 0),
    (CODE, "a", ("canon camera",), ("kx70",), 0),
    (SHORT, "a", ("Refrigerated pasta sauce",), ("refrigerated pasta-sauce",), 1),
    (SHORT, "a", ("refrigerated pasta sauce",), ("pasta sce refrig",), 2),
    (SHORT, "a", ("frozen chocolate chicken",), ("frzn chocolote chkn",), 2),
    (SHORT, "a", ("red fine green tea",), ("red f tea grn",), 3),
    (SHORT, "a", ("red fine tea leaves",), ("tea rd blend",), 4),
    (SHORT, "a", ("sauce",), ("source of all",), 5),
    (SHORT, "a", ("tea",), ("coffee",), 5),
    (SIZE, "a", ("12 OZ",), ("340 g",), 1),
    (SIZE, "a", ("12 OZ",), ("345 g",), 2),
    (SIZE, "a", ("12 OZ",), ("12 fl oz",), 3),
    (SIZE, "a", ("12 OZ/6 PK",), ("12.1 OZ/6 PK",), 3),
    (SIZE, "a", ("small",), ("large",), 3),
    (SIZE, "a", ("",), ("12 OZ",), 0),
    (Items("i"), "i", ("['a', 'b', 'c']",), ("['c', 'b']",), 2),
    (Items("i"), "i", ("['a', 'b']",), ("['b', 'x']",), 3),
    (Items("i"), "i", ("['a']",), ("['x']",), 4),
    (PLACE, "x y", (-37.8136, 144.9631), (-37.8140, 144.9633), 1),
    (PLACE, "x y", (-37.8136, 144.9631), (-38.1499, 144.3617), 2),
    (PLACE, "x y", (-37.8136, 144.9631), (-33.8688, 151.2093), 3),
    (Own(dates, {"d": Form.AS_IS}), "d", ("date '1980-04-12'",), ("date '1980-04-14'",), 2),
]
TYPES = {"a": "varchar", "b": "varchar", "d": "date", "x": "double precision", "y": "double precision"}


@pytest.fixture(scope="module")
def fetchers(platforms: Platforms, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Fetch]]:
    """Return what runs a query with the functions of kinds, by engine."""
    database = platforms.new(tmp_path_factory.mktemp("kinds"), "postgres").database
    assert database is not None
    server, embedded = psycopg2.connect(database.admin_url), duckdb.connect()
    cursor = server.cursor()

    def ask_server(sql: str) -> Any:
        cursor.execute(sql)
        return cursor.fetchone()

    cursor.execute(functions.postgres())
    embedded.execute(functions.duckdb())
    yield {"duckdb": lambda sql: embedded.sql(sql).fetchone(), "postgres": ask_server}
    server.close()
    embedded.close()


def literal(column: str, value: Any, engine: Engine) -> str:
    """Return a value of a column as SQL."""
    if column == "i":
        return value if engine == "duckdb" else f"array{value}"
    if column == "d":
        return str(value)
    text = f"'{value}'" if isinstance(value, str) else repr(value)
    return f"cast({text} as {TYPES[column]})"


def pair_of(comparison: Comparison, columns: str, left: Values, right: Values, engine: Engine) -> str:
    """Return a relation of one row: two records in the forms that they are compared in."""
    record = ", ".join(f"{form.of(column)} as {quote(column)}" for column, form in comparison.forms.items())
    sides = []
    for values in (left, right):
        given = ", ".join(
            f"{literal(column, value, engine)} as {quote(column)}"
            for column, value in zip(columns.split(), values, strict=True)
        )
        formed = with_formal_names(f"select {record} from (select {given}) as given", comparison.known)
        for column in comparison.worded:
            party = f"(select '1' as party_id, formed.* from ({formed}) as formed) as party"
            words = derived_query(column, party, RECORDS, WORD_RECORDS)
            formed = f"select * from ({formed}) as formed cross join ({words}) as words"
        sides.append(f"({formed})")
    made = (name for column in comparison.worded for name in derived(column))
    there = [*comparison.forms, *map(formal, comparison.known), *made]
    both = ", ".join(f"{side}.{quote(column)} as {quote(f'{column}_{side}')}" for side in "lr" for column in there)
    return f"(select {both} from {sides[0]} as l, {sides[1]} as r) as pair"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{type(case[0]).__name__}-{case[4]}")
@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_level_of_agreement(
    fetchers: dict[str, Fetch], engine: Engine, case: tuple[Comparison, str, Values, Values, int]
) -> None:
    """Two records agree by the level that the kind is documented to see, on either engine."""
    comparison, columns, left, right, expected = case
    levels = comparison.for_splink().create_comparison_dict(engine)["comparison_levels"]
    conditions = [level["sql_condition"] for level in levels]
    assert conditions[-1] == "ELSE"
    cases = " ".join(f"when {condition} then {number}" for number, condition in enumerate(conditions[:-1]))
    pair = pair_of(comparison, columns, left, right, engine)
    assert fetchers[engine](f"select case {cases} else {len(conditions) - 1} end from {pair}") == (expected,)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_one_form_of_spellings(fetchers: dict[str, Fetch], engine: Engine) -> None:
    """Case and Latin accents do not count; the letters of other scripts stay what they are."""
    found = {text: fetchers[engine](f"select plain_text('{text}')")[0] for text in PLAIN}
    assert found == PLAIN


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_one_form_of_codes(fetchers: dict[str, Fetch], engine: Engine) -> None:
    """Blanks and signs between the parts of a code do not count, and case and accents as little."""
    found = {text: fetchers[engine](f"select code_text('{text}')")[0] for text in CODES}
    assert found == CODES


@pytest.mark.parametrize("form", ["plain_text", "code_text"])
@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_nothing_has_no_form(fetchers: dict[str, Fetch], engine: Engine, form: str) -> None:
    """A missing text stays missing."""
    assert fetchers[engine](f"select {form}(cast(null as varchar))") == (None,)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_one_form_of_sizes(fetchers: dict[str, Fetch], engine: Engine) -> None:
    """Each number of a size stands with its unit, measures in one unit, to three digits; a text without one stays."""
    found = {
        text: fetchers[engine](f"select {Form.QUANTITIES.of('a')} from (select '{text}' as a) as t")[0]
        for text in QUANTITIES
    }
    assert found == QUANTITIES
