"""Raw tables that come from a query of a database: each value in full, and nothing written there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Labs, loaded_now, small_lab
from labs.load import Loaded
from labs.queries import Query
from labs.sources import raw_tables

from shared.config.labs import Lab, find_lab
from shared.errors import ConfigurationError, InputError, PlatformError

SOURCES = """
sources:
  - name: raw
    schema: raw
    tables:
      - name: visits
        config:
          meta:
            database: {{setting: SHOP_DATABASE_URL}}
            query: {query}
        columns:
          - {{name: id, data_type: bigint}}
          - {{name: label, data_type: varchar}}
          - {{name: share, data_type: double}}
"""
LIKE_ALL = "select id, label, share from visits where label like '%' and label <> ':x'"
NASTY = 'a "b", c\n%s :d ü'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Make a database, and let the setting lead there."""
    file = tmp_path / "shop.sqlite"
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("create table visits (id integer, label text, share real, opened text)")
        connection.execute("insert into visits values (9007199254740993, ?, 0.1, null), (2, '', 1e300, ' ')", [NASTY])
        yield connection


@pytest.fixture
def lab(labs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a lab with a raw table from a query."""
    return small_lab(labs_dir, declared(LIKE_ALL), monkeypatch)


def declared(query: str) -> str:
    """Return the lab's sources with a query."""
    return SOURCES.format(query=json.dumps(query))


def declare(lab: Lab, query: str) -> None:
    """Write another query into the lab's sources."""
    (lab.folder / "models" / "bronze" / "_sources.yml").write_text(declared(query))


def load_now(lab: Lab) -> tuple[Loaded | PlatformError, list[Any]]:
    """Load the lab; return what came of it, and the rows of the table in question."""
    return loaded_now(lab, "visits", "select id, label, share from raw.visits order by 1")


def test_a_query_is_loaded_when_its_rows_have_changed(lab: Lab, shop: sqlite3.Connection) -> None:
    """Its rows come in with each value as it was; the same rows are not loaded again, and changed ones are."""
    rows = [(2, None, 1e300), (9007199254740993, NASTY, 0.1)]
    assert load_now(lab) == (Loaded({"visits": 2}, 0), rows)
    assert load_now(lab) == (Loaded({}, 0), rows)
    shop.execute("delete from visits where id = 2")
    assert load_now(lab) == (Loaded({"visits": 1}, 0), rows[1:])


def test_a_query_that_fails_leaves_the_table(lab: Lab, shop: sqlite3.Connection, monkeypatch: Any) -> None:
    """A database or a table that is not there, or a statement that writes, is told; the table stays as it was."""
    assert isinstance(load_now(lab)[0], Loaded)
    for query, message in {
        "select * from vanished": "no such table in the database of SHOP_DATABASE_URL: `query`",
        "delete from visits returning *": "attempt to write a readonly database",
        "selekt": 'near "selekt": syntax error',
    }.items():
        declare(lab, query)
        found, rows = load_now(lab)
        assert isinstance(found, InputError)
        assert message in found.message
        assert len(rows) == 2
    declare(lab, LIKE_ALL)
    monkeypatch.setenv("SHOP_DATABASE_URL", "sqlite:///nowhere.sqlite")
    found, rows = load_now(lab)
    assert "no file that can be read, named by SHOP_DATABASE_URL" in str(found)
    assert len(rows) == 2
    assert [path.name for path in sorted((lab.raw_dir / "visits").iterdir())] == [".place.json", "query.csv"]


def test_a_lab_is_made_from_tables_of_a_database(
    labs: Labs, labs_dir: Path, shop: sqlite3.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    """`new-lab --database … --tables …` declares a query for each; a URL in the variable's place is not repeated."""
    before = sorted(labs_dir.iterdir())
    for wrong in (["mysql://a:hush@b/c", "--tables", "visits"], ["SHOP_DATABASE_URL"]):
        assert labs("new", "lab9_visits", "--database", *wrong) == 2
    assert labs("new", "lab9_visits", "--database", "SHOP_DATABASE_URL", "--tables", 'visits"; drop') == 2
    assert "hush" not in "".join(capfd.readouterr())
    assert sorted({*labs_dir.iterdir()} - {labs_dir / "labs_config.yaml.lock"}) == before
    assert labs("new", "lab9_visits", "--database", "SHOP_DATABASE_URL", "--tables", "visits") == 0
    assert labs("lab9_visits", "load") == 0
    assert "visits: 2 rows" in "".join(capfd.readouterr())
    (table,) = raw_tables(find_lab("lab9_visits"))
    assert isinstance(table.elsewhere, Query)
    assert (table.elsewhere.query, table.columns["id"].type) == ("select * from visits", "bigint")
    assert labs("lab9_visits", "check") == 0
    assert labs("list") == 0
    told = "visits: from a query of the database at SHOP_DATABASE_URL, SHOP_DATABASE_URL is set"
    assert "".join(capfd.readouterr()).count(told) == 2


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"query": "select 1"}, "no setting with the URL of a database"),
        ({"query": "select 1", "database": "mysql://a:hush@b/c"}, "no setting with the URL of a database"),
        ({"database": {"setting": "SHOP_DATABASE_URL"}}, "no query of the database"),
        ({"database": {"setting": "SHOP_DATABASE_URL"}, "query": 5}, "no query of the database"),
    ],
)
def test_what_is_no_query_is_refused(said: dict[str, Any], message: str) -> None:
    """A declaration without setting or query is an error that does not show what may be a secret."""
    with pytest.raises(ConfigurationError, match=message) as told:
        Query.of(said, "x")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("more", "message"), [("delimiter: ';'", "how files are written"), ("place: s3://b/c", "two origins of one table")]
)
def test_a_query_has_no_files(lab: Lab, more: str, message: str) -> None:
    """How files are written, or a place, beside a query is refused."""
    path = lab.folder / "models" / "bronze" / "_sources.yml"
    path.write_text(path.read_text().replace("            query:", f"            {more}\n            query:"))
    with pytest.raises(ConfigurationError, match=message):
        raw_tables(lab)
