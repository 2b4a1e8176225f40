"""Tables, views and queries of SQLite and PostgreSQL: no value changes on its way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kinds.sql import postgres
from pydantic import AwareDatetime, Field
from sql_rows import Amount, load, model

from ingress.readers.sql.reader import Sql
from ingress.readers.sql.reflection import reflected
from ingress.source import Watermark
from shared.config import get_settings
from shared.data_quality import RowModel
from shared.errors import ConfigurationError, InputError, PlatformError, SourceUnavailable
from shared.warehouse.provision import create_database

Execute = Callable[..., Any]


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Execute]:
    """Make a database of SQLite's that SHOP_URL leads to."""
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.sqlite")
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0.2")
    with closing(sqlite3.connect(tmp_path / "shop.sqlite", isolation_level=None)) as connection:
        yield connection.execute


ODD = [
    # What a column is called, what is in it, and what that is in raw or why it is not there.
    ("whole", "'7'", 7),
    ("whole", "7.0", 7),
    ("whole", "'seven'", "not a whole number"),
    ("whole", "7.5", "valid integer"),
    ("whole", "9223372036854775808", "a whole number beyond 64 bits"),
    ("whole", "x'37'", "valid integer"),
    ("amount", "0.1", Decimal("0.10")),
    ("amount", "5", Decimal("5.00")),
    ("amount", "0.125", "no more than 2 decimal places"),
    ("amount", "9e999", "finite"),
    ("share", "0.30000000000000004", 0.30000000000000004),
    ("share", "9007199254740993", "a number with more digits than floating point holds"),
    ("day", "'2024-02-29'", date(2024, 2, 29)),
    ("day", "'2023-02-29'", "not a date"),
    ("day", "20240229", "valid date"),
    ("truth", "1", True),
    ("truth", "2", "valid boolean"),
    ("note", "cast(x'ff41' as text)", "valid string"),
    ("note", "5", "valid string"),
    ("note", "'é🙂'", "é🙂"),
    ("at", "'2024-07-01 12:00:00+02:00'", datetime(2024, 7, 1, 10, tzinfo=timezone.utc)),
    ("at", "'2024-07-01 12:00:00'", datetime(2024, 7, 1, 10, tzinfo=timezone.utc)),
    ("at", "'2024-10-27 02:30:00'", "date and time with an offset"),
]


class Loose(RowModel):
    """What SQLite's columns should hold."""

    id: int
    whole: int | None
    amount: Decimal | None = Field(max_digits=12, decimal_places=2)
    share: float | None
    day: date | None
    truth: bool | None
    note: str | None
    at: AwareDatetime | None


def test_what_sqlite_has_in_any_column_arrives_as_it_is_or_is_bad(sqlite: Execute) -> None:
    """A value that is not of its column's type is that value in raw, or its row is in quarantine with the reason."""
    names = [name for name in Loose.model_fields if name != "id"]
    sqlite(f"create table odd (id, {', '.join(names)})")
    for number, (name, value, _) in enumerate(ODD, start=1):
        sqlite(f"insert into odd (id, {name}) values ({number}, {value})")
    good, bad = load(Sql("SHOP_URL", "odd", zone="Europe/Berlin"), Loose)
    values = {row["id"]: row for row in good}
    reasons = {json.loads(row.payload)["id"]: row.reason for row in bad}
    for number, (name, value, expected) in enumerate(ODD, start=1):
        if number in values:
            assert values[number][name] == expected, value
        else:
            assert isinstance(expected, str) and expected in reasons[number], (value, reasons[number])
    assert len(values) + len(reasons) == len(ODD)
    assert {row.position for row in bad} == {0}


def test_column_that_the_model_does_not_know_becomes_text(sqlite: Execute) -> None:
    """Numbers come with all their digits, bytes as PostgreSQL writes them."""
    sqlite("create table t (id, x)")
    sqlite("insert into t values (1, 0.30000000000000004), (2, x'00ff'), (3, 'a'), (4, 12), (5, null)")
    good, _ = load(Sql("SHOP_URL", "t"), model())
    assert [row["x"] for row in good] == ["0.30000000000000004", "\\x00ff", "a", "12", None]


def test_keys_that_come_twice_are_told(sqlite: Execute) -> None:
    """Without a key in the database, equal rows are loaded once, and of those that differ none, in a view as well."""
    sqlite("create table t (id, note)")
    sqlite("create view v as select * from t")
    sqlite("insert into t values (1, 'a'), (1, 'a'), ('2', 'b'), (2, 'c'), (3, 'd')")
    for name in ("t", "v"):
        good, bad = load(Sql("SHOP_URL", name), model(note=str))
        assert [(row["id"], row["note"]) for row in good] == [(1, "a"), (3, "d")]
        assert len(bad) == 2


def test_query_and_chosen_columns(sqlite: Execute) -> None:
    """A query is read as it stands, signs of its own included; of a table only the chosen columns."""
    sqlite("create table t (id, note, secret)")
    sqlite("insert into t values (1, ':x', 's'), (2, '50%', 's'), (3, 'z', 's')")
    query = "select id, note from t where note in (':x', '50%'); "
    assert [row["note"] for row in load(Sql("SHOP_URL", query=query), model(note=str))[0]] == [":x", "50%"]
    assert load(Sql("SHOP_URL", "t", columns=("id",)), model())[0] == [{"id": 1}, {"id": 2}, {"id": 3}]
    with pytest.raises(InputError, match="missing column in `t`: `other`"):
        load(Sql("SHOP_URL", "t", columns=("id", "other")), model())


