"""The comparison of two warehouses finds what differs, and names the relation, the column and the row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config import Settings
from shared.warehouse import Warehouse, open_warehouse
from transformation.comparison import Outcome, compare_relation

TABLE = "core.things"
COLUMNS = (
    "id bigint, name varchar, price decimal(18, 2), share double precision, sold date, moment timestamp, fresh boolean"
)
ROWS = (
    "(1, 'apple', 1.50, 0.25, date '2017-01-01', timestamp '2017-01-01 10:00:00.25', true)",
    "(2, '', 0.00, -0.0, null, null, false)",
    "(3, null, -7.00, 1e20, date '1900-02-28', timestamp '1900-01-01', null)",
)


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Warehouse]:
    """Open a warehouse on DuckDB that has the table."""
    settings = Settings(data_dir=tmp_path / "left", warehouse_url=f"duckdb:///{tmp_path}/left.duckdb")
    with open_warehouse(settings, holder="tests", role="transformation", mode="write") as warehouse:
        fill(warehouse)
        yield warehouse


@pytest.fixture
def right(warehouse_url: str, tmp_path: Path) -> Iterator[Warehouse]:
    """Open a warehouse on either engine that has the same table."""
    settings = Settings(data_dir=tmp_path / "right", warehouse_url=warehouse_url)
    with open_warehouse(settings, holder="tests", role="transformation", mode="write") as warehouse:
        fill(warehouse)
        yield warehouse


def fill(warehouse: Warehouse) -> None:
    """Make the table with its rows."""
    warehouse.execute(f"create table {TABLE} ({COLUMNS})")
    warehouse.execute(f"insert into {TABLE} values {', '.join(ROWS)}")


def compared(left: Warehouse, right: Warehouse) -> tuple[int, list[str]]:
    """Compare the table; return how many rows differ, and how that is told."""
    outcome = compare_relation(left, right, TABLE, key=["id"])
    return outcome.count, [str(difference) for difference in outcome.differences]


def test_equal_rows_are_equal_in_any_order(left: Warehouse, right: Warehouse) -> None:
    """The order of rows and columns, and zeros after the decimal point, make no difference."""
    right.execute(f"drop table {TABLE}")
    right.execute(
        f"create table {TABLE} (fresh boolean, moment timestamp, sold date, share double precision, "
        "price decimal(18, 6), name varchar, id integer)"
    )
    for row in reversed(ROWS):
        right.execute(f"insert into {TABLE} (id, name, price, share, sold, moment, fresh) values {row}")
    assert compared(left, right) == (0, [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("set price = 1.51 where id = 1", "core.things id=1 column price: 1.5 | 1.51"),
        ("set name = 'Apple' where id = 1", "core.things id=1 column name: 'apple' | 'Apple'"),
        ("set name = 'apple ' where id = 1", "core.things id=1 column name: 'apple' | 'apple '"),
        ("set name = null where id = 2", "core.things id=2 column name: '' | null"),
        ("set name = '' where id = 3", "core.things id=3 column name: null | ''"),
        ("set fresh = false where id = 3", "core.things id=3 column fresh: null | false"),
        ("set share = 0.25000000000000006 where id = 1", "core.things id=1 column share: 0.25 | 0.25000000000000006"),
        ("set sold = date '2017-01-02' where id = 1", "core.things id=1 column sold: 2017-01-01 | 2017-01-02"),
        (
            "set moment = timestamp '2017-01-01 10:00:00.250001' where id = 1",
            "core.things id=1 column moment: 2017-01-01 10:00:00.25 | 2017-01-01 10:00:00.250001",
        ),
    ],
)
def test_a_changed_value_is_found(left: Warehouse, right: Warehouse, change: str, told: str) -> None:
    """One value of one row that differs is told with its column and the row's key, null apart from empty."""
    right.execute(f"update {TABLE} {change}")
    assert compared(left, right) == (1, [told])


def test_a_missing_row_is_found(left: Warehouse, right: Warehouse) -> None:
    """A row that one side lacks is told by its key, whichever side that is."""
    right.execute(f"delete from {TABLE} where id = 2")
    assert compared(left, right) == (1, ["core.things id=2: 1 row | no row"])
    assert compared(right, left) == (1, ["core.things id=2: no row | 1 row"])


def test_a_doubled_row_is_found(left: Warehouse, right: Warehouse) -> None:
    """A row that one side has twice is told by its key."""
    right.execute(f"insert into {TABLE} values {ROWS[2]}")
    assert compared(left, right) == (1, ["core.things id=3: 1 row | 2 rows"])


def test_swapped_values_are_found(left: Warehouse, right: Warehouse) -> None:
    """Two rows that have exchanged a value differ, though each column holds the same values."""
    right.execute(f"update {TABLE} set name = case id when 1 then '' when 2 then 'apple' end where id < 3")
    assert compared(left, right)[0] == 2


def test_another_type_counts_where_the_value_differs(left: Warehouse, right: Warehouse) -> None:
    """A number of another type is the same number; text that looks like it is not, and its kind is told."""
    right.execute(f"alter table {TABLE} alter column id type integer")
    right.execute(f"alter table {TABLE} alter column price type double precision")
    assert compared(left, right) == (0, [])
    right.execute(f"alter table {TABLE} alter column price type varchar")
    count, told = compared(left, right)
    assert count == 3
    assert told[0] == "core.things id=1 column price: 1.5 (number) | '1.5' (text)"
    right.execute(f"alter table {TABLE} alter column sold type timestamp")
    assert (
        "core.things id=1 column sold: 2017-01-01 (date) | 2017-01-01 00:00:00 (timestamp)" in compared(left, right)[1]
    )


def test_a_lone_column_or_relation_is_found(left: Warehouse, right: Warehouse) -> None:
    """A column or a relation that one side lacks is a difference, whatever the rest holds."""
    right.execute(f"alter table {TABLE} add column more integer")
    assert compared(left, right) == (1, ["core.things column more: no such column | there"])
    right.execute(f"drop table {TABLE}")
    assert compared(left, right) == (1, ["core.things : there | no such relation"])


def test_without_a_key_the_row_is_its_own(left: Warehouse, right: Warehouse) -> None:
    """Where no key is known, a row that differs is told whole, on the side that has it."""
    right.execute(f"update {TABLE} set name = 'pear' where id = 1")
    outcome = compare_relation(left, right, TABLE)
    assert outcome.count == 2
    assert any("name='pear'" in str(found) and "no row | 1 row" in str(found) for found in outcome.differences)


def test_what_is_ignored_does_not_count(left: Warehouse, right: Warehouse) -> None:
    """A column that is left out may differ, or be missing."""
    right.execute(f"update {TABLE} set name = 'pear'")
    assert compare_relation(left, right, TABLE, key=["id"], ignored=lambda name: name == "name").count == 0


def test_many_differences_are_counted_and_some_told(left: Warehouse, right: Warehouse) -> None:
    """All rows that differ are counted, only the first are described."""
    right.execute(f"update {TABLE} set name = 'pear'")
    outcome: Outcome = compare_relation(left, right, TABLE, key=["id"], shown=2)
    assert (outcome.count, len(outcome.differences)) == (3, 2)
    assert (outcome.left_rows, outcome.right_rows) == (3, 3)
