"""Every type of both engines is measured as what it is."""

from __future__ import annotations

from contextlib import closing

import pytest

from shared.inspector import ColumnProfile, DataInspector
from shared.inspector.results import Top
from shared.testing.engines import Engine, PostgresDatabase
from shared.warehouse import Warehouse

# Type, value, kind, and where it has them the bounds.
DUCKDB = [
    ("tinyint", "1", "integer", 1),
    ("ubigint", "18446744073709551615", "integer", 2**64 - 1),
    ("hugeint", "170141183460469231731687303715884105727", "integer", 2**127 - 1),
    ("decimal(38, 10)", "1.5", "decimal", 1.5),
    ("float", "0.1", "float", 0.1),
    ("double", "1e308", "float", 1e308),
    ("date", "'0044-03-15 (BC)'", "date", "0044-03-15 (BC)"),
    ("timestamp_s", "'2024-01-01 00:00:00'", "timestamp", "2024-01-01 00:00:00"),
    ("timestamp_ms", "'2024-01-01 00:00:00.5'", "timestamp", "2024-01-01 00:00:00.5"),
    ("timestamp_ns", "'2024-01-01 00:00:00.123456789'", "timestamp", "2024-01-01 00:00:00.123456"),
    ("timestamptz", "'2024-01-01 01:00:00+01'", "timestamp", "2024-01-01 00:00:00+00"),
    ("time", "'10:00:00'", "time", "10:00:00"),
    ("timetz", "'10:00:00+02'", "time", "10:00:00+02"),
    ("interval", "'3 days'", "interval", "3 days"),
    ("boolean", "true", "boolean", None),
    ("varchar", "'🦆'", "text", "🦆"),
    ("json", """'{"a": [1]}'""", "json", None),
    ("integer[]", "[1, null]", "nested", None),
    ("integer[2]", "[1, 2]", "nested", None),
    ("struct(a integer, b varchar[])", "{'a': 1, 'b': ['x']}", "nested", None),
    ("map(varchar, integer)", "map {'a': 1}", "nested", None),
    ("union(a integer, b varchar)", "union_value(a := 1)", "nested", None),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "uuid", None),
    ("blob", "'ab'::blob", "binary", None),
    ("bit", "'101'", "other", None),
    ("bignum", "12345678901234567890", "other", None),
    ("enum('b', 'a')", "'b'", "enum", None),
]
POSTGRES = [
    ("smallint", "1", "integer", 1),
    ("bigint", "9223372036854775807", "integer", 2**63 - 1),
    ("numeric", "1.5", "decimal", 1.5),
    ("numeric(38, 10)", "1.5", "decimal", 1.5),
    ("numeric", "'NaN'", "decimal", None),
    ("numeric", "'-Infinity'", "decimal", None),
    ("numeric", "1e400", "decimal", None),
    ("real", "0.1", "float", 0.1),
    ("double precision", "1e308", "float", 1e308),
    ("date", "'0044-03-15 BC'", "date", "0044-03-15 BC"),
    ("date", "'infinity'", "date", None),
    ("timestamp(0)", "'2024-01-01 00:00:00'", "timestamp", "2024-01-01 00:00:00"),
    ("timestamptz", "'2024-01-01 01:00:00+01'", "timestamp", "2024-01-01 00:00:00+00"),
    ("time", "'10:00:00'", "time", "10:00:00"),
    ("timetz", "'10:00:00+02'", "time", "10:00:00+02"),
    ("interval", "'3 days'", "interval", "3 days"),
    ("boolean", "true", "boolean", None),
    ("text", "'🦆'", "text", "🦆"),
    ("varchar(10)", "'x'", "text", "x"),
    ("char(10)", "'x'", "text", "x"),
    ("name", "'x'", "text", "x"),
    ("json", """'{"a": [1]}'""", "json", None),
    ("jsonb", """'{"a": [1]}'""", "json", None),
    ("integer[]", "'{1, null}'", "nested", None),
    ("raw.pair", "'(1,x)'", "nested", None),
    ("int4range", "'[1, 2)'", "nested", None),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "uuid", None),
    ("bytea", "'ab'", "binary", None),
    ("bit(3)", "'101'", "other", None),
    ("inet", "'127.0.0.1'", "other", None),
    ("point", "'(1,2)'", "other", None),
    ("xml", "'<a/>'", "other", None),
    ("oid", "1", "other", None),
    ("raw.mood", "'b'", "enum", None),
    ("raw.positive", "1", "integer", 1),
    ("raw.moods", "'{b}'", "nested", None),
]


@pytest.fixture
def prepared(warehouse: Warehouse, database: PostgresDatabase | None) -> Warehouse:
    """Make the types that have to be made, which no project does on PostgreSQL."""
    if database:
        with closing(database.admin.connect("test")) as session, session.cursor() as cursor:
            cursor.execute("create type raw.mood as enum ('b', 'a')")
            cursor.execute("create type raw.pair as (a integer, b text)")
            cursor.execute("create domain raw.positive as integer check (value > 0)")
            cursor.execute("create domain raw.moods as raw.mood[]")
    return warehouse


def test_every_type(prepared: Warehouse, engine: Engine) -> None:
    """Each type has its kind, its values are counted, and bounds are there where both engines order them alike."""
    types = DUCKDB if engine == "duckdb" else POSTGRES
    columns = ", ".join(f"c{place} {type_}" for place, (type_, *_) in enumerate(types))
    prepared.execute(f"create table raw.t ({columns})")
    prepared.execute(f"insert into raw.t values ({', '.join(value for _, value, *_ in types)})")
    prepared.execute(f"insert into raw.t values ({', '.join(['null'] * len(types))})")
    found = DataInspector(prepared, remember=False).inspect("raw.t").tables[0]
    expected = [(type_, kind, 1, 1, 1, bound, bound) for type_, _, kind, bound in types]
    assert [(type_, *measured(column)) for (type_, *_), column in zip(types, found.columns, strict=True)] == expected
    for column in found.columns:
        assert len(column.top) == (0 if column.kind == "binary" else 1), column.type


def measured(column: ColumnProfile) -> tuple[object, ...]:
    """Return what the test compares."""
    return (column.kind, column.values, column.nulls, column.distinct, column.minimum, column.maximum)


def test_extreme_numbers(warehouse: Warehouse) -> None:
    """Numbers at the ends of what a double can hold give figures and no error."""
    warehouse.execute("create table raw.t (a double precision, b double precision)")
    warehouse.execute("insert into raw.t values (1e308, 5e-324), (-1e308, 1e200), (1.7e308, 1e-200), (1.7e308, 0)")
    a, b = DataInspector(warehouse, remember=False).inspect("raw.t").tables[0].columns
    assert (a.minimum, a.maximum, a.top[0]) == (-1e308, 1.7e308, Top(1.7e308, 2))
    assert (b.minimum, b.maximum) == (0, 1e200)
    assert b.outliers is not None and b.outliers.above == 1


def test_long_texts_are_cut(warehouse: Warehouse) -> None:
    """A long text is shown by its beginning, and counted whole."""
    warehouse.execute("create table raw.t (a varchar)")
    for end in "xyy":
        warehouse.execute("insert into raw.t values ($1)", ["é" * 5_000 + end])
    (a,) = DataInspector(warehouse, remember=False).inspect("raw.t").tables[0].columns
    assert (a.distinct, a.top[0], a.maximum) == (2, Top("é" * 200 + "…", 2), "é" * 200 + "…")
    assert a.lengths is not None and a.lengths.maximum == 5_001
