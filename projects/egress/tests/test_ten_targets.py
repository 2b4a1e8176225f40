"""A team's ten targets of all kinds, each declared in one short file: delivered to in one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import DUCKDB_ONLY, Egress, Sql
from contacts import BAD, CONTACTS, MAKE_CONTACTS, four_apis, targets
from table_target import customer_database

from shared.postgres.server import LocalServer

LONGEST_LINES = 25
KEYS = {f"K/{number}" for number in range(1, CONTACTS + 1)}


def test_each_target_is_one_short_file() -> None:
    """There are ten, and none is longer than 25 lines."""
    lines = {
        target.name: len(Path(str(module.__file__)).read_text().splitlines()) for target, module in targets().items()
    }
    assert len(lines) == 10
    assert max(lines.values()) <= LONGEST_LINES


@DUCKDB_ONLY
def test_ten_targets_in_one_run(
    sql: Sql,
    transform: Callable[[str], None],
    egress: Egress,
    project: Path,
    postgres_server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Each gets the model in its form; the next run asks nobody; a row that has left goes where that is declared."""
    transform(MAKE_CONTACTS)
    monkeypatch.setattr("egress.cli.all_targets", targets)
    monkeypatch.setattr("egress.cli.path_of", lambda module: module.__name__)
    with four_apis(monkeypatch) as apis, customer_database(postgres_server) as customer:
        for name in ("SHOP", "SUPPORT"):
            monkeypatch.setenv(f"{name}_URL", customer.login.url())
        monkeypatch.setenv("COPY_FILE", str(project / "copy.duckdb"))
        monkeypatch.setenv("LAKE_URL", str(project / "lake"))
        assert egress("run", "--all") == 0
        for name, keys in {"hubspot": KEYS - {BAD}, "salesforce": KEYS - {BAD}, "intercom": KEYS - {BAD}}.items():
            assert set(apis[name].rows) == keys
        assert len(apis["mailchimp"].rows) == CONTACTS - 1
        assert {row[0] for row in customer.rows("public.contacts")} == KEYS
        assert len(customer.rows("public.hashed")) == CONTACTS
        with duckdb.connect(str(project / "copy.duckdb"), read_only=True) as copy:
            assert copy.sql("select count(*) from crm.contacts").fetchall() == [(CONTACTS,)]
        exports = project / "data" / "exports"
        assert pq.read_table(exports / "archive" / "contacts.parquet").num_rows == CONTACTS
        assert len((exports / "partner" / "contacts.csv").read_text().splitlines()) == CONTACTS + 1
        assert list((project / "lake").rglob("*.parquet"))
        for api in apis.values():
            api.asked.clear()
        assert egress("run", "--all") == 0
        assert not any(api.asked for api in apis.values())
        sql("delete from egress.contacts where contact_id = 'K/7'")
        assert egress("run", "--all") == 0
        assert {name: len(api.rows) for name, api in apis.items()} == {
            "hubspot": 6,
            "salesforce": 5,
            "mailchimp": 5,
            "intercom": 6,
        }
        assert {row[0] for row in customer.rows("public.contacts")} == KEYS - {"K/7"}
        capfd.readouterr()
        assert egress("list", "--json") == 0
        listed = json.loads(capfd.readouterr().out)["targets"]
        assert len(listed) == 10
        assert all(each["description"] for each in listed)
