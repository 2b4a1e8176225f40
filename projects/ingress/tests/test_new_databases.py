"""Databases whose tables, schemas and columns have names of any signs, and whose keys are bytes."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from conftest import Project, on_duckdb_alone
from kinds.sql import postgres
from new_sources import new_source

from shared.testing.mariadb import mariadb
from shared.warehouse.provision import create_database

COLUMNS = '"order.id" int, "q""t" bytea, "per%cent(s)" numeric(9, 2), "on:day" date, primary key ("order.id", "q""t")'


@on_duckdb_alone
def test_names_of_postgresql_may_have_any_signs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dots and quotes in names of schemas, tables and columns are theirs; bytes of a key are spelled in one way."""
    admin = postgres().admin("any signs")
    create_database(admin)
    monkeypatch.setenv("SHOP_URL", admin.url())
    tables = ('"my.table"', '"we""ird"', '"per%cent"', '"a.b"."c.d"')
    with closing(admin.connect("tests")) as connection, connection.cursor() as cursor:
        cursor.execute('create schema "a.b"')
        cursor.execute("alter role current_user set bytea_output = 'escape'")
        for table in tables:
            cursor.execute(f"create table {table} ({COLUMNS})")
            cursor.execute(f"insert into {table} values (1, '\\x00ff', 1.5, '2024-01-02'), (2, '\\x61', 1, 'infinity')")
    try:
        shop = new_source(project, "shop", "--from", "SHOP_URL").source
        project.load_source(shop)
        assert sorted(each.name for each in shop.resources) == ["my_table", "per_cent", "we_ird"]
        other = new_source(project, "other", "--from", "SHOP_URL", "--table", tables[-1]).source
        project.load_source(other)
        for relation in [*(each.relation for each in shop.resources), "raw.other_c_d"]:
            assert project.fetch(f"select order_id, q_t, on_day::varchar from {relation}") == [
                (1, "\\x00ff", "2024-01-02")
            ]
        held = project.fetch("select reason, payload from ops.quarantine")
        assert {(reason.split(":")[0] + ":", json.loads(payload)['q"t']) for reason, payload in held} == {
            ("`on:", "\\x61")
        }
    finally:
        with closing(admin.connect("tests")) as connection, connection.cursor() as cursor:
            cursor.execute("alter role current_user reset bytea_output")


@on_duckdb_alone
def test_keys_of_mariadb_may_be_bytes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of `binary` and `uuid` are found and loaded as text, the same each time, whatever their bytes are."""
    with mariadb() as (cursor, url):
        monkeypatch.setenv("SHOP_URL", url)
        cursor.execute("create table `u.v` (id binary(3) primary key, `a.b` int)")
        cursor.execute("create table w (id uuid primary key, code varbinary(9))")
        cursor.execute("insert into `u.v` values (x'414243', 1), (x'ff0000', 2)")
        cursor.execute("insert into w values ('33ab1b4f-ec50-11f1-bb14-02fc00000001', 'é')")
        made = new_source(project, "shop", "--from", "SHOP_URL")
        assert (made.load(), made.load()) == ({"u_v": 2, "w": 1}, {"u_v": 2, "w": 1})
    assert project.fetch("select id, a_b from raw.shop_u_v order by 1") == [("\\x414243", 1), ("\\xff0000", 2)]
    assert project.fetch("select id, code from raw.shop_w") == [("33ab1b4f-ec50-11f1-bb14-02fc00000001", "\\xc3a9")]
