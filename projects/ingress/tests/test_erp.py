"""The ERP: a PostgreSQL database that is read table by table, only what has changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pyarrow as pa
import pytest
from conftest import Project, on_duckdb_alone
from psycopg2 import extensions
from test_postgres import wait_for
from test_storage import COMMAND

from ingress.readers.sql import reader
from shared.config import get_settings
from shared.postgres import passfile
from shared.postgres.server import HOSTS, LocalServer
from shared.testing.engines import numbers, run
from shared.warehouse import open_warehouse
from shared.warehouse.provision import create_database, new_passwords

DEFINITION = Path(__file__).parents[3] / "tasks" / "postgres" / "erp.sql"
READER = "platform_erp_reader"
MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 3, day, 6, tzinfo=timezone.utc) for day in (2, 3, 4))
ATTRIBUTES = '{"b": [1, 2.50], "å": "x"}'


@dataclass(frozen=True)
class Erp:
    """The ERP's database, as its administrator uses it."""

    cursor: extensions.cursor
    url: str

    def sql(self, statement: str, *values: object) -> None:
        """Change something."""
        self.cursor.execute(statement, values or None)

    def price(self, article: int, week: int, price: object, changed: datetime = MONDAY, currency: str = "AUD") -> None:
        """Set the price of an article in a week."""
        self.sql(
            "insert into erp.article_prices values (%s, %s, %s, %s, %s) on conflict (article_id, week) do update "
            "set unit_price = excluded.unit_price, currency = excluded.currency, changed_at = excluded.changed_at",
            *(article, week, price, currency, changed),
        )


@pytest.fixture(scope="session")
def erp_template(postgres_server: LocalServer) -> str:
    """Make a database with the ERP's tables, to clone."""
    admin = postgres_server.admin("template_erp")
    create_database(admin)
    connection = admin.connect("tests")
    with connection.cursor() as cursor:
        cursor.execute(DEFINITION.read_text(encoding="utf-8"))
    connection.close()
    entries = new_passwords(postgres_server.admin(), [READER], hosts=HOSTS, port=passfile.ANY)
    passfile.write(postgres_server.passwords, entries)
    return admin.database


@pytest.fixture
def erp(
    postgres_server: LocalServer, erp_template: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Erp]:
    """Set up an ERP with a supplier, an article and its price, and point ERP_URL at it."""
    name = f"erp_{next(numbers)}"
    run(postgres_server, "create database {} template {} strategy file_copy", name, erp_template)
    admin = postgres_server.admin(name)
    connection = admin.connect("tests")
    monkeypatch.setenv("PGPASSFILE", str(postgres_server.passwords))
    monkeypatch.setenv("ERP_URL", admin.location)
    with connection.cursor() as cursor:
        erp = Erp(cursor, admin.location)
        erp.sql("insert into erp.suppliers values (1, 'Søn & Co', 1, %s, %s)", ATTRIBUTES, MONDAY)
        erp.sql("insert into erp.articles values (7, 1, 'tea', 'grocery', 'x', null, '2026-02-28', true, %s)", MONDAY)
        erp.price(7, 1, "12345678.9001")
        yield erp
    connection.close()
    run(postgres_server, "drop database {} with (force)", name)


def test_tables_arrive_exact(project: Project, erp: Erp) -> None:
    """Amounts, dates, moments, texts, truths and JSON are in raw as the ERP has them, JSON to the letter."""
    assert "erp.suppliers: 1 rows loaded" in project.load("erp")
    assert project.fetch("select supplier_id, name, article_count, attributes from raw.erp_suppliers") == [
        (1, "Søn & Co", 1, ATTRIBUTES)
    ]
    assert project.fetch(
        "select article_id, supplier_id, description, package_size, listed_on, is_own_brand from raw.erp_articles"
    ) == [(7, 1, "tea", None, date(2026, 2, 28), True)]
    with open_warehouse(get_settings(), holder="test") as warehouse:
        prices = warehouse.fetch_arrow("select unit_price, currency, changed_at from raw.erp_article_prices")
    assert prices.to_pylist() == [{"unit_price": Decimal("12345678.9001"), "currency": "AUD", "changed_at": MONDAY}]
    assert prices.schema.types[:2] == [pa.decimal128(12, 4), pa.string()]
    assert prices.schema.types[2].tz is not None


