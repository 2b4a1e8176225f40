"""Reading and writing a warehouse."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.warehouse import Warehouse, quote, quote_name
from shared.warehouse.postgres_engine import PostgresWarehouse

NASTY = 'a"; drop schema raw; --'


@pytest.fixture
def table(warehouse: Warehouse) -> str:
    """Create a table with a primary key."""
    warehouse.execute("create table raw.t (id bigint primary key, name varchar)")
    return "raw.t"


def test_append_matches_columns_by_name(warehouse: Warehouse, table: str) -> None:
    """Columns go where their names say, whatever their order."""
    assert warehouse.append_arrow(table, pa.table({"name": ["a"], "id": [1]})) == 1
    assert warehouse.fetch("select * from raw.t") == [(1, "a")]


def test_empty_batch_does_not_end_the_data(warehouse: Warehouse, table: str) -> None:
    """Rows after a batch without any arrive too, from a table and from a stream."""
    rows = pa.table({"id": [1], "name": ["a"]})
    holed = pa.concat_tables([rows.slice(0, 0), rows, rows.slice(0, 0), rows.set_column(0, "id", [[2]])])
    assert warehouse.append_arrow(table, holed) == 2
    warehouse.execute("delete from raw.t")
    reader = pa.RecordBatchReader.from_batches(holed.schema, [rows.to_batches()[0].slice(0, 0), *holed.to_batches()])
    warehouse.append_arrow(table, reader)
    assert warehouse.row_count(table) == 2


def test_merge_replaces_by_key(warehouse: Warehouse, table: str) -> None:
    """A row whose key is there is replaced, another is added, the rest stays."""
    warehouse.append_arrow(table, pa.table({"id": [1, 2], "name": ["a", "b"]}))
    warehouse.merge_arrow(table, pa.table({"id": [2, 3], "name": ["B", "C"]}), key=("id",))
    assert warehouse.fetch("select * from raw.t order by id") == [(1, "a"), (2, "B"), (3, "C")]


def test_merge_keeps_what_it_is_told_to_keep(warehouse: Warehouse, table: str) -> None:
    """A row that is replaced keeps its own value in a column named in `keep`; a new row brings its own."""
    warehouse.append_arrow(table, pa.table({"id": [1], "name": ["first"]}))
    warehouse.merge_arrow(table, pa.table({"id": [1, 2], "name": ["later", "new"]}), key=("id",), keep=("name",))
    assert warehouse.fetch("select * from raw.t order by id") == [(1, "first"), (2, "new")]


def test_merge_of_keys_alone_adds_the_new_ones(warehouse: Warehouse) -> None:
    """A table whose columns are all key takes each row once."""
    warehouse.execute("create table raw.k (id bigint primary key)")
    warehouse.merge_arrow("raw.k", pa.table({"id": [1]}), key=("id",))
    warehouse.merge_arrow("raw.k", pa.table({"id": [1, 2]}), key=("id",))
    assert warehouse.fetch("select * from raw.k order by id") == [(1,), (2,)]


def test_replace_holds_exactly_the_new_rows(warehouse: Warehouse) -> None:
    """Replacing a table leaves nothing of the rows and columns it had."""
    warehouse.replace_arrow("raw.t", pa.table({"a": [1, 2]}))
    assert warehouse.replace_arrow("raw.t", pa.table({"b": ["x"]})) == 1
    assert warehouse.fetch("select * from raw.t") == [("x",)]


def test_failed_transaction_leaves_nothing(warehouse: Warehouse, table: str) -> None:
    """When the body raises, nothing of the transaction is kept, also of a nested one that had ended."""
    with pytest.raises(RuntimeError), warehouse.transaction():
        with warehouse.transaction():
            warehouse.append_arrow(table, pa.table({"id": [1], "name": ["a"]}))
        raise RuntimeError
    assert warehouse.row_count(table) == 0


def test_read_only_transaction_writes_nothing(warehouse: Warehouse, table: str) -> None:
    """A transaction for reading refuses to write, in a warehouse that is written before and after it."""
    with warehouse.transaction(read_only=True):
        before = warehouse.row_count(table)
    with pytest.raises(Exception, match=r"(?i)read-only"), warehouse.transaction(read_only=True):
        warehouse.execute(f"delete from {quote(table)}")
    assert warehouse.row_count(table) == before
    with warehouse.transaction():
        warehouse.execute(f"delete from {quote(table)}")
    assert warehouse.row_count(table) == 0


def test_parameter_is_none_inside_names_texts_and_comments(warehouse: Warehouse) -> None:
    """A dollar sign with a number is a parameter only where SQL has one, not in what is quoted or remarked."""
    statement = """select 'it''s $1' as "cost ""$2"" 50%", $1 -- it's $3
        , /* "$4" */ $2"""
    assert warehouse.fetch(statement, ["a", "b"]) == [("it's $1", "a", "b")]


def test_stream_inside_a_transaction_sees_its_rows(warehouse: Warehouse, table: str) -> None:
    """A query inside a transaction reads what the transaction has written."""
    with warehouse.transaction():
        warehouse.append_arrow(table, pa.table({"id": [1], "name": ["a"]}))
        assert warehouse.fetch_arrow("select * from raw.t").num_rows == 1


def test_stream_survives_another_statement(warehouse: Warehouse) -> None:
    """Batches go on coming while other statements run."""
    reader = warehouse.stream_arrow("select n from generate_series(1, 10000) as t (n)", batch_rows=2048)
    first = reader.read_next_batch()
    warehouse.execute("select 1")
    assert first.num_rows + reader.read_all().num_rows == 10_000


def test_streams_are_in_utc_wherever_the_machine_is(warehouse_url: str) -> None:
    """A moment that is cast to a time without a zone is the one in UTC, in a stream as in a query."""
    program = """
