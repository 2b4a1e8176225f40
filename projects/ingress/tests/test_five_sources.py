"""Five sources that are not the demo's: each is the file that `new-source` writes, which docs/sources.md shows."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from api_styles import github, salesforce, stripe
from conftest import Project, Serve, on_duckdb_alone
from kinds.files import BUCKET, s3_server
from new_sources import Made, new_source

from shared.testing.mariadb import mariadb
from shared.utils.files import write_whole

DOCS = Path(__file__).parents[3] / "docs" / "sources.md"
TABLES = """
create table categories (category_id int primary key, category_name varchar(15) not null, description text);
create table products (product_id int primary key, product_name varchar(40) not null, category_id int,
    unit_price decimal(10, 2), discontinued boolean not null);
create table orders (order_id int primary key, customer_id varchar(5), order_date date, freight decimal(10, 2));
create table order_details (order_id int not null, product_id int not null, unit_price decimal(10, 2) not null,
    quantity int not null, primary key (order_id, product_id));
insert into categories values (1, 'Beverages', 'Soft drinks, coffees, teas, beers, and ales'), (2, 'Condiments', null);
insert into products values (1, 'Chai', 1, 18.00, false), (3, 'Aniseed Syrup', 2, 10.00, false);
insert into orders values (10248, 'VINET', '1996-07-04', 32.38), (10249, 'TOMSP', '1996-07-05', null);
insert into order_details values (10248, 1, 14.00, 12), (10248, 3, 9.80, 10), (10249, 1, 18.60, 9);
"""
ROWS = {"categories": 2, "products": 2, "orders": 2, "order_details": 3}


def issue(number: int) -> dict[str, Any]:
    """Return an issue as GitHub has them."""
    at = f"2026-01-{number:02}T08:30:00Z"
    return {
        "id": 9_000_000_000 + number,
        "number": number,
        "title": f"It breaks, case {number}",
        "state": "open" if number % 2 else "closed",
        "user": {"login": "ada", "id": 7},
        "labels": [{"name": "bug"}] if number % 3 else [],
        "comments": number % 4,
        "created_at": at,
        "updated_at": at,
        "closed_at": None if number % 2 else at,
        "milestone": None,
    }


def charge(number: int) -> dict[str, Any]:
    """Return a charge as Stripe has them; its customer is an id, or where that is asked for, an object."""
    return {
        "id": f"ch_{number:04}",
        "object": "charge",
        "amount": number * 100,
        "currency": "eur",
        "created": 1_767_225_600 + number,
        "customer": {"id": "cus_1", "email": "ada@example.com"} if number == 2 else f"cus_{number}",
        "description": None if number % 2 else "Coffee",
        "metadata": {"order": str(number)},
        "paid": number % 5 != 0,
        "refunds": {"object": "list", "data": [], "has_more": False},
    }


def account(number: int) -> dict[str, Any]:
    """Return an account as Salesforce has them."""
    return {
        "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/001{number:012}"},
        "Id": f"001{number:012}AAA",
        "Name": f"Account {number}",
        "AnnualRevenue": number * 1_000.5 if number % 2 else None,
        "LastModifiedDate": f"2026-01-{number:02}T00:00:00.000+0000",
    }


def event(number: int) -> dict[str, Any]:
    """Return a line of an export."""
    at = f"2026-01-01T00:00:{number:02}.250Z"
    found = {"event_id": f"e-{number}", "kind": "view", "at": at, "basket": {"items": number}, "amount": number / 4}
    return found | ({"coupon": "WELCOME"} if number == 3 else {})


def hold_to_docs(made: Made, command: str) -> None:
    """Hold what the docs show of a source to what was written; UPDATE_SNAPSHOT=1 writes it anew."""
    text = DOCS.read_text()
    block = f"    ./pixiw run new-source {made.name} {command}\n\n```python\n{made.text}```\n"
    found = re.search(rf"    [.]/pixiw run new-source {made.name}\b.*?```python\n.*?```\n", text, re.DOTALL)
    assert found is not None
    if os.environ.get("UPDATE_SNAPSHOT"):
        write_whole(DOCS, text[: found.start()] + block + text[found.end() :])
    else:
        assert found[0] == block


def make(project: Project, name: str, command: str) -> Made:
    """Make a source as the docs show it, and hold them to each other."""
    made = new_source(project, name, *re.sub(r"\s*\\\n\s*", " ", command).replace('"', "").split())
    hold_to_docs(made, command)
    return made


@on_duckdb_alone
def test_github(project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links in the header, a bearer's token, nested objects; changed rows alone are asked for, as was said."""
    api = serve(github, [issue(number) for number in range(1, 8)])
    monkeypatch.setenv("GITHUB_URL", api.url)
    monkeypatch.setenv("GITHUB_TOKEN", "gh-token-1234")
    command = (
        '--from "GITHUB_URL/repos/acme/shop/issues?state=all&per_page=2" \\\n'
        "        --login bearer:GITHUB_TOKEN --cursor updated_at --since since"
    )
    made = make(project, "github", command)
    assert (
        "gh-token-1234" not in made.text + made.said and "milestone   text, may be null; null in every row" in made.said
    )
    assert made.load() == {"issues": 7}
    api.asked.clear()
    made.load()
    (asked,) = api.asked
    assert asked.endswith("&since=2026-01-07T08%3A30%3A00.000000Z")
    assert len(made.staged()["stg_github__issues"]) == 7