def test_only_what_has_changed_is_read_again(project: Project, erp: Erp) -> None:
    """A load reads from the newest moment that raw holds on, that moment included, and `--full` reads everything."""
    erp.price(7, 2, 2, TUESDAY)
    project.load("erp")
    erp.price(7, 1, 10, WEDNESDAY)
    erp.price(7, 3, 3, TUESDAY)
    erp.price(7, 4, 4, MONDAY)
    said = project.load("erp")
    assert "erp.article_prices: 3 rows loaded, all that changed since 2026-03-03 06:00:00 UTC" in said
    prices = "select week, unit_price from raw.erp_article_prices order by 1"
    assert project.fetch(prices) == [(1, 10), (2, 2), (3, 3)]
    assert project.ingress("run", "--source", "erp", "--full")[0] == 0
    assert project.fetch(prices) == [(1, 10), (2, 2), (3, 3), (4, 4)]
    before = project.state()
    project.load("erp")
    assert project.state() == before


def test_time_in_the_future_does_not_hide_what_changes_until_then(project: Project, erp: Erp) -> None:
    """A row that says it was changed in the future, as a wrong clock makes it, is read again and again, others too."""
    erp.price(7, 2, 2, datetime(2999, 1, 1, tzinfo=timezone.utc))
    project.load("erp")
    erp.price(7, 3, 3, TUESDAY)
    project.load("erp")
    assert project.fetch("select week from raw.erp_article_prices order by 1") == [(1,), (2,), (3,)]


def test_table_takes_two_connections(project: Project, erp: Erp) -> None:
    """A load connects twice a table to somebody else's server, to look at the table and to read it."""

    def connections() -> int:
        wait_for(
            erp.cursor, "select where 1 = (select count(*) from pg_stat_activity where datname = current_database())"
        )
        erp.sql("select sessions from pg_stat_database where datname = current_database()")
        (count,) = erp.cursor.fetchone() or (0,)
        return int(count)

    before = connections()
    said = project.load("erp")
    assert connections() - before == 2 * said.count(" rows loaded")


def test_rows_that_vanish_stay(project: Project, erp: Erp) -> None:
    """A row that the ERP deletes stays in raw, also when everything is read."""
    project.load("erp")
    erp.sql("delete from erp.article_prices")
    assert project.ingress("run", "--source", "erp", "--full")[0] == 0
    assert project.fetch("select count(*) from raw.erp_article_prices") == [(1,)]


def test_bad_rows_are_quarantined_by_their_key_until_they_are_corrected(project: Project, erp: Erp) -> None:
    """A bad row goes to quarantine with its key, is there once whatever it holds, and leaves when it comes good."""
    erp.price(7, 2, -1)
    erp.price(7, 3, 3, TUESDAY)
    assert "erp.article_prices: 2 rows loaded; 1 bad rows in quarantine" in project.load("erp")
    reason = "`unit_price`: input should be greater than or equal to 0"
    assert project.bad_rows() == [("erp.article_prices", 0, reason)]
    ((payload,),) = project.fetch("select payload from ops.quarantine")
    assert json.loads(payload) | {"changed_at": ""} == {
        **{"article_id": 7, "week": 2, "unit_price": "-1.0000", "currency": "AUD", "changed_at": ""}
    }
    project.load("erp")
    assert project.bad_rows() == [("erp.article_prices", 0, reason)]
    erp.price(7, 2, -2, WEDNESDAY)
    assert "1 quarantined rows resolved" in project.load("erp")
    assert project.bad_rows() == [("erp.article_prices", 0, reason)]
    erp.price(7, 2, 2, WEDNESDAY)
    assert "1 quarantined rows resolved" in project.load("erp")
    assert project.bad_rows() == []
    assert project.fetch("select week from raw.erp_article_prices order by 1") == [(1,), (2,), (3,)]


