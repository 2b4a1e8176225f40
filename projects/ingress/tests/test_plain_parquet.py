"""The files that rows are loaded from: read once, and so written in the plainest way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingress.load import pipeline
from ingress.readers.files.reader import Files
from ingress.source import Resource
from shared.config import Settings
from shared.data_quality import RowModel, arrow_schema
from shared.warehouse import open_warehouse


class Word(RowModel):
    """A row."""

    id: int
    word: str | None
    at: datetime


def test_no_column_has_a_dictionary(tmp_path: Path) -> None:
    """What is written of several tables is loaded whole, and no column was looked through for equal values."""
    rows = [{"id": number, "word": None if number % 3 else "same", "at": datetime(2026, 1, 1)} for number in range(90)]
    written: list[pq.FileMetaData] = []

    def tables() -> Iterator[pa.Table]:
        for start in range(0, len(rows), 30):
            yield pa.Table.from_pylist(rows[start : start + 30], arrow_schema(Word))

    settings = Settings(data_dir=tmp_path, warehouse_url="")
    with open_warehouse(settings, holder="test", role="ingress", mode="write") as warehouse:

        def look() -> None:
            files = (warehouse.state_dir / "pipelines").rglob("*.parquet")
            written.extend(pq.read_metadata(file) for file in files)

        pipeline.load(warehouse, "s", {"word": (Resource("word", "word", Word, ("id",), Files("s")), tables)}, look)
        assert warehouse.fetch("select count(*), count(word), max(id) from raw.word") == [(90, 30, 89)]
    columns = [
        meta.row_group(at).column(index) for meta in written for at in range(meta.num_row_groups) for index in range(3)
    ]
    assert columns
    assert not any(column.has_dictionary_page for column in columns)