@pytest.mark.parametrize(
    ("kind", "values", "since"),
    [
        (int, (1, 5, 9), 5),
        (date, ("2024-01-01", "2024-06-01", "2024-06-02"), date(2024, 6, 1)),
        (datetime, ("2024-05-31", "2024-06-01T10:00", "2024-06-01 10:00:01"), datetime(2024, 6, 1, 10)),
        (
            AwareDatetime,
            ("2024-06-01 23:30:00+14:00", "2024-05-31 22:00:00-12:00", "2024-06-01 10:00:00.5Z"),
            datetime(2024, 6, 1, 10, tzinfo=timezone.utc),
        ),
    ],
)
def test_cursor_in_sqlite(sqlite: Execute, kind: type, values: tuple[object, ...], since: Watermark) -> None:
    """Rows from the newest loaded value on are read, whatever form and zone their text has; and those without one."""
    sqlite("create table t (id, changed)")
    for number, value in enumerate((*values, None, "garbage"), start=1):
        sqlite("insert into t values (?, ?)", (number, value))
    good, bad = load(Sql("SHOP_URL", "t", cursor="changed"), model(changed=kind), since)
    assert [row["id"] for row in good] == [2, 3]
    assert {json.loads(row.payload)["id"] for row in bad} == {4, 5}


def test_sqlite_is_only_read(sqlite: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is an error and is not made; one that is locked is waited for as long as is set."""
    sqlite("create table t (id)")
    sqlite("begin exclusive")
    with pytest.raises(SourceUnavailable, match=r"`t` cannot be read at .*: database is locked"):
        load(Sql("SHOP_URL", "t"), model())
    sqlite("rollback")
    with pytest.raises(InputError, match="no such table in the database of SHOP_URL: `u`"):
        load(Sql("SHOP_URL", "u"), model())
    (tmp_path / "text.sqlite").write_text("no database, only a text that is long enough")
    for url, kind in {"": ConfigurationError, "other.sqlite": InputError, "text.sqlite": InputError}.items():
        monkeypatch.setenv("SHOP_URL", f"sqlite:///{url}")
        with pytest.raises(kind):
            load(Sql("SHOP_URL", "t"), model())
    assert {path.name for path in tmp_path.iterdir()} == {"shop.sqlite", "text.sqlite"}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("oracle://u:geheim123@h/d", "no driver for the database of SHOP_URL: `oracle`"),
        ("snowflake://u:geheim123@h/d", "no driver for the database of SHOP_URL: `snowflake`"),
        ("geheim123", "SHOP_URL is not the URL of a database"),
        ("mariadb://u:geheim123@127.0.0.1:1/d", "cannot be read at `127.0.0.1:1`"),
    ],
)
def test_database_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    """A driver that is not here is named with its package; the URL is never shown."""
    monkeypatch.setenv("SHOP_URL", url)
    with pytest.raises(PlatformError) as caught:
        load(Sql("SHOP_URL", "t"), model())
    said = f"{caught.value.message} {caught.value.hint}"
    assert message in said
    assert "geheim123" not in said
    assert "driver" not in message or "oracledb" in said or "cx_Oracle" in said or "snowflake-sqlalchemy" in said


def test_views_and_queries_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have no key of the database's, so a key that comes twice is told by its rows; types are PostgreSQL's."""
    admin = postgres().admin("views")
    create_database(admin)
    monkeypatch.setenv("SHOP_URL", admin.url())
    with closing(admin.connect("tests")) as connection, connection.cursor() as cursor:
        cursor.execute("create table t (id int, amount numeric(9, 2), at timestamptz, note text, secret text)")
        cursor.execute("insert into t values (1, 1.5, '2024-01-01Z', 'x', 's'), (2, 2, 'infinity', 'y', 's')")
        cursor.execute("insert into t values (3, 3, '2024-01-01Z', 'x', 's'), (3, 3, '2024-01-01Z', 'z', 's')")
        cursor.execute("create view v as select * from t")
    chosen = ("id", "amount", "at", "note")
    query = "select id, amount, at, note from t where note <> ':none' -- all"
    for reader in (Sql("SHOP_URL", "v", columns=chosen), Sql("SHOP_URL", query=query)):
        good, bad = load(reader, model(amount=Amount, at=AwareDatetime, note=str))
        assert [(row["id"], row["amount"], row["note"]) for row in good] == [(1, Decimal("1.50"), "x")]
        assert sorted(json.loads(row.payload)["id"] for row in bad) == [2, 3, 3]
        assert not any("secret" in row.payload for row in bad)
    with pytest.raises(InputError, match="nothing keeps the key of `t` unique"):
        load(Sql("SHOP_URL", "t"), model())


def test_reflected_columns(sqlite: Execute) -> None:
    """A table's columns become a row model's fields; SQLite's by what is in them."""
    sqlite("create table t (id integer primary key, p numeric(9, 2) not null, b boolean, at datetime, x blob, u text)")
    sqlite("alter table t add column updated_at datetime")
    sqlite("insert into t values (1, 0.5, 1, '2024-01-01', x'00', 'x', '2024-01-01 10:00:00Z')")
    found = reflected("sqlite:///shop.sqlite", "t", get_settings())
    assert {column.name: column.annotation for column in found.columns} == {
        **{"id": "int", "p": "Decimal = Field(max_digits=9, decimal_places=2)", "b": "bool | None"},
        **{"at": "date | None", "u": "str | None", "updated_at": "AwareDatetime | None"},
    }
    assert (found.key, found.cursors, found.others) == (("id",), ("updated_at",), ("x",))
    sqlite("create table u (a integer unique, b integer not null unique)")
    assert reflected("sqlite:///shop.sqlite", "u", get_settings()).key == ("b",)
