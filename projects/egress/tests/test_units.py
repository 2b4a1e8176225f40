"""Parts whose rules are easier to see from close by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import chain
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest
from dlt.common.destination.exceptions import DestinationTerminalException

from egress.carrier import Guard, carry
from egress.payload import to_json
from egress.sender import idempotency_key
from shared.errors import InputError


def test_json_of_each_type() -> None:
    """Every type has one exact form in JSON."""
    row = {
        "money": Decimal("1000000000000000.10"),
        "small": Decimal("0E-4"),
        "day": date(2017, 1, 31),
        "time": datetime(2017, 1, 31, 12, 30),
        "zoned": datetime(2017, 1, 31, 12, 30, tzinfo=timezone.utc),
        "id": UUID(int=1),
        "text": 'ä"',
        "nothing": None,
        "yes": True,
        "count": 2**63 - 1,
    }
    assert to_json(row) == (
        '{"money":"1000000000000000.10","small":"0.0000","day":"2017-01-31","time":"2017-01-31T12:30:00Z",'
        '"zoned":"2017-01-31T12:30:00+00:00","id":"00000000-0000-0000-0000-000000000001","text":"ä\\"",'
        '"nothing":null,"yes":true,"count":9223372036854775807}'
    )


def test_json_refuses_what_it_has_no_form_for() -> None:
    """Bytes have no form in JSON that a reader would know."""
    with pytest.raises(InputError, match="no JSON for bytes"):
        to_json({"a": b"x"})


def test_key_depends_on_sender_content_and_history() -> None:
    """The same chunk has the same key; another sender, content or earlier delivery has another."""
    key = idempotency_key("crm", ["", "run"], b"{}")
    assert key == idempotency_key("crm", ["", "run"], b"{}")
    others = [("crm2", ["", "run"], b"{}"), ("crm", ["run", ""], b"{}"), ("crm", ["", "run"], b"[]")]
    assert len({key, *(idempotency_key(*other) for other in others)}) == 4


def tables() -> list[pa.Table]:
    """Return 1,000 rows in three tables."""
    return [pa.table({"n": range(begin, end)}) for begin, end in [(0, 7), (7, 500), (500, 1000)]]


def test_carrier_keeps_order_and_chunks(tmp_path: Path) -> None:
    """Chunks are full, in order and independent of the tables that the rows came in."""
    chunks: list[list[int]] = []
    carry(
        "t",
        lambda: iter(tables()),
        lambda chunk: chunks.append(chunk["n"].to_pylist()),
        expected=1000,
        chunk_rows=300,
        folder=tmp_path / "dlt",
    )
    assert [len(chunk) for chunk in chunks] == [300, 300, 300, 100]
    assert [*chain.from_iterable(chunks)] == list(range(1000))
    assert not (tmp_path / "dlt").exists()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_carrier_calls_nothing_after_a_failure(tmp_path: Path, error: BaseException) -> None:
    """dlt's own retries never reach the function that has failed, and its error arrives as it was."""
    calls: list[int] = []

    def fail_second(chunk: pa.RecordBatch) -> None:
        calls.append(chunk.num_rows)
        if len(calls) == 2:
            raise error

    with pytest.raises(type(error)) as raised:
        carry("t", lambda: iter(tables()), fail_second, expected=1000, chunk_rows=300, folder=tmp_path / "dlt")
    assert raised.value is error
    assert calls == [300, 300]
    assert not (tmp_path / "dlt").exists()


def test_guard_lets_nothing_through_after_a_failure() -> None:
    """Should dlt call again for all that, nothing is delivered, and it is told once more to stop."""
    calls: list[int] = []

    def fail(chunk: pa.RecordBatch) -> None:
        calls.append(chunk.num_rows)
        raise ValueError("no")

    guard = Guard(fail)
    for chunk in tables():
        with pytest.raises(DestinationTerminalException):
            guard.take(chunk.to_batches()[0])
    assert len(calls) == 1
    assert guard.carried == 0


def test_carrier_fails_before_anything_is_sent_when_rows_cannot_be_made(tmp_path: Path) -> None:
    """An error while rows are made arrives as it was, and no chunk has been sent by then."""

    def broken() -> Iterator[pa.Table]:
        yield from tables()
        raise InputError("bad row")

    calls: list[int] = []
    with pytest.raises(Exception, match="bad row"):
        carry(
            "t",
            broken,
            lambda chunk: calls.append(1),
            expected=1000,
            chunk_rows=300,
            folder=tmp_path / "dlt",
        )
    assert calls == []


def test_command_line_imports_neither_dlt_nor_requests() -> None:
    """What only a delivery needs is not imported by runs that send nothing."""
    heavy = {"dlt", "requests", "pandas", "pyarrow.parquet"}
    code = f"import sys, egress.cli; print({heavy} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"