@on_duckdb_alone
def test_stripe(project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row's key asks for the next page while `has_more` says so; what may be expanded comes as text."""
    api = serve(stripe, [charge(number) for number in range(1, 8)])
    monkeypatch.setenv("STRIPE_URL", api.url)
    monkeypatch.setenv("STRIPE_KEY", "sk_test_1234")
    made = make(project, "stripe", '--from "STRIPE_URL/v1/charges?limit=2" --login basic:STRIPE_KEY')
    assert made.load() == {"charges": 7}
    customers = project.fetch("select customer from raw.stripe_charges order by id limit 2")
    assert customers == [("cus_1",), ('{"id": "cus_1", "email": "ada@example.com"}',)]
    assert len(made.staged()["stg_stripe__charges"]) == 7


@on_duckdb_alone
def test_salesforce(project: Project, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token for client credentials, a link in the page, the number of all rows."""
    api = serve(salesforce, [account(number) for number in range(1, 8)])
    monkeypatch.setenv("SALESFORCE_URL", api.url)
    monkeypatch.setenv("SALESFORCE_TOKEN_URL", f"{api.url}/services/oauth2/token")
    monkeypatch.setenv("SALESFORCE_ID", "me")
    monkeypatch.setenv("SALESFORCE_SECRET", "s3cret-9")
    command = (
        '--from "SALESFORCE_URL/services/data/v62.0/query?q=select+FIELDS(ALL)+from+Account" \\\n'
        "        --table accounts --login oauth2:SALESFORCE_TOKEN_URL:SALESFORCE_ID:SALESFORCE_SECRET"
    )
    made = make(project, "salesforce", command)
    # The server has taken the first token back, and would a third one.
    api.tokens = 1
    assert made.load() == {"accounts": 7}
    assert made.staged()["stg_salesforce__accounts"][0]["annual_revenue"] == 1000.5


@on_duckdb_alone
@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_northwind(project: Project, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """All tables of a database, with the keys and types that it declares: the same file for SQLite and MariaDB."""

    def hold(url: str) -> None:
        monkeypatch.setenv("NORTHWIND_URL", url)
        made = make(project, "northwind", "--from NORTHWIND_URL")
        assert made.load() == ROWS and url not in made.said
        assert {name: len(rows) for name, rows in made.staged().items()} == {
            f"stg_northwind__{name}": count for name, count in ROWS.items()
        }

    if kind == "sqlite":
        file = project.root / "northwind.sqlite"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(TABLES)
        hold(f"sqlite:///{file}")
        return
    with mariadb() as (cursor, url):
        execute: Callable[[str], Any] = cursor.execute
        for statement in filter(str.strip, TABLES.split(";\n")):
            execute(statement)
        hold(url)


@on_duckdb_alone
def test_packed_lines_on_s3(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types are those of the values, a field that few lines have is null in the others; secrets have names."""
    content = "".join(f"{json.dumps(event(number))}\n" for number in range(1, 6))
    with s3_server(monkeypatch) as client:
        client.put_object(Bucket=BUCKET, Key="events/2026-01.jsonl.gz", Body=gzip.compress(content.encode(), mtime=0))
        for name in ("ID", "KEY", "URL"):
            monkeypatch.setenv(f"EVENTS_S3_{name}", os.environ[f"KINDS_S3_{name}"])
        command = (
            f'--from "s3://{BUCKET}/events/*.jsonl.gz" --table events \\\n'
            "        --credential aws_access_key_id=EVENTS_S3_ID --credential aws_secret_access_key=EVENTS_S3_KEY \\\n"
            "        --credential endpoint_url=EVENTS_S3_URL"
        )
        made = make(project, "exports", command)
        assert "hush" not in made.text + made.said and "an-id-of-a-key" not in made.text + made.said
        assert made.load() == {"events": 5}
        assert [row["coupon"] for row in made.staged()["stg_exports__events"]].count(None) == 4
