"""Files: tables of text, lines of JSON and parquet below the landing folder, and lines of JSON on S3."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingress.readers.files.reader import Files
from kinds import Kind, Row
from shared.config.named import Setting
from shared.data_quality import arrow_schema
from shared.testing.s3 import ID, KEY, REGION
from shared.testing.s3 import s3_server as serve_s3
from shared.utils.files import write_whole

FOLDER, BUCKET = "kinds", "kinds"
LOGIN = {
    "aws_access_key_id": Setting("KINDS_S3_ID"),
    "aws_secret_access_key": Setting("KINDS_S3_KEY"),
    "endpoint_url": Setting("KINDS_S3_URL"),
    "region_name": REGION,
}


@contextmanager
def s3_server(patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve S3 on loopback with an empty bucket, let `LOGIN` lead there, and give a client for it."""
    with serve_s3(BUCKET) as (url, client):
        patch.setenv("KINDS_S3_URL", url)
        patch.setenv("KINDS_S3_ID", ID)
        patch.setenv("KINDS_S3_KEY", KEY)
        yield client


class LocalKind(Kind):
    """A file below the landing folder."""

    suffix: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.file = folder / "landing" / FOLDER / f"rows.{self.suffix}"

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        """Make the landing folder."""
        yield cls(folder)

    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        """Write the file anew, in one step."""
        write_whole(self.file, self.content([{**row, **more} for row in rows], list(more)))

    def reader(self, *, cursor: bool = False) -> Files:
        """Return a reader of all rows: files have no cursor."""
        return Files(FOLDER, f"*.{self.suffix}")

    @staticmethod
    def content(rows: Sequence[dict[str, Any]], more: Sequence[str]) -> bytes:
        """Return a file's bytes."""
        raise NotImplementedError


class Csv(LocalKind):
    """A table of text."""

    name, suffix = "csv", "csv"

    @staticmethod
    def content(rows: Sequence[dict[str, Any]], more: Sequence[str]) -> bytes:
        """Return a header and a line a row."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [*Row.model_fields, *more], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()


class JsonLines(LocalKind):
    """An object a line."""

    name, suffix = "jsonl", "jsonl"

    @staticmethod
    def content(rows: Sequence[dict[str, Any]], more: Sequence[str]) -> bytes:
        """Return a line a row."""
        return "".join(f"{json.dumps(row, default=str)}\n" for row in rows).encode()


class Parquet(LocalKind):
    """A parquet file."""

    name, suffix = "parquet", "parquet"

    @staticmethod
    def content(rows: Sequence[dict[str, Any]], more: Sequence[str]) -> bytes:
        """Return the bytes of a file that takes also what the row model does not."""
        schema = pa.schema([each.with_nullable(True) for each in arrow_schema(Row)])
        for name in more:
            schema = schema.append(pa.field(name, pa.array([row[name] for row in rows]).type))
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), schema), file)
        return file.getvalue()


class S3(Kind):
    """Lines of JSON, packed, in a bucket of S3."""

    name = "s3"

    def __init__(self, client: Any) -> None:
        self.client = client

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Kind]:
        """Serve a bucket."""
        with s3_server(patch) as client:
            yield cls(client)

    def put(self, rows: Sequence[dict[str, Any]], **more: Any) -> None:
        """Replace the object."""
        content = JsonLines.content([{**row, **more} for row in rows], list(more))
        self.client.put_object(Bucket=BUCKET, Key="shop/rows.jsonl.gz", Body=gzip.compress(content, mtime=0))

    def reader(self, *, cursor: bool = False) -> Files:
        """Return a reader of all rows: files have no cursor."""
        return Files(f"s3://{BUCKET}/shop", "*.jsonl.gz", credentials=LOGIN)


KINDS: tuple[type[Kind], ...] = (Csv, JsonLines, Parquet, S3)