from shared.config import get_settings
from shared.warehouse import open_warehouse
query = "select cast(timestamptz '2026-01-01 00:00:00+00' as timestamp) as moment"
with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
    print(warehouse.fetch_arrow(query)["moment"][0].as_py(), warehouse.fetch(query)[0][0])
"""
    environment = {**os.environ, "TZ": "Australia/Sydney"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2026-01-01 00:00:00 2026-01-01 00:00:00\n"


def test_handed_over_lets_another_connection_in(warehouse: Warehouse, table: str) -> None:
    """While handed over another library can write to the database, and what was written there is seen after."""
    with warehouse.handed_over():
        if isinstance(warehouse, PostgresWarehouse):
            other = warehouse.target.connect("dbt")
            other.cursor().execute("insert into raw.t values (7, 'dbt')")
            other.close()
        else:
            assert warehouse.path is not None
            with duckdb.connect(warehouse.path, config={"custom_user_agent": "dbt"}) as connection:
                connection.execute("insert into raw.t values (7, 'dbt')")
    assert warehouse.fetch("select * from raw.t") == [(7, "dbt")]


@pytest.mark.parametrize("name", [NASTY, "o'brien", "é\n", "select"])
def test_hostile_names_are_only_names(warehouse: Warehouse, name: str) -> None:
    """A table or column name that looks like SQL is stored as the name it is."""
    table = f"raw.{name.replace('.', '')}"
    warehouse.replace_arrow(table, pa.table({name: [NASTY]}))
    warehouse.append_arrow(table, pa.table({name: ["x"]}))
    assert warehouse.table_exists(table)
    assert warehouse.fetch_arrow(f"select * from {quote(table)}").to_pydict() == {name: [NASTY, "x"]}


@pytest.mark.parametrize("name", ["", "raw.", "a\0b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """An empty part or a NUL cannot be quoted."""
    with pytest.raises(ValueError, match="not an identifier"):
        quote(name)


def test_name_with_dots_is_quoted_whole() -> None:
    """A single name keeps its dots, which elsewhere part a schema from its table."""
    assert quote_name('a.b"c') == '"a.b""c"'
    assert quote('a.b"c') == '"a"."b""c"'
    with pytest.raises(ValueError, match="not an identifier"):
        quote_name("")


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.decimals(-(10**15), 10**15, places=2),
        st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)),
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        st.none() | st.booleans(),
    ),
    max_size=20,
)
SCHEMA = pa.schema(
    {"i": pa.int64(), "d": pa.decimal128(18, 2), "t": pa.timestamp("us"), "s": pa.string(), "b": pa.bool_()}
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_values_come_back_exact(
    warehouse: Warehouse, rows: list[tuple[int | None, Decimal | None, datetime | None, str | None, bool | None]]
) -> None:
    """Integers, decimals, timestamps, unicode, booleans and nulls come back as they went in."""
    data = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], schema=SCHEMA)
    warehouse.replace_arrow("raw.exact", data)
    assert warehouse.fetch_arrow("select * from raw.exact").cast(SCHEMA).equals(data)
