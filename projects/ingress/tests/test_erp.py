"""Tables of a PostgreSQL database as a source: read through arrow, on from the newest row that raw holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import Project

from shared.postgres import PostgresTarget
from shared.postgres.server import LocalServer, free_port

DEFINITION = """
create schema erp;
create table erp.suppliers (
    supplier_id bigint primary key, name text, article_count integer, attributes jsonb, changed_at timestamptz
);
create table erp.articles (
    article_id bigint primary key, supplier_id bigint, description text, department text, brand text,
    package_size text, listed_on date, is_own_brand boolean, changed_at timestamptz
);
create table erp.article_prices (
    article_id bigint, week integer, unit_price numeric(12, 4), currency char(3), changed_at timestamptz
);
insert into erp.suppliers values (1, 'Müller & Söhne', 2, '{"b": [1, 2.50], "a": "é"}', '2024-05-01 10:00:00+02');
insert into erp.articles values
    (1, 1, 'Apples', 'PRODUCE', 'National', null, '2024-01-02', false, '2024-05-01 10:00:00.123456+02'),
    (2, 1, 'Pears', 'PRODUCE', 'Private', '1 LB', null, true, '2024-05-01 08:00:00Z');
insert into erp.article_prices values (1, 1, 0.1000, 'USD', '2024-05-02Z'), (1, 2, 12345678.9999, 'EUR', '2024-05-03Z');
"""
UTC = timezone.utc
LATER = "'2024-06-01 00:00:00Z'"


@dataclass
class Erp:
    """The ERP's database.

    Attributes:
        owner: The login of its owner.
    """

    owner: PostgresTarget

    def run(self, *statements: str) -> None:
        """Run statements as its owner."""
        session = self.owner.connect("the ERP itself")
        with session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        session.close()


@pytest.fixture
def erp(postgres_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Erp]:
    """Make an ERP on the session's server, and let ERP_URL name it with a login that may only read."""
    server = Erp(postgres_server.admin())
    server.run("drop database if exists erp with (force)", "create database erp")
    erp = Erp(postgres_server.admin("erp"))
    erp.run(
        DEFINITION,
        "do $$ begin if not exists (select from pg_roles where rolname = 'erp_guest') "
        "then create role erp_guest login password 'hush-hush'; end if; end $$",
        "grant usage on schema erp to erp_guest; grant select on all tables in schema erp to erp_guest",
    )
    monkeypatch.setenv("ERP_URL", f"postgresql://erp_guest:hush-hush@127.0.0.1:{erp.owner.port}/erp")
    yield erp
    server.run("drop database erp with (force)")


def prices(project: Project) -> list[tuple[Any, ...]]:
    """Return the prices that raw holds."""
    return project.fetch("select article_id, week, unit_price from raw.erp_article_prices order by 1, 2")


def test_tables_arrive_exact(project: Project, erp: Erp) -> None:
    """Decimals keep their digits, times their moment, JSON the text that the database writes, nulls are null."""
    project.load("erp")
    assert project.fetch("select name, article_count, attributes, changed_at from raw.erp_suppliers") == [
        ("Müller & Söhne", 2, '{"a": "é", "b": [1, 2.50]}', datetime(2024, 5, 1, 8, tzinfo=UTC))
    ]
    assert project.fetch(
        "select article_id, package_size, listed_on, is_own_brand, changed_at from raw.erp_articles order by 1"
    ) == [
        (1, None, date(2024, 1, 2), False, datetime(2024, 5, 1, 8, 0, 0, 123456, tzinfo=UTC)),
        (2, "1 LB", None, True, datetime(2024, 5, 1, 8, tzinfo=UTC)),
    ]
    assert prices(project) == [(1, 1, Decimal("0.1000")), (1, 2, Decimal("12345678.9999"))]


