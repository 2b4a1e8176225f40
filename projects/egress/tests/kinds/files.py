"""Files in a folder, and in a bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from egress.kinds.files import target as module
from egress.kinds.files.bucket import Bucket
from egress.kinds.files.place import Place as Opened
from egress.kinds.files.target import Files
from kinds import MODEL, NOBODY, Place, Rows, row
from shared.config.named import Setting
from shared.testing.s3 import BUCKET, ID, KEY, s3_server

MANIFEST = "out/customer_360.manifest.json"


def rows_of(parquet: bytes) -> Rows:
    """Return the rows of a file."""
    found = pq.read_table(BytesIO(parquet)).to_pylist()
    return dict(row(each["entity_id"], each["surname"], each["lifetime_sales"]) for each in found)


class FilesPlace(Place):
    """A folder of this disk."""

    name = "files"
    target = Files("place", MODEL, settings="PLACE", formats=("parquet", "csv"), folder="place")
    steps = ((module, "write_atomically"),)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[FilesPlace]:
        """Make nothing: a delivery does."""
        yield cls(cls.target.place)

    def rows(self) -> Rows:
        """Return those of the parquet file."""
        file = self._folder / "customer_360.parquet"
        return rows_of(file.read_bytes()) if file.exists() else {}

    def traces(self) -> object:
        """Return which files are there, as the disk knows them."""
        return {file.name: file.stat().st_ino for file in self._folder.glob("*")}

    @contextmanager
    def broken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Put a file in the folder's place."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self._folder.touch()
        yield
        self._folder.unlink()


class BucketPlace(Place):
    """A bucket of S3's."""

    name = "bucket"
    target = Bucket(
        "place",
        MODEL,
        settings="PLACE",
        place=f"s3://{BUCKET}/out",
        formats=("parquet", "csv"),
        options={"key": Setting("PLACE_ID"), "secret": Setting("PLACE_KEY"), "endpoint_url": Setting("PLACE_ENDPOINT")},
    )
    steps = ((Opened, "put"), (Opened, "publish"))

    def __init__(self, client: Any, url: str) -> None:
        self._client, self._url = client, url

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[BucketPlace]:
        """Make a bucket."""
        with s3_server() as (url, client):
            for name, value in {"ID": ID, "KEY": KEY, "ENDPOINT": url}.items():
                patch.setenv(f"PLACE_{name}", value)
            yield cls(client, url)

    def _get(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return content

    def rows(self) -> Rows:
        """Follow the manifest."""
        if MANIFEST not in [name for name, _ in self._objects()]:
            return {}
        files = {file["format"]: file["path"] for file in json.loads(self._get(MANIFEST))["files"]}
        return rows_of(self._get(f"out/{files['parquet']}"))

    def _objects(self) -> list[tuple[str, str]]:
        found = self._client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [(one["Key"], one["ETag"]) for one in found]

    def traces(self) -> object:
        """Return the names and versions of all that is there."""
        return self._objects()

    @contextmanager
    def broken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Name an address that nobody listens at."""
        patch.setenv("PLACE_ENDPOINT", f"http://{NOBODY}")
        yield
        patch.setenv("PLACE_ENDPOINT", self._url)


PLACES: tuple[type[Place], ...] = (FilesPlace, BucketPlace)
