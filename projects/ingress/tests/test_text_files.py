"""Files read and checked in columns hold what the same rows hold that are checked one by one."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, create_model, field_validator

from ingress.readers.files.reader import Files
from ingress.source import Resource
from shared.config import Settings
from shared.data_quality import POSITION, BadRow, RowModel, Written
from shared.tables import Column
from shared.testing import tables
from shared.testing.tables import written_tables

# Of two properties; `benchmarks/ingest_streams.py` asks for more.
EXAMPLES = int(os.environ.get("INGRESS_EXAMPLES", "80")) // 2
# What `Written` can say.
WAYS = tables.Ways(
    tuple(way for way in tables.NUMBERS if not way.unit and way.negative == "leading"), ("", "%d.%m.%Y %H:%M:%S")
)
KINDS: dict[str, Any] = {"bigint": int, "date": date, "timestamp": datetime, "boolean": bool, "varchar": str}


class Measure(RowModel):
    """A row of every kind of field."""

    number: int = Field(ge=-5)
    amount: Decimal | None = Field(max_digits=6, decimal_places=2)
    share: float | None
    flag: bool | None
    day: Annotated[date, Written("%d.%m.%Y")] | None
    at: datetime | None
    since: AwareDatetime | None
    name: str | None = Field(max_length=5)


TEXTS = {
    "number": ["1", "2", "-5", "-6", "1_0", "007", "2.0", "9223372036854775808"],
    "amount": ["1", "1.5", "1.50", "1.500", "1.505", "12345.67", "-0.00", "1e2"],
    "share": ["0.5", "1", "1e2", "1e-07", "0.30000000000000004", "0.10000000000000001", "1e400", "nan", "-0"],
    "flag": ["true", "FALSE", "1", "yes"],
    "day": ["31.01.2024", "1.2.2024", "31.02.2024", "01.02.24", "2024-01-31"],
    "at": ["2024-01-31", "2024-01-31 10:00", "2024-01-31T10:00:00.5", "20240131", "2024-01-31 24:00:00"],
    "since": ["2024-01-31 10:00Z", "2024-01-31T10:00:00+02:00", "0001-01-01 00:00:00+14:00", "2024-01-31 10:00:00"],
    "name": ["a", "é", "a,b;c", 'q"q', "a\nb", " x ", "too long", "'"],
}
ROWS = st.lists(
    st.tuples(*(st.one_of(st.just(""), st.sampled_from(texts)) for texts in TEXTS.values())), min_size=1, max_size=20
)


def written(rows: Sequence[Sequence[str]], delimiter: str) -> tuple[str, list[int]]:
    """Return rows below their header as CSV, and on which line each begins."""
    text, lines = io.StringIO(), []
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(TEXTS)
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    return text.getvalue(), lines


def read(
    folder: Path, content: bytes, reader: Files, model: type[RowModel] = Measure, key: str = "number"
) -> tuple[list[dict[str, object]], list[BadRow], list[object]]:
    """Return the good rows and the bad ones of a file, by their positions, and the keys that may occur twice."""
    options = Settings(data_dir=folder)
    file = folder / "landing" / "m" / "a.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    opened = reader.read(Resource("m", "m", model, (key,), reader, "evolve"), options, reader.files(options))
    with duckdb.connect() as duck:
        keys = opened.duplicated(duck)[key].to_pylist()
    batches = list(opened.batches)
    good = [row for batch in batches for row in batch.good.to_pylist()]
    bad = [row for batch in batches for row in batch.bad]
    return sorted(good, key=lambda row: row[POSITION]), sorted(bad, key=lambda row: row.position), keys


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None)
@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_columns_hold_what_rows_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str, encoding: str
) -> None:
    """Whatever the texts, the delimiter and the encoding: good rows, bad rows, reasons and lines are those of a row."""
    content, lines = written(rows, delimiter)
    reader = Files("m", delimiter=delimiter, encoding=encoding, skip=0)
    good, bad, keys = read(tmp_path_factory.mktemp("m"), content.encode(encoding), reader)
    by_name = [{name: text or None for name, text in zip(TEXTS, row, strict=True)} for row in rows]
    expected = Resource("m", "m", Measure, ("number",), reader).rows.check(by_name, lines)
    assert repr(good) == repr(expected.good.to_pylist())
    assert bad == expected.bad
    numbers = [row["number"] for row in good]
    assert {number for number in numbers if numbers.count(number) > 1} <= set(keys)


def field_of(column: Column) -> Any:
    """Return the field of a row model that says what a column is and how it is written."""
    way = column.convention
    words = {"true": way.truth[:1], "false": way.truth[1:]} if way.truth else {}
    said = Written(way.format or None, way.decimal, way.thousands or None, **words)
    if column.type in KINDS:
        return Annotated[KINDS[column.type], said] | None, ...
    return Annotated[Decimal, Field(max_digits=18, decimal_places=2), said] | None, ...


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=written_tables(ways=WAYS))
def test_table_is_read_back(tmp_path_factory: pytest.TempPathFactory, written: tables.Written) -> None:
    """Random tables in random files, as those that labs are tried with: each row has its values and line or is bad."""
    declared = written.declared
    model: type[RowModel] = create_model(
        "Row", __base__=RowModel, **{name: field_of(column) for name, column in written.columns.items()}
    )
    reader = Files("m", encoding=declared.encoding, delimiter=declared.delimiter, skip=declared.skip)
    good, bad, _ = read(tmp_path_factory.mktemp("m"), written.content, reader, model, next(iter(written.columns)))
    rows = list(zip(written.values, written.lines, strict=True))
    assert [tuple(row.values()) for row in good] == [(*values, line) for values, line in rows if values is not None]
    assert [row.position for row in bad] == [line for values, line in rows if values is None]


def test_model_with_a_rule_in_python_is_checked_row_by_row(tmp_path: Path) -> None:
    """A rule that columns cannot be checked by holds for files all the same."""

    class Even(RowModel):
        number: int

        @field_validator("number")
        @classmethod
        def be_even(cls, value: int) -> int:
            if value % 2:
                raise ValueError(f"{value} is odd")
            return value

    good, bad, keys = read(tmp_path, b"number,x\n2,a\n3,b\n2,c\n", Files("m"), Even)
    assert [row["number"] for row in good] == [2, 2]
    assert [(row.position, row.reason) for row in bad] == [(3, "`number`: value error, … is odd")]
    assert keys == [2]


def test_row_that_cannot_be_cut_is_held_by_its_columns(tmp_path: Path) -> None:
    """A row with too many fields goes to quarantine by their names, as far as what is kept of it has them."""
    reader = Files("m", delimiter=",", encoding="utf-8", skip=0)
    model: type[RowModel] = create_model("Row", __base__=RowModel, number=(str, ...), name=(str | None, ...))
    long = "y" * 200_000
    content = f'number,name\n1,"a\rb",c\n2,{long},c\n3,d\n'
    good, bad, _ = read(tmp_path, content.encode(), reader, model)
    assert [row["number"] for row in good] == ["3"]
    held = [json.loads(row.payload) for row in bad]
    assert held[0] == {"number": "1", "name": "a\rb", "_beyond_the_header": ["c"]}
    assert (len(held), list(held[1])) == (2, ["line"])
    _, bad, _ = read(tmp_path, b"number,name\n1,a\0b,c\n", reader, model)
    assert [json.loads(row.payload) for row in bad] == [{"line": "1,a\0b,c"}]