def test_only_what_is_new_is_read(project: Project, erp: Erp) -> None:
    """A second load begins at the newest row that raw holds: what changed before that is not seen, `--full` sees it."""
    project.load("erp")
    erp.run(
        "update erp.article_prices set unit_price = 9 where week = 1",
        "update erp.article_prices set unit_price = 8 where week = 2",
        f"insert into erp.article_prices values (1, 3, 7, 'USD', {LATER})",
    )
    said = project.load("erp")
    assert "erp.article_prices: 2 rows loaded" in said
    assert prices(project) == [(1, 1, Decimal("0.1")), (1, 2, Decimal(8)), (1, 3, Decimal(7))]
    assert project.ingress("run", "--source", "erp", "--full")[0] == 0
    assert prices(project) == [(1, 1, Decimal(9)), (1, 2, Decimal(8)), (1, 3, Decimal(7))]


def test_rows_that_vanish_stay(project: Project, erp: Erp) -> None:
    """A row that is deleted in the ERP stays in raw, and the next load finds nothing wrong."""
    project.load("erp")
    erp.run("delete from erp.article_prices where week = 2")
    project.load("erp")
    assert len(prices(project)) == 2


def test_bad_row_waits_in_quarantine_until_it_is_corrected(project: Project, erp: Erp) -> None:
    """A bad row is held back once, however often it is read, with its key and reason; its correction resolves it."""
    erp.run(f"insert into erp.article_prices values (2, 99, -1, 'usd', {LATER})")
    for _ in range(2):
        project.load("erp")
        ((origin, _, reason),) = project.bad_rows()
        assert origin == "ERP_URL erp.article_prices"
        assert "`week`" in reason
        assert "`unit_price`" in reason
    ((payload,),) = project.fetch("select payload from ops.quarantine")
    assert json.loads(payload)["article_id"] == 2
    erp.run("update erp.article_prices set unit_price = 1, currency = 'USD', week = 9 where article_id = 2")
    erp.run(f"insert into erp.article_prices values (2, 99, -1, 'usd', {LATER}), (2, 50, -1, 'USD', {LATER})")
    project.load("erp")
    assert len(project.bad_rows()) == 2
    erp.run("update erp.article_prices set unit_price = 1, changed_at = now() where week = 50")
    project.load("erp")
    assert len(project.bad_rows()) == 1
    erp.run("delete from erp.article_prices where week = 99")
    assert project.ingress("run", "--source", "erp", "--full")[0] == 0
    assert project.bad_rows() == []


def test_key_that_comes_twice_is_held_back(project: Project, erp: Erp) -> None:
    """Where the ERP does not keep a key unique, rows that differ are held back and equal ones loaded once."""
    erp.run(
        f"insert into erp.article_prices values (3, 1, 1, 'USD', {LATER}), (3, 1, 2, 'USD', {LATER})",
        f"insert into erp.article_prices values (4, 1, 1, 'USD', {LATER}), (4, 1, 1, 'USD', {LATER})",
    )
    said = project.load("erp")
    assert "2 rows in quarantine whose key occurs more than once; 1 copies dropped" in said
    assert [row[0] for row in prices(project)] == [1, 1, 4]


def test_column_that_is_added_is_loaded_and_reported(project: Project, erp: Erp) -> None:
    """A column that the ERP's owner adds becomes one of raw, with the values of the rows that are read."""
    project.load("erp")
    erp.run(
        "alter table erp.suppliers add column rating integer",
        f"update erp.suppliers set rating = 5, changed_at = {LATER}",
    )
    assert "column `rating` is not in the row model" in project.load("erp")
    assert project.fetch("select rating from raw.erp_suppliers") == [(5,)]


def test_large_table_comes_in_chunks(project: Project, erp: Erp) -> None:
    """A table of more rows than are read at a time arrives whole, each row once."""
    erp.run(
        "insert into erp.article_prices select n, 1, n % 1000, 'USD', timestamptz '2024-01-01Z' + n * interval '1 second' "
        "from generate_series(10, 120009) as t (n)"
    )
    project.load("erp")
    assert project.fetch("select count(*), count(distinct article_id) from raw.erp_article_prices") == [
        (120_002, 120_001)
    ]