@on_duckdb_alone
def test_full_load_resolves_whatever_is_not_bad_any_more(project: Project, erp: Erp) -> None:
    """`--full` sees every row, so it also lets go of a bad one that the ERP has deleted."""
    erp.price(7, 2, -1)
    project.load("erp")
    erp.sql("delete from erp.article_prices where week = 2")
    project.load("erp")
    assert len(project.bad_rows()) == 1
    project.ingress("run", "--source", "erp", "--full")
    assert project.bad_rows() == []


@on_duckdb_alone
def test_values_that_only_postgresql_holds_make_bad_rows(project: Project, erp: Erp) -> None:
    """A date without end, one before the year 1, a price that is no number, a row without a moment: all are kept."""
    erp.sql("insert into erp.articles select 8, 1, 'a', 'b', 'c', null, 'infinity', true, %s", MONDAY)
    erp.sql("insert into erp.articles select 9, 1, 'a', 'b', 'c', null, '0044-03-15 BC', true, %s", MONDAY)
    erp.price(7, 2, "NaN")
    erp.sql("alter table erp.suppliers alter column changed_at drop not null")
    project.load("erp")
    erp.sql("insert into erp.suppliers values (2, 'late', 0, '{}', null)")
    project.load("erp")
    unreadable = "a date or time outside the years 1 to 9999, or a number that is none"
    assert project.bad_rows() == [
        ("erp.article_prices", 0, f"`unit_price`: {unreadable}"),
        ("erp.articles", 0, f"`listed_on`: {unreadable}"),
        ("erp.articles", 0, f"`listed_on`: {unreadable}"),
        ("erp.suppliers", 0, "`changed_at`: missing"),
    ]
    payloads = "".join(payload for (payload,) in project.fetch("select payload from ops.quarantine"))
    assert '"listed_on":"infinity"' in payloads
    assert '"listed_on":"0044-03-15 BC"' in payloads
    assert '"unit_price":"NaN"' in payloads
    assert project.fetch("select count(*) from raw.erp_articles") == [(1,)]


