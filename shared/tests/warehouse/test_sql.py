"""What a database has, and what the two engines write differently, said once."""

from __future__ import annotations

import itertools
from contextlib import closing

import pyarrow as pa
import pytest

from shared.config import Settings
from shared.testing.engines import Engine, PostgresDatabase
from shared.warehouse import Role, Warehouse, open_warehouse, quote_name
from shared.warehouse.sql.catalog import Field, Relation

NASTY = 'a."b" $1 %s'


@pytest.fixture
def role() -> Role:
    """Work as whoever may write to two layers."""
    return "transformation"


@pytest.fixture
def tables(warehouse: Warehouse) -> Warehouse:
    """Make two tables and a view."""
    warehouse.execute("create table staging.t (b integer, a varchar, seen timestamptz, primary key (a, b))")
    warehouse.execute(f"create table core.{quote_name(NASTY)} (n decimal(10, 2))")
    warehouse.execute("create view core.v as select a from staging.t")
    return warehouse


def test_relations_have_their_columns_and_keys(tables: Warehouse) -> None:
    """A relation has its columns in their order, by kind and name of type, and the key in its own order."""
    (found,) = tables.relations("staging", "t")
    assert (found.is_view, found.key, found.sql) == (False, ("a", "b"), '"staging"."t"')
    assert [(field.name, field.kind, field.is_zoned) for field in found.fields] == [
        ("b", "integer", False),
        ("a", "text", False),
        ("seen", "timestamp", True),
    ]
    assert [field.base for field in found.fields][::2] == ["integer", "timestamp with time zone"]


def test_relations_are_those_asked_for(tables: Warehouse) -> None:
    """All relations, those of a schema, or the one of a name, whatever is in it; none where there is none."""
    assert [found.name for found in tables.relations("core")] == [NASTY, "v"]
    assert {found.schema for found in tables.relations()} == {"core", "staging", "ops"}
    (named,) = tables.relations("core", NASTY)
    assert named.fields[0].kind == "decimal"
    assert tables.fetch(f"select count(*) from {named.sql}") == [(0,)]
    assert [found.is_view for found in tables.relations("core", "v")] == [True]
    assert tables.relations("core", "t") == tables.relations("nosuch") == []


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_postgres_names_anew(warehouse: Warehouse, postgres_database: PostgresDatabase) -> None:
    """A domain is what it is made of, a materialized view a view, and a table may have no columns."""
    with closing(postgres_database.admin.connect("test")) as session, session.cursor() as cursor:
        cursor.execute("create domain staging.moment as timestamptz")
    warehouse.execute("create materialized view staging.m as select cast(null as staging.moment) as at")
    warehouse.execute("create table staging.n ()")
    views, nothing = warehouse.relations("staging")
    assert views.is_view
    assert views.fields == (Field("at", "staging.moment", "timestamp with time zone", "timestamp"),)
    assert nothing == Relation("staging", "n", False, (), size_bytes=0)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_held_still(tables: Warehouse, settings: Settings) -> None:
    """While a warehouse is held still, what others write and make anew is not seen, and afterwards it is."""
    with open_warehouse(settings, holder="reader", role="reader") as reader:
        with reader.held_still("staging.t"):
            assert reader.row_count("staging.t") == 0
            tables.execute("insert into staging.t values (1, 'a', null)")
            assert reader.row_count("staging.t") == 0
        assert reader.row_count("staging.t") == 1


def test_not_a_number_is_told_by_kind(warehouse: Warehouse, engine: Engine) -> None:
    """A value is not a number where its type can say so, also beside one that no double holds."""
    type_, largest = ("double", "1e308") if engine == "duckdb" else ("numeric", "1e400")
    warehouse.execute(f"create table staging.t (n {type_})")
    warehouse.execute(f"insert into staging.t values ('NaN'), ({largest}), (1)")
    kind = warehouse.relations("staging", "t")[0].fields[0].kind
    assert warehouse.fetch(f"select count(*) from staging.t where {warehouse.dialect.is_nan(kind, 'n')}") == [(1,)]
    assert warehouse.dialect.is_nan("integer", "n") == "false"


def test_no_two_rows_have_one_hash(warehouse: Warehouse) -> None:
    """Rows that differ in anything have different hashes, however their values look put together."""
    texts = [
        None,
        "",
        ";",
        ":",
        "1:a",
        "a",
        "A",
        "a;1:a",
        '"',
        '""',
        ",",
        "(,)",
        "\\",
        "null",
        " ",
        "a b",
        "é",
        "e\u0301",
    ]
    pairs = list(itertools.product(texts, texts))
    columns = [[*column, *last] for column, last in zip(zip(*pairs, strict=True), [[None, "a"]] * 2, strict=True)]
    numbers = pa.array([None] * len(pairs) + [0, 1], pa.int32())
    rows = pa.table({"a": columns[0], "b": columns[1], "n": numbers})
    warehouse.replace_arrow("staging.pairs", rows)
    hashes = warehouse.fetch(f"select {warehouse.dialect.row_hash(rows.schema)} from staging.pairs")
    assert len(set(hashes)) == len(hashes) == len(texts) ** 2 + 2


def test_a_hash_knows_names_and_types(warehouse: Warehouse) -> None:
    """The same value in a column of another name or type is another row."""
    types = [("a", pa.int32()), ("b", pa.int32()), ("a", pa.int64())]
    hashed = [warehouse.dialect.row_hash([pa.field(*column)]) for column in types]
    selected = ", ".join(hashed)
    (row,) = warehouse.fetch(f"select {selected} from (select 1 as a, 1 as b) as one")
    assert len(set(row)) == 3
