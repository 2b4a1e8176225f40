"""What DataInspector measures of tables and columns, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shared.config import get_settings
from shared.errors import InputError
from shared.inspector import ColumnProfile, DataInspector, Inspection, Limits, TableProfile
from shared.inspector.results import Bin, Freshness, Key, Lengths, Outliers, Resemblance, Top
from shared.testing.engines import PostgresDatabase
from shared.warehouse import Warehouse, open_warehouse, quote_name

NASTY = 'a"; drop schema raw; --'
ROWS = """
insert into raw.t values
(1, 1.00, 0.5, 'ä', date '2024-01-01', timestamp '2024-01-01 12:00:00', true, '7', 'x'),
(2, 2.00, 'NaN', 'b', date '2024-01-02', timestamp '2024-01-02 12:00:00', true, '12', 'x'),
(3, 3.00, 'Infinity', 'b', date '2024-01-03', timestamp '2024-01-03 12:00:00', false, '-1.5', 'x'),
(4, 4.00, 1.5, '', date '2024-01-05', timestamp '2024-01-05 12:00:00.25', null, '8', 'x'),
(5, 100.00, null, null, null, null, true, '9', 'x')
"""
COLUMNS = (
    "id integer primary key, amount decimal(10, 2), ratio double precision, word varchar, day date, moment timestamp, "
    "flag boolean, code varchar, same varchar"
)


@pytest.fixture
def table(warehouse: Warehouse) -> Callable[[], TableProfile]:
    """Make a small table whose figures can be worked out by hand, and return what inspects it."""
    warehouse.execute(f"create table raw.t ({COLUMNS})")
    warehouse.execute(ROWS)
    return lambda: inspect(warehouse, "raw.t").tables[0]


def inspect(warehouse: Warehouse, target: str | None = None, **options: object) -> Inspection:
    """Inspect without remembering."""
    return DataInspector(warehouse, remember=False).inspect(target, **options)  # type: ignore[arg-type]


def test_numbers_worked_out_by_hand(table: Callable[[], TableProfile]) -> None:
    """Count, nulls, distinct, bounds, mean, quantiles and outliers of a decimal are exactly those of its values."""
    amount = table().column("amount")
    assert [quantile.value for quantile in amount.quantiles] == pytest.approx([1.2, 2, 3, 4, 80.8])
    assert replace(amount, type="", quantiles=(), histogram=()) == ColumnProfile(
        name="amount",
        type="",
        kind="decimal",
        values=5,
        nulls=0,
        distinct=5,
        minimum=1.0,
        maximum=100.0,
        mean=22.0,
        outliers=Outliers(-1.0, 7.0, 0, 1),
    )


def test_nan_and_infinity_stay_out_of_the_figures(table: Callable[[], TableProfile]) -> None:
    """Not-a-number and infinity are counted apart; bounds, mean and quantiles are those of the finite numbers."""
    ratio = table().column("ratio")
    assert (ratio.values, ratio.nulls, ratio.distinct, ratio.nan, ratio.infinite) == (4, 1, 4, 1, 1)
    assert (ratio.minimum, ratio.maximum, ratio.mean, ratio.quantile(0.5)) == (0.5, 1.5, 1.0, 1.0)
    assert sum(bin_.count for bin_ in ratio.histogram) == 2


def test_texts(table: Callable[[], TableProfile]) -> None:
    """Texts have lengths in characters, bounds by code points, and their most frequent values first."""
    word = table().column("word")
    assert word.lengths == Lengths(0, 1, 0.75, 1)
    assert (word.minimum, word.maximum, word.distinct, word.null_share) == ("", "ä", 3, 0.2)
    assert word.top == (Top("b", 2), Top("", 1), Top("ä", 1))


def test_times(table: Callable[[], TableProfile]) -> None:
    """Dates and timestamps have bounds and quantiles as ISO 8601, of dates by whole days."""
    found = table()
    day, moment = found.column("day"), found.column("moment")
    assert (day.minimum, day.maximum, day.quantile(0.5)) == ("2024-01-01", "2024-01-05", "2024-01-02")
    assert (moment.minimum, moment.quantile(0.5)) == ("2024-01-01 12:00:00", "2024-01-03 00:00:00")
    assert moment.maximum == "2024-01-05 12:00:00.25"
    assert day.histogram[0] == Bin("2024-01-01", "2024-01-02", 1)
    assert [bin_.count for bin_ in day.histogram] == [1, 1, 1, 0, 1], "a bin for each day"


def test_constant_empty_unique(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """A column of one value is constant, one without any is empty, one whose values are all there once is unique."""
    warehouse.execute("alter table raw.t add column nothing varchar")
    found = table()
    assert [column.name for column in found.columns if column.is_constant] == ["same"]
    assert [column.name for column in found.columns if column.is_empty] == ["nothing"]
    assert [column.name for column in found.columns if column.is_unique] == ["id", "amount", "code"]
    assert found.column("flag").mean == 0.75
    assert found.column("flag").top == (Top(True, 3), Top(False, 1))


def test_texts_that_look_like_something_else(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """Texts that read as numbers or as dates are counted; a number with a leading zero is an identifier."""
    assert table().column("code").resembles == Resemblance("number", 5)
    warehouse.execute("create table raw.u (day varchar, code varchar, word varchar)")
    warehouse.execute(
        "insert into raw.u values ('2024-01-01', '007', 'x'), ('31.12.2024', '008', '5'), ('n/a', '9x', 'y')"
    )
    found = inspect(warehouse, "raw.u").tables[0]
    assert found.column("day").resembles == Resemblance("date", 2)
    assert found.column("code").resembles is None
    assert found.column("word").resembles == Resemblance("number", 1)


def test_key(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """A given key's duplicates and gaps are counted; without one, the primary key is checked."""
    assert table().key == Key(("id",), "declared", 0, 0, 0)
    assert inspect(warehouse, "raw.t", key=["word"]).tables[0].key == Key(("word",), "given", 1, 1, 1)
    assert inspect(warehouse, "raw.t", key=["flag", "same"]).tables[0].key == Key(("flag", "same"), "given", 1, 2, 1)