def test_empty_table_makes_an_empty_table(project: Project, erp: Erp) -> None:
    """A table without rows is there in raw, with its columns and without a row."""
    erp.run("truncate erp.suppliers")
    project.load("erp")
    assert project.fetch("select supplier_id, changed_at from raw.erp_suppliers") == []


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("drop table erp.articles", "no such table in the database that ERP_URL names: `erp.articles`"),
        ("alter table erp.articles drop column brand", "missing column in `ERP_URL erp.articles`: `brand`"),
        ("alter table erp.articles drop column changed_at", "lacks the column that tells what is new: `changed_at`"),
        (
            "alter table erp.articles alter column article_id type text",
            "wrong type in `ERP_URL erp.articles`, column `article_id`: `string`",
        ),
        ("revoke select on erp.articles from erp_guest", "permission denied for table articles"),
    ],
)
def test_table_that_does_not_fit_is_named(project: Project, erp: Erp, statement: str, expected: str) -> None:
    """What the ERP lacks is the user's to correct; nothing of the source is loaded."""
    erp.run(statement)
    code, said = project.ingress("run", "--source", "erp")
    assert code == 2
    assert expected in said
    assert "hint:" in said
    assert project.fetch("select 1 from information_schema.tables where table_name = 'erp_suppliers'") == []


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize(
    ("url", "code", "expected"),
    [
        ("mysql://u:hush-hush@h/erp", 2, "ERP_URL is not a PostgreSQL URL"),
        ("postgresql://erp_guest:wrong-one@127.0.0.1:$PORT/erp", 2, "does not let in `erp_guest`"),
        ("postgresql://erp_guest:hush-hush@127.0.0.1:$PORT/nothing", 2, "no such database"),
        ("postgresql://erp_guest:hush-hush@127.0.0.1:$FREE/erp", 1, "PostgreSQL does not answer at"),
    ],
)
def test_database_that_cannot_be_reached_is_named(
    project: Project, erp: Erp, monkeypatch: pytest.MonkeyPatch, url: str, code: int, expected: str
) -> None:
    """Each reason is an error with a hint, without the password; an ERP that is down may be tried again."""
    monkeypatch.setenv("ERP_URL", url.replace("$PORT", str(erp.owner.port)).replace("$FREE", str(free_port())))
    found, said = project.ingress("run", "--source", "erp")
    assert found == code
    assert expected in said
    assert "hint:" in said
    assert "hush-hush" not in said
    assert "wrong-one" not in said


@pytest.mark.parametrize("engine", ["duckdb"])
def test_without_the_setting_the_erp_is_left_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare run names the ERP as skipped; asked for by name it is an error."""
    monkeypatch.delenv("ERP_URL", raising=False)
    assert "erp: skipped, ERP_URL is not set" in project.ingress("run")[1]
    code, said = project.ingress("run", "--source", "erp")
    assert code == 2
    assert "ERP_URL is not a PostgreSQL URL" in said


@pytest.mark.parametrize("engine", ["duckdb"])
def test_list_and_validate_show_it(project: Project, erp: Erp) -> None:
    """`list` names the tables, and `validate` checks all rows without loading any."""
    assert "$ERP_URL erp.articles" in project.ingress("list")[1]
    erp.run("update erp.articles set brand = '' where article_id = 1")
    code, said = project.ingress("validate", "--source", "erp")
    assert code == 1
    assert "erp.articles: 1 rows to load, 1 bad" in said


def test_hostile_texts_are_only_texts(project: Project, erp: Erp) -> None:
    """Whatever a text of the ERP's spells, it arrives as it is."""
    nasty = "a\"; drop schema raw; --\n\\.\t%s ''"
    session = erp.owner.connect("the ERP itself")
    with session.cursor() as cursor:
        cursor.execute("update erp.suppliers set name = %s", [nasty])
    session.close()
    project.load("erp")
    assert project.fetch("select name from raw.erp_suppliers") == [(nasty,)]


def test_late_commit_of_the_same_moment_is_seen(project: Project, erp: Erp) -> None:
    """A row that is committed after a load with the very time of the newest one is read by the next load."""
    project.load("erp")
    moment = datetime(2024, 5, 3, tzinfo=UTC)
    erp.run(f"insert into erp.article_prices values (5, 5, 5, 'USD', '{moment.isoformat()}')")
    erp.run(f"insert into erp.article_prices values (6, 6, 6, 'USD', '{(moment - timedelta(1)).isoformat()}')")
    project.load("erp")
    assert [row[0] for row in prices(project)] == [1, 1, 5]
