"""Parquet files and lines of JSON: read as tables, each value exactly as it is there."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.errors import InputError
from shared.testing.files import Read

LINES = b'{"id": 1, "name": "a, \\"b\\"", "price": 1.10}\n\n{"id": 12345678901234567890, "tags": ["x", {"n": null}]}\n'


def parquet(table: pa.Table) -> bytes:
    """Return a table as a parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_parquet_file_is_read_as_its_values_are(read: Read) -> None:
    """Numbers keep all their digits, moments are told in UTC, and what is nested is JSON."""
    table = pa.table(
        {
            "id": pa.array([2**62, None], pa.int64()),
            "price": pa.array([Decimal("12345678901234567890.10"), Decimal("0.00")], pa.decimal128(30, 2)),
            "share": pa.array([0.1, float("inf")]),
            "day": pa.array([date(2024, 1, 31), None]),
            "at": pa.array([datetime(2024, 1, 31, 10, tzinfo=timezone.utc), None], pa.timestamp("us", "Europe/Berlin")),
            'sold, "all"': pa.array([True, False]),
            "lines": pa.array([[{"n": 1}], []], pa.list_(pa.struct([("n", pa.int32())]))),
        }
    )
    got = read(parquet(table), name="t.parquet")
    assert got.form.container == "parquet"
    assert got.form.header == tuple(table.column_names)
    assert got.values == [
        (str(2**62), "12345678901234567890.10", "0.1", "2024-01-31", "2024-01-31 10:00:00Z", "true", '[{"n":1}]'),
        (None, "0.00", "inf", None, None, "false", "[]"),
    ]


@pytest.mark.parametrize(("name", "content"), [("t.jsonl", LINES), ("t.ndjson.gz", gzip.compress(LINES))])
def test_lines_of_json_are_read_as_their_values_are(read: Read, name: str, content: bytes) -> None:
    """There is a column for each name of any line; numbers beyond 64 bits keep their digits."""
    got = read(content, name=name)
    assert (got.form.container, got.form.header) == ("jsonl", ("id", "name", "price", "tags"))
    assert got.values == [
        ("1", 'a, "b"', "1.1", None),
        ("12345678901234567890", None, None, '["x", {"n": null}]'),
    ]


@pytest.mark.parametrize("first", ['{"id": 1}', '{"id": 1, "name": "a"}'])
def test_line_that_is_no_object_goes_to_quarantine(read: Read, first: str) -> None:
    """What says two things, or nothing that is a row, is kept with its text, and the other lines are read."""
    got = read(f'{first}\n{{"id": 2, "id": 3}}\n[4]\n{{"id": 5}}\n'.encode(), name="t.jsonl")
    assert [row[0] for row in got.values] == ["1", "5"]
    assert [row.position for row in got.bad] == [3, 4]
    assert [(row.reason, json.loads(row.payload)) for row in got.bad] == [
        ("not one object of JSON", {"line": line}) for line in ('{"id": 2, "id": 3}', "[4]")
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.parquet", b"PAR1" + b"\0" * 50 + b"PAR1", "not a readable parquet file: `t.parquet`"),
        ("t.parquet", b"id,name\n1,a\n", "no parquet file: `t.parquet`"),
        ("t.jsonl", b"1\n2\n", "no object of JSON in `t.jsonl`"),
        ("t.jsonl.gz", gzip.compress(LINES)[:-9], "damaged or not whole: `t.jsonl.gz`"),
        ("t.jsonl", b"<html>Login, please</html>", "is a web page"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(read: Read, name: str, content: bytes, said: str) -> None:
    """The error names the file and what is wrong with it."""
    with pytest.raises(InputError, match=said):
        read(content, name=name)


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.parquet", parquet(pa.table({"id": ["x" * 1000] * 10}))), ("t.jsonl", b'{"id": "x"}\n' * 1000)],
)
def test_what_comes_out_of_rows_is_bounded(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    """A small file does not fill the disk."""
    monkeypatch.setenv("TABLES_UNPACKED_LIMIT", "1000")
    with pytest.raises(InputError, match="too much comes out of"):
        read(content, name=name)