def test_freshness(warehouse: Warehouse) -> None:
    """Of times not ahead of now, a name that speaks of loading wins, then one of updating, then the newest."""

    def chosen(columns: str, values: str, **options: str) -> Freshness | None:
        warehouse.execute("drop table if exists raw.f")
        warehouse.execute(f"create table raw.f ({columns})")
        warehouse.execute(f"insert into raw.f values ({values})")
        return inspect(warehouse, "raw.f", **options).tables[0].freshness

    three = "updated_at timestamp, loaded_on date, happened date"
    values = "timestamp '2024-03-01 00:00:00', date '2024-01-01', date '2024-05-01'"
    assert chosen(three, values) == Freshness("loaded_on", "2024-01-01", "by name")
    assert chosen(three, values, fresh_by="happened") == Freshness("happened", "2024-05-01", "named")
    assert chosen(
        "a date, b date, birth_date date, valid_until date", "'2024-01-01', '2024-02-01', '2025-01-01', null"
    ) == (Freshness("b", "2024-02-01", "by newest value"))
    assert chosen("loaded_at date, b date", "'9999-12-31', '2024-02-01'") == (
        Freshness("b", "2024-02-01", "by newest value")
    )
    assert chosen("a integer", "1") is None
    with pytest.raises(InputError, match=r"no date or timestamp: `a` of `raw\.f`"):
        chosen("a integer", "1", fresh_by="a")


def test_table_without_rows(warehouse: Warehouse) -> None:
    """Every kind of column survives that there is nothing in it."""
    warehouse.execute(f"create table raw.t ({COLUMNS})")
    found = inspect(warehouse, "raw.t").tables[0]
    assert (found.rows, len(found.columns), found.freshness) == (0, 9, None)
    for column in found.columns:
        assert (column.values, column.nulls, column.distinct, column.null_share) == (0, 0, 0, 0.0)
        assert (column.minimum, column.maximum, column.mean, column.top, column.histogram) == (None, None, None, (), ())
        assert not column.is_empty and not column.is_constant