def test_large_table_is_read_in_batches(project: Project, erp: Erp, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of more rows than a batch comes whole, and no batch is larger."""
    monkeypatch.setattr(reader, "CHUNK_ROWS", 100)
    sizes: list[int] = []
    checked = reader.Sql._batches

    def counted(*arguments: Any) -> Iterator[Any]:
        for batch in checked(*arguments):
            sizes.append(batch.good.num_rows)
            yield batch

    monkeypatch.setattr(reader.Sql, "_batches", counted)
    erp.sql("insert into erp.article_prices select n, 1, n, 'AUD', %s from generate_series(100, 350) as n", MONDAY)
    project.load("erp")
    assert project.fetch("select count(*), sum(article_id) from raw.erp_article_prices") == [(252, 7 + 225 * 251)]
    assert max(sizes) == 100


def test_column_that_the_model_does_not_know_becomes_text(project: Project, erp: Erp) -> None:
    """The ERP's contract is `evolve`: a new column of any type is reported and loaded as PostgreSQL writes it."""
    project.load("erp")
    erp.sql('alter table erp.suppliers add column "Rating" numeric default 4.50, add column tags text[]')
    erp.sql("update erp.suppliers set tags = '{a,b}'")
    said = project.load("erp")
    assert "column `Rating` is not in the row model" in said
    assert project.fetch("select rating, tags from raw.erp_suppliers") == [("4.50", "{a,b}")]


@on_duckdb_alone
@pytest.mark.parametrize(
    ("change", "message", "code"),
    [
        ("drop table erp.article_prices", "no such table in the database of ERP_URL: `erp.article_prices`", 2),
        ("alter table erp.articles drop column brand", "missing column in `erp.articles`: `brand`", 2),
        ("alter table erp.articles alter brand type int using 1", "`erp.articles`, column `brand`: `INTEGER`", 2),
        ("alter table erp.articles alter changed_at type timestamp", "column `changed_at`: `TIMESTAMP`", 2),
        ("alter table erp.article_prices alter unit_price type float8", "`unit_price`: `DOUBLE PRECISION`", 2),
        ("alter table erp.article_prices alter unit_price type numeric", "`unit_price`: `NUMERIC`", 2),
        ("alter table erp.articles drop constraint articles_pkey", "nothing keeps the key of `erp.articles` unique", 2),
        ("revoke all on erp.articles from platform_erp_reader", "`platform_erp_reader` may not read `erp.articles`", 2),
    ],
    ids=["table", "column", "text", "no zone", "float", "any size", "key", "rights"],
)  # fmt: skip
def test_table_that_does_not_fit_is_an_error(project: Project, erp: Erp, change: str, message: str, code: int) -> None:
    """What is missing, has another type or may not be read is named, and nothing of the ERP is loaded."""
    erp.sql(change)
    found, said = project.ingress("run", "--source", "erp")
    assert found == code
    assert re.search(rf"^error: .*{re.escape(message)}", said, re.MULTILINE), said
    assert "hint: " in said
    assert project.fetch("select 1 from information_schema.tables where table_schema = 'raw'") == []


@on_duckdb_alone
@pytest.mark.parametrize(
    ("changed", "message", "code"),
    [
        (lambda url: "postgresql://127.0.0.1:1/erp", "PostgreSQL does not answer at `127.0.0.1:1`", 1),
        (lambda url: url.replace("//", "//platform_erp_reader:wrong@"), "does not let in `platform_erp_reader`", 2),
        (lambda url: url + "x", "no such database at", 2),
        (lambda url: "other://h/erp", "no driver for the database of ERP_URL: `other`", 2),
        (lambda url: "", "ERP_URL is not set", 2),
    ],
    ids=["server", "password", "database", "scheme", "unset"],
)  # fmt: skip
def test_database_that_cannot_be_reached_is_an_error(
    project: Project, erp: Erp, monkeypatch: pytest.MonkeyPatch, changed: Callable[[str], str], message: str, code: int
) -> None:
    """A server, login or database that is not there is named with the setting to correct."""
    monkeypatch.setenv("ERP_URL", changed(erp.url))
    found, said = project.ingress("run", "--source", "erp")
    assert found == code
    assert message in said
    hint = said.partition("hint: ")[2]
    assert "ERP_URL" in hint or "postgresql://" in hint
    assert "WAREHOUSE_URL" not in said


@on_duckdb_alone
def test_database_that_goes_away_is_an_error_and_loads_nothing(project: Project, erp: Erp) -> None:
    """When the ERP ends the session while it is read, the load says what could not be read, and raw stays as it was."""
    project.load("erp")
    before = project.state()
    erp.sql("update erp.suppliers set name = 'other', changed_at = now()")
    erp.sql("begin")
    erp.sql("lock table erp.article_prices")
    with Popen([*COMMAND, "erp"], stderr=PIPE, text=True) as process:
        wait_for(erp.cursor, "select from pg_locks where not granted")
        erp.sql("select pg_terminate_backend(pid) from pg_locks where not granted")
        _, said = process.communicate(timeout=60)
    erp.sql("rollback")
    assert process.returncode == 1
    assert "error: `erp.article_prices` cannot be read to its end at" in said
    assert "hint: nothing was loaded from it" in said
    assert project.state() == before


def test_list_and_validate_know_the_erp(project: Project, erp: Erp) -> None:
    """`list` shows where the tables come from, `validate` checks them without loading."""
    erp.price(7, 2, 2, currency="aud")
    code, said = project.ingress("validate", "--source", "erp")
    assert code == 1
    assert "erp.articles: 1 rows to load, 0 bad" in said
    assert "erp.article_prices, 0: `currency`: string should match pattern" in said
    (line,) = [line for line in project.ingress("list")[1].splitlines() if line.startswith("erp.article_prices")]
    assert line.split()[1:6] == ["raw.erp_article_prices", "article_id,", "week", "$ERP_URL", "erp.article_prices"]
    assert line.endswith("never")
