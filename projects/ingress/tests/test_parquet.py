"""Parquet files: checked in columns, refused as a whole where they do not fit."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import LINES, Fingerprints, Project, on_duckdb_alone, transactions

from ingress.readers.files.reader import Files
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import RowModel
from shared.errors import InputError


class Numbered(RowModel):
    """A row of files that have more than it says."""

    id: int


def with_values(column: str, values: dict[int, object]) -> pa.Table:
    """Return transactions in which some rows have another value in a column."""
    table = transactions()
    changed = table[column].to_pylist()
    for row, value in values.items():
        changed[row] = value
    at = table.schema.get_field_index(column)
    return table.set_column(at, column, pa.array(changed, table.schema.field(column).type))


def test_bad_rows_are_quarantined_with_their_number(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """Bad rows of a file in columns go to quarantine with row number and reason; corrected, they are loaded."""
    project.pos(transactions=with_values("sales_value", {0: -1.0, 1_500: None, LINES - 1: float("nan")}))
    said = project.load("pos")
    assert f"{LINES - 3:,} rows loaded; 3 bad rows in quarantine" in said
    assert project.bad_rows() == [
        ("landing/pos/transactions.parquet", 1, "`sales_value`: input should be greater than or equal to 0"),
        ("landing/pos/transactions.parquet", 1_501, "`sales_value`: missing"),
        ("landing/pos/transactions.parquet", LINES, "`sales_value`: input should be a finite number"),
    ]
    project.pos()
    project.load("pos")
    assert project.bad_rows() == []
    assert project.state() == clean_run("pos")


@pytest.mark.slow
def test_ten_percent_of_bad_rows_and_a_rerun_double_nothing(project: Project) -> None:
    """Many bad rows are kept once each, however often the file is loaded."""
    project.pos(transactions=with_values("quantity", dict.fromkeys(range(0, LINES, 10), -1)))
    project.load("pos")
    before = project.state()
    assert project.ingress("run", "--source", "pos", "--full")[0] == 0
    assert project.state() == before
    assert project.fetch("select count(*) from ops.quarantine") == [(LINES // 10,)]


def test_copies_are_dropped_and_conflicts_quarantined(project: Project) -> None:
    """Rows that share a key across the file are dropped where they are equal and quarantined where they differ."""
    table = transactions()
    other = with_values("sales_value", {5: 99.0}).slice(5, 1)
    project.pos(transactions=pa.concat_tables([table, table.slice(0, 3), other]))
    said = project.load("pos")
    assert f"{LINES - 1:,} rows loaded; 2 rows in quarantine whose key occurs more than once; 3 copies dropped" in said
    assert [position for _, position, _ in project.bad_rows()] == [6, LINES + 4]


def test_bad_row_does_not_make_a_good_one_with_its_key_a_duplicate(project: Project) -> None:
    """A good row is loaded although a bad one has its key."""
    bad = with_values("sales_value", {5: -1.0}).slice(5, 1)
    project.pos(transactions=pa.concat_tables([transactions(), bad]))
    assert f"{LINES:,} rows loaded; 1 bad rows in quarantine" in project.load("pos")


@on_duckdb_alone
def test_columns_that_do_not_fit_are_an_error(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """A missing column, one of another type, or (the contract is `freeze`) one too many is named; nothing is loaded."""
    file = "`landing/pos/transactions.parquet`"
    for message, table in {
        f"missing column in {file}: `week`": transactions().drop_columns(["week"]),
        f"unknown column in {file}: `till`": transactions().append_column("till", [[1] * LINES]),
        f"wrong type in {file}, column `household_id`: `string`": transactions().set_column(
            0, "household_id", [["x"] * LINES]
        ),
    }.items():
        project.pos(transactions=table)
        code, said = project.ingress("run", "--source", "pos")
        assert code == 2
        assert f"error: {message}" in said
        assert "hint:" in said
        assert project.fetch("select 1 from information_schema.tables where table_schema = 'raw'") == []
    project.pos()
    project.load("pos")
    assert project.state() == clean_run("pos")


@on_duckdb_alone
def test_corrupt_file_is_an_error_and_loads_nothing(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """A damaged file is named, nothing of its source is loaded, and its next delivery ends as a clean run would."""
    project.pos()
    project.load("pos")
    before = project.state()
    project.pos(transactions=with_values("quantity", {0: 7}))
    path = project.landing / "pos" / "transactions.parquet"
    content = path.read_bytes()
    middle = len(content) // 3
    damaged = {
        "cut short": content[:-100],
        "page": content[:middle] + bytes(4_000) + content[middle + 4_000 :],
        "no parquet": b"<html>Bad gateway</html>",
        "empty": b"",
    }
    for how, damage in damaged.items():
        path.write_bytes(damage)
        code, said = project.ingress("run", "--source", "pos")
        assert code == 2, how
        assert "error: not a readable parquet file: `landing/pos/transactions.parquet`" in said
        assert project.state() == before, how
    path.write_bytes(content)
    project.load("pos")
    assert project.state() == clean_run("pos")


@on_duckdb_alone
def test_missing_file_is_named(project: Project) -> None:
    """A file that was not delivered is an error that names it."""
    project.pos()
    path = project.landing / "pos" / "coupons.parquet"
    path.unlink()
    code, said = project.ingress("run", "--source", "pos")
    assert code == 2
    assert f"error: no such file: `{path}`" in said


@on_duckdb_alone
def test_parquet_file_behind_a_link_out_of_landing_is_refused(project: Project) -> None:
    """A parquet file that is a link to a file outside the landing folder is not read."""
    (project.landing / "pos").mkdir(parents=True)
    (project.landing / "pos" / "products.parquet").symlink_to("/proc/self/exe")
    with pytest.raises(InputError, match=r"a link that leads out of .*: `pos/products.parquet`"):
        Files("pos", "products.parquet").files(get_settings())


def test_new_columns_of_any_type_come_as_text(project: Project) -> None:
    """Under `evolve` a column that the model does not know is text, whatever its type is in which file."""
    folder = project.landing / "kinds"
    folder.mkdir(parents=True)
    first = {"id": [1], "tags": [["a", "b"]], "part": [{"x": 1}], "raw": [b"\x00\xff"], "share": [1.5]}
    later = {
        "id": [2],
        "share": ["much"],
        "moment": pa.array([1], pa.timestamp("ns", "UTC")),
        "code": pa.array([7], pa.uint64()),
    }
    for name, columns in {"a": first, "b": later}.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    project.load_source(
        Source("kinds", (Resource("rows", "kinds_rows", Numbered, ("id",), Files("kinds", "*.parquet"), "evolve"),))
    )
    rows = project.fetch("select tags, part, raw, share, moment, code from raw.kinds_rows order by id")
    assert rows == [
        ('["a", "b"]', '{"x": 1}', "\\x00ff", "1.5", None, None),
        (None, None, None, "much", "1970-01-01 00:00:00.000000001Z", "7"),
    ]
