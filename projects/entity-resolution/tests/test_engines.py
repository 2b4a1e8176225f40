"""Both engines come to the same result: the same model, the same clusters, the same master."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest
from conftest import PlatformOn, Platforms, ResolvedOn, party, table_of

from entity_resolution.engine.linking import definition
from entity_resolution.entities.customer import ENTITY as CUSTOMER
from entity_resolution.kinds import functions

LONG = "pneumonoultramicroscopicsilicovolcanoconiosis " * 7
TEXTS = [
    None,
    *("a", "anna", "ana", "Anna", "hannah", "keller", "kellar", "elker"),
    *("müller", "muller", "mueller", "møller", "josé", "jose\u0301", "jose", "ß", "ss", "İpek", "ipek"),
    *("王小明", "王大明", "李小明", "Ξένια", "ксения", "👩‍👩‍👧", "👩", "ﷺ"),
    *("o'brien", "o''brien", 'o"brien', "o`brien", "d\\artagnan", "100%", "%s", "$1", ":name", "{x}", "--", ";"),
    *(" ", "  ", " anna", "anna\t", "an\nna", "a,b", "NULL", "null", "\\N"),
    *(LONG[:300], LONG[:299] + "x", "x" + LONG[:299], LONG[:63], LONG[:64], "é" * 300, "é" * 299 + "e", "王" * 63),
]


def test_the_same_master(resolved_on: ResolvedOn) -> None:
    """The demo data gives both engines the same model, byte by byte, and the same entities and golden records."""
    (embedded, _), (server, _) = resolved_on("duckdb"), resolved_on("postgres")
    models = [(platform.model_folder / "model-1.json").read_text() for platform in (embedded, server)]
    assert models[0] == models[1]
    assert embedded.master() == server.master()


def test_the_same_code_model_and_settings(resolved_on: ResolvedOn) -> None:
    """What a resolution was made from has the same versions on both engines, but for rows, which each hashes itself."""
    query = "select part, version from ops.run_version where part in ('code', 'settings') or name = 'model' order by 1"
    (embedded, _), (server, _) = resolved_on("duckdb"), resolved_on("postgres")
    assert embedded.fetch(query) == server.fetch(query)
    assert [part for part, _ in embedded.fetch(query)] == ["code", "input", "settings"]


def test_odd_parties(platforms: Platforms, resolved_sample_on: PlatformOn, tmp_path: Path) -> None:
    """Missing, empty, foreign, endless and quoted values are linked in the same way on both engines."""
    parties = table_of(odd_parties())
    masters = []
    for engine in ("duckdb", "postgres"):
        platform = platforms.new(tmp_path / engine, engine, resolved_sample_on(engine)).put(parties)
        finished = platform.run("predict")
        assert finished.code == 0, finished.err
        masters.append(platform.master())
    assert masters[0] == masters[1]
    joined = [row for row in masters[0]["quality"] if row[0] == "entities_joined"]
    assert joined[0][1] > len(TEXTS) / 2


def odd_parties() -> Iterator[dict[str, Any]]:
    """Return a person for each odd text, in both sources, with slips in the second; ids sort as in no language."""
    for number, text in enumerate(TEXTS):
        other = TEXTS[(number + 1) % len(TEXTS)]
        person: dict[str, Any] = {"given_name": text, "surname": f"ärger{number}", "suburb": text, "postcode": text}
        person |= {"address_1": other, "street_number": other}
        person |= {"date_of_birth": date(1900 + number, 1 + number % 12, 1 + number % 28)}
        yield party(f"crm:{'aZäÄ_'[number % 5]}{number}", **person)
        yield party(f"loyalty:{number}", **person | {"surname": f"arger{number}", "suburb": "", "household_id": number})
        yield party(f"crm:{number}-empty", given_name=text, address_2="", state="" if number % 2 else None)


def test_texts_are_compared_alike(platforms: Platforms, tmp_path: Path) -> None:
    """Each pair of odd texts has the same distance and the same similarity on both engines."""
    query = (
        "select a.number, b.number, edit_distance(a.text, b.text), edit_similarity(a.text, b.text) "
        "from texts as a cross join texts as b order by 1, 2"
    )
    values = list(enumerate(TEXTS))
    with duckdb.connect() as embedded:
        embedded.execute(functions.duckdb())
        embedded.execute("create table texts (number integer, text varchar)")
        embedded.executemany("insert into texts values (?, ?)", values)
        expected = embedded.sql(query).fetchall()
    database = platforms.new(tmp_path, "postgres").database
    assert database is not None
    server = psycopg2.connect(database.admin_url)
    with server.cursor() as cursor:
        cursor.execute(functions.postgres())
        cursor.execute("create temporary table texts (number integer, text varchar)")
        cursor.executemany("insert into texts values (%s, %s)", values)
        cursor.execute(query)
        found = cursor.fetchall()
    server.close()
    assert len(expected) == len(TEXTS) ** 2
    assert found == expected


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_one_definition(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splink writes the same settings whichever engine they are for, so a model needs no engine."""
    settings = definition.settings(CUSTOMER)
    assert "sql_dialect" not in str(settings)
    monkeypatch.setattr(definition, "DIALECT", dialect)
    assert definition.settings(CUSTOMER) == settings
    assert definition.without_dialect(definition.for_dialect(settings, dialect)) == settings