def test_view_is_inspected_like_a_table(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """A view has the figures of its rows."""
    warehouse.execute("create view raw.v as select * from raw.t")
    view, found = inspect(warehouse, "raw.v").tables[0], table()
    assert view.is_view and not found.is_view
    assert [replace(column, type="") for column in view.columns] == [
        replace(column, type="") for column in found.columns
    ]


def test_broken_view_does_not_stop_the_rest(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """A view that fails is in the result with its problem among others, and an error where it was asked for alone."""
    warehouse.execute(
        "create view raw.broken as select 1 / (id - id) as x, cast('x' || word as integer) as y from raw.t"
    )
    found = inspect(warehouse, "raw")
    assert found.table("raw.broken").problem
    assert found.table("raw.t").rows == 5
    with pytest.raises(Exception, match=r"(?i)zero|integer|INT32"):
        inspect(warehouse, "raw.broken")


def test_names_from_data_are_quoted(warehouse: Warehouse) -> None:
    """Names with quotes, spaces, dots, capitals, percent and dollar signs are measured, and nothing else runs."""
    names = [NASTY, "a b", "a.b", "Capital", "50%", "a$1", "%s", "{x}", "ä"]
    for name in names:
        columns = ", ".join(f"{quote_name(column)} integer" for column in names)
        warehouse.execute(f"create table raw.{quote_name(name)} ({columns})")
        warehouse.execute(f"insert into raw.{quote_name(name)} values ({', '.join(map(str, range(len(names))))})")
    assert "raw" in warehouse.schemas()
    for name in names:
        found = inspect(warehouse, f"raw.{name}", key=names).tables[0]
        assert [column.minimum for column in found.columns] == list(range(len(names)))
        assert found.key is not None and found.key.surplus == 0
    assert len(inspect(warehouse, "raw").tables) == len(names)


@pytest.mark.slow
def test_three_hundred_columns(warehouse: Warehouse) -> None:
    """A table of 300 columns is measured whole, each column's figures its own."""
    columns = ", ".join(f"{place} * n as c{place}" for place in range(300))
    warehouse.execute(f"create table raw.wide as select {columns} from (values (1), (2)) as numbers (n)")
    found = inspect(warehouse, "raw.wide").tables[0]
    assert [column.maximum for column in found.columns] == [2 * place for place in range(300)]
    assert [column.mean for column in found.columns] == [1.5 * place for place in range(300)]


def test_sample(warehouse: Warehouse) -> None:
    """A sample is taken only when asked for, and said: all rows are counted, columns measured on about as many."""
    warehouse.execute("create table raw.s (n integer primary key, day date)")
    numbers = ", ".join(f"({n}, date '2024-01-01')" for n in range(2_000))
    warehouse.execute(f"insert into raw.s values {numbers}, (2000, date '2024-06-01')")
    warehouse.execute("create view raw.v as select * from raw.s")
    for name in ("raw.s", "raw.v"):
        found = inspect(warehouse, name, sample_rows=500).tables[0]
        assert found.rows == 2_001
        assert found.sampled is not None and 350 <= found.sampled <= 650
        n = found.column("n")
        assert n.values == n.distinct == found.sampled == sum(bin_.count for bin_ in n.histogram)
        assert found.freshness is not None and found.freshness.newest == "2024-06-01", "of all rows"
        assert found.key is None
    assert inspect(warehouse, "raw.s", sample_rows=5_000).tables[0].sampled is None
    with pytest.raises(InputError, match="not a number of rows: `0`"):
        inspect(warehouse, "raw.s", sample_rows=0)


def test_sample_by_who_may_only_read(warehouse: Warehouse) -> None:
    """Who opened the warehouse for reading can sample too."""
    warehouse.execute("create table raw.s as select n from (values (1), (2), (3), (4)) as numbers (n)")
    warehouse.close()
    with open_warehouse(get_settings(), holder="test") as reader:
        found = inspect(reader, "raw.s", sample_rows=2).tables[0]
        assert found.rows == 4 and found.sampled is not None


def test_estimates_are_called_so(warehouse: Warehouse) -> None:
    """Above the limits DuckDB estimates distinct counts and quantiles and says so; PostgreSQL always counts."""
    warehouse.execute("create table raw.s (n integer)")
    warehouse.execute(f"insert into raw.s values {', '.join(f'({n % 500})' for n in range(2_000))}")
    limits = Limits(exact_distinct_rows=1_999, exact_quantile_values=1_999)
    column = DataInspector(warehouse, limits=limits, remember=False).inspect("raw.s").tables[0].columns[0]
    estimated = warehouse.engine == "duckdb"
    assert (column.distinct_is_approximate, column.quantiles_are_approximate) == (estimated, estimated)
    assert column.distinct == pytest.approx(500, rel=0.1 if estimated else 0)
    assert column.quantile(0.5) == pytest.approx(249.5, rel=0.05 if estimated else 0)


@pytest.fixture
def both(
    tmp_path: Path, postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Warehouse, Warehouse]]:
    """Open a warehouse on each engine."""

    @contextmanager
    def opened(url: str) -> Iterator[Warehouse]:
        monkeypatch.setenv("WAREHOUSE_URL", url)
        with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
            yield warehouse

    with opened(f"duckdb:///{tmp_path}/w.duckdb") as duckdb, opened(postgres_database.url) as postgres:
        yield duckdb, postgres


def test_both_engines_find_the_same(both: tuple[Warehouse, Warehouse]) -> None:
    """The same rows give the same figures on both engines, up to the names of types."""
    found = []
    for warehouse in both:
        warehouse.execute(
            f"create table raw.t ({COLUMNS}, zoned timestamp with time zone, big bigint, real_number real)"
        )
        warehouse.execute(ROWS.replace("'x')", "'x', '2024-01-01 01:00:00+01', 9007199254740993, 0.1)"))
        warehouse.execute(
            "insert into raw.t values "
            "(6, -1e7, 1e300, 'Zz', 'infinity', 'infinity', null, '', 'x', '1969-12-31 23:00:00Z', "
            "-9223372036854775808, 1e-30), "
            "(7, 0, -1e-300, 'zz', '1900-02-28', '1900-02-28 00:00:00.000001', false, null, 'x', null, 0, 'NaN')"
        )
        table = inspect(warehouse, "raw.t").tables[0]
        columns = [replace(column, type="") for column in table.columns]
        found.append(replace(table, columns=tuple(columns), size_bytes=None))
    for duckdb, postgres in zip(*(table.columns for table in found), strict=True):
        assert replace(duckdb, mean=None) == replace(postgres, mean=None)
        # In which order numbers are summed is the engine's.
        assert duckdb.mean == pytest.approx(postgres.mean)
    assert replace(found[0], columns=()) == replace(found[1], columns=())


def test_whole_database(warehouse: Warehouse) -> None:
    """Without a target every schema is inspected, the engine's own left out, and the database has a size."""
    warehouse.execute("create table raw.t (a integer)")
    found = inspect(warehouse)
    assert {table.schema for table in found.tables} == {"ops", "raw"}
    assert (found.database, found.engine, found.target) == ("warehouse", warehouse.engine, None)
    assert found.size_bytes is not None and found.size_bytes > 0
    sizes = {table.size_bytes is None for table in found.tables if not table.problem}
    assert sizes == {warehouse.engine == "duckdb"}, "the size of a table, where the engine tells"


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("raw.costumers", "`raw.customers`"),
        ("customers", "`raw.customers`"),
        ("rwa", "`raw`"),
        ("zzzzzzzz", "there is: "),
        ("staging", "there is: "),
    ],
)
def test_unknown_target_is_the_users_mistake(warehouse: Warehouse, target: str, hint: str) -> None:
    """A target that is not there, or has nothing in it, is an error that names what is near."""
    warehouse.execute("create table raw.customers (a integer)")
    with pytest.raises(InputError, match=f"no such table, and no schema with tables: `{target}`") as raised:
        inspect(warehouse, target)
    assert raised.value.hint is not None and hint in raised.value.hint


def test_key_is_of_one_table(warehouse: Warehouse, table: Callable[[], TableProfile]) -> None:
    """A key or a column to be fresh by needs one table that has it."""
    with pytest.raises(InputError, match="`id` is a table's column, and this is not one table: `raw`"):
        inspect(warehouse, "raw", key=["id"])
    with pytest.raises(InputError, match="the whole database"):
        inspect(warehouse, fresh_by="day")
    with pytest.raises(InputError, match=r"no such column of `raw\.t`: `idd`") as raised:
        inspect(warehouse, "raw.t", key=["idd"])
    assert raised.value.hint is not None and "did you mean `id`?" in raised.value.hint
