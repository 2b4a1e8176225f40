"""Rows that are made while the ones before are written, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from shared.config import Settings
from shared.testing.engines import Engine
from shared.warehouse import Warehouse, open_warehouse
from shared.warehouse.streaming import AT_ONCE, GROUP_ROWS, grouped

SCHEMA = pa.schema([("id", pa.int64())])


@pytest.fixture
def warehouse(engine: Engine, warehouse_url: str, tmp_path: Path) -> Iterator[Warehouse]:
    """Open an empty warehouse with a table of each engine."""
    settings = Settings(data_dir=tmp_path, warehouse_url=warehouse_url)
    with open_warehouse(settings, holder="test", role="ingress", mode="write") as opened:
        opened.execute("create table raw.numbers (id bigint not null)")
        yield opened


def batches(*sizes: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of these sizes that count on."""
    begin = 0
    for size in sizes:
        yield pa.record_batch([pa.array(range(begin, begin + size), pa.int64())], SCHEMA)
        begin += size


def test_rows_of_any_batches_arrive_once(warehouse: Warehouse) -> None:
    """Many small batches, one larger than a group and empty ones are all written, by more than one statement."""
    sizes = (0, 1, GROUP_ROWS * (AT_ONCE + 1) + 5, 0, 70_000, 70_000, 3)
    assert warehouse.append_batches("raw.numbers", SCHEMA, batches(*sizes)) == sum(sizes)
    found = warehouse.fetch("select count(*), count(distinct id), min(id), max(id) from raw.numbers")
    assert found == [(sum(sizes), sum(sizes), 0, sum(sizes) - 1)]


def test_groups_are_those_of_the_engine() -> None:
    """Whatever the batches, all groups but the last have the same number of rows."""
    sizes = [group.num_rows for group in grouped(SCHEMA, batches(5, GROUP_ROWS, 2 * GROUP_ROWS - 4, 7, 0))]
    assert sizes == [GROUP_ROWS, GROUP_ROWS, GROUP_ROWS, 8]


def test_what_fails_to_be_made_is_raised_and_undone(warehouse: Warehouse) -> None:
    """An error of whoever makes the rows comes through as it is, and the transaction leaves none of them."""

    def failing() -> Iterator[pa.RecordBatch]:
        yield from batches(GROUP_ROWS, 5)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"), warehouse.transaction():
        warehouse.append_batches("raw.numbers", SCHEMA, failing())
    assert warehouse.row_count("raw.numbers") == 0


def test_what_the_engine_refuses_ends_the_making(warehouse: Warehouse) -> None:
    """Once the engine has refused rows its error is raised, and not all of the rest is made first."""
    made: list[int] = []

    def endless() -> Iterator[pa.RecordBatch]:
        for number in range(1_000):
            made.append(number)
            yield pa.record_batch([pa.nulls(GROUP_ROWS, pa.int64())], SCHEMA)

    with pytest.raises(Exception, match=r"(?i)not.null constraint"), warehouse.transaction():
        warehouse.append_batches("raw.numbers", SCHEMA, endless())
    assert len(made) < 1_000


def test_session_beside_is_seen_once_it_commits(warehouse: Warehouse) -> None:
    """Another session's rows are not there before its commit, while this one writes others; without a commit never."""
    with warehouse.beside() as other:
        with other.transaction():
            other.append_batches("raw.numbers", SCHEMA, batches(3))
            warehouse.execute("create table raw.others as select 1 as id")
            assert warehouse.row_count("raw.numbers") == 0
        assert warehouse.row_count("raw.numbers") == 3
        other.execute("begin transaction")
        other.execute("delete from raw.numbers")
    assert warehouse.row_count("raw.numbers") == 3
