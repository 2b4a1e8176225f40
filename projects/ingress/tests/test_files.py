"""Lines of JSON and parquet by the folder, and places behind a server: read once, checked to be what was listed."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Project, on_duckdb_alone
from kinds.files import BUCKET, KINDS, LOGIN, s3_server
from pydantic import Field

from ingress.readers.files import jsonl
from ingress.readers.files.reader import Files
from ingress.source import Reader, Resource, Source
from ingress.sources import SOURCES
from shared.config import get_settings
from shared.config.named import Setting
from shared.data_quality import JsonText, RowModel, json_lines
from shared.errors import ConfigurationError, InputError, SourceUnavailable, StorageFull
from shared.monitoring.polling import Poll
from shared.utils.clock import utc_now

PLACE = f"s3://{BUCKET}/shop"


class Order(RowModel):
    """A row of the files."""

    id: int = Field(ge=1)
    total: Decimal | None = Field(max_digits=20, decimal_places=4)
    lines: JsonText | None = None


def source(reader: Reader) -> Source:
    """Return a source of orders."""
    return Source("shop", (Resource("orders", "shop_orders", Order, ("id",), reader, contract="evolve"),))


def drop(project: Project, name: str, content: str | bytes) -> Path:
    """Deliver a file."""
    path = project.landing / "shop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


LOCAL = source(Files("shop", "*.jsonl*", format="jsonl"))


def test_lines_are_rows_or_in_quarantine_with_their_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good lines are loaded exactly, nested values as JSON; each bad one is kept with its line and what is wrong."""
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 20_000)
    deep = "[" * 600 + "]" * 600
    lines = [
        '\ufeff{"id": 1, "total": 0.1000, "lines": [{"sku": "é", "n": 1.5}]}',
        "",
        '{"id": 2, "total": 12345678901234.5678, "note": {"by": "ada"}}',
        '{"id": 3, "total": NaN}',
        '{"id": 4, "total": 1, "total": 2}',
        '{"id": 5, "total": 1',
        "[1]",
        '{"id": 0, "total": 1}',
        '{"id": 7, "total": 1, "note": "' + "x" * 30_000 + '"}',
        '{"id": 8, "total": "1.5"}\r',
        '{"id": 9, "total": 1, "lines": ' + deep + "}",
    ]
    drop(project, "a.jsonl", "\n".join(lines).encode() + b'\n{"id": 10, "total": "\xff"}\n{"id": 11, "total": null}')
    project.load_source(LOCAL)
    assert project.fetch("select id, total, lines, note from raw.shop_orders order by id") == [
        (1, Decimal("0.1000"), '[{"sku": "é", "n": 1.5}]', None),
        (2, Decimal("12345678901234.5678"), None, '{"by": "ada"}'),
        (8, Decimal("1.5000"), None, None),
        (11, None, None, None),
    ]
    assert project.bad_rows() == [
        ("landing/shop/a.jsonl", position, reason)
        for position, reason in [
            (4, "it has the number NaN"),
            (5, "it has the name `total` twice in one object"),
            (6, "it is not JSON"),
            (7, "not an object"),
            (8, "`id`: input should be greater than or equal to 1"),
            (9, "a line of more than 20,000 bytes"),
            (11, "it is nested too deeply"),
            (12, "not UTF-8"),
        ]
    ]
    payloads = [json.loads(payload) for (payload,) in project.fetch("select payload from ops.quarantine")]
    assert max(len(payload.get("line", "")) for payload in payloads) == 1_000


@on_duckdb_alone
def test_files_of_lines_count_in_their_order(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over many parts of files, packed or not, a later file wins a key, and copies and conflicts are found."""
    monkeypatch.setattr(jsonl, "MOST_ROWS", 3)
    rows = [json.dumps({"id": number, "total": 1}) for number in range(1, 11)]
    drop(project, "2026-01.jsonl", "\n".join([*rows, rows[0], '{"id": 2, "total": 5}']))
    drop(project, "2026-02.jsonl.gz", gzip.compress(b'{"id": 10, "total": 7, "Tier": 1}\n'))
    project.load_source(LOCAL)
    found = project.fetch("select id, total, tier from raw.shop_orders order by id")
    assert found[0] == (1, 1, None)
    assert found[-1] == (10, 7, "1")
    assert [row[0] for row in found] == [1, *range(3, 11)]
    assert [position for _, position, _ in project.bad_rows()] == [2, 12]


@on_duckdb_alone
def test_lines_without_a_column_of_the_model_are_refused(project: Project) -> None:
    """A file in which a column is missing is an error that names it."""
    drop(project, "a.jsonl", '{"id": 1}\n')
    with pytest.raises(InputError, match=r"missing column in `landing/shop/a.jsonl`: `total`"):
        project.load_source(LOCAL)


@on_duckdb_alone
def test_folder_of_parquet_files_is_one_table(project: Project) -> None:
    """Parquet files of a folder are read as one: columns that one of them adds are null for the others."""
    folder = project.landing / "shop"
    folder.mkdir(parents=True)
    total = pa.array([Decimal(1)], pa.decimal128(20, 4))
    pq.write_table(pa.table({"id": [1], "total": total, "a": ["x"]}), folder / "1.parquet")
    pq.write_table(pa.table({"b": [2], "id": pa.array([2], pa.int32()), "total": total}), folder / "2.parquet")
    pq.write_table(pa.table({"id": [1], "total": total, "a": ["y"]}), folder / "3.parquet")
    pq.write_table(pa.table({"id": [3], "total": total, "a": [1.5]}), folder / "4.parquet")
    project.load_source(source(Files("shop", "*.parquet")))
    rows = project.fetch("select id, a, b from raw.shop_orders order by id")
    assert rows == [(1, "y", None), (2, None, "2"), (3, "1.5", None)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://host/folder",), "no place that files are read from"),
        (("s3://*/x",), "no name of a bucket"),
        (("../other",), "not a folder below data/landing"),
        (("/etc",), "not a folder below data/landing"),
        (("shop", "*"), "files of no format that can be told by their names"),
    ],
)
def test_what_cannot_be_a_place_is_found_at_import(arguments: Any, said: str) -> None:
    """A declaration that names no place or no format is an error with a hint, before anything runs."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        Files(*arguments)
    assert caught.value.hint


@on_duckdb_alone
@pytest.mark.parametrize(
    ("place", "package", "added"),
    [("gs://bucket/folder", "gcsfs", "gcsfs"), ("sftp://host/folder", "paramiko", "paramiko<5")],
)
def test_place_whose_package_is_not_there_says_which(project: Project, place: str, package: str, added: str) -> None:
    """A place that needs a package which is not installed is an error that says what to add where."""
    with pytest.raises(ConfigurationError, match=f"needs a package that is not installed: `{package}`") as caught:
        Files(place).files(get_settings())
    assert f"add `{added}` to the dependencies in projects/ingress/pyproject.toml" in str(caught.value.hint)


@on_duckdb_alone
def test_client_that_refuses_a_login_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server's client says of a login is told, without the login."""

    def refused(_: object) -> None:
        raise TypeError("connect() has no argument `gss_auth`, with s3cr3t-of-the-client")

    # The package above has a function of the module's name.
    monkeypatch.setattr(import_module("dlt.common.storages.fsspec_filesystem"), "fsspec_from_config", refused)
    login = {"aws_access_key_id": "some-id", "aws_secret_access_key": "s3cr3t-of-the-client"}
    with pytest.raises(ConfigurationError, match=r"that fit: TypeError: .* no argument `gss_auth`") as caught:
        Files("s3://bucket/folder", "*.csv", credentials=login).files(get_settings())
    assert "s3cr3t-of-the-client" not in str(caught.value)


@pytest.fixture
def bucket(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve an empty bucket."""
    with s3_server(monkeypatch) as client:
        yield client


def put(client: Any, name: str, *rows: dict[str, Any]) -> None:
    """Put a packed file of lines into the bucket."""
    content = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    client.put_object(Bucket=BUCKET, Key=f"shop/{name}", Body=gzip.compress(content, mtime=0))


def files(place: str | Setting = PLACE, pattern: str = "*.jsonl.gz", **more: Any) -> Files:
    """Return a reader of the bucket's files."""
    return Files(place, pattern, credentials=LOGIN, **more)


@on_duckdb_alone
def test_object_is_read_once_until_it_changes(project: Project, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects are marked by their ETags and read again only when they change; the login is never shown."""
    monkeypatch.setenv("SHOP_PLACE", PLACE)
    reader = files(Setting("SHOP_PLACE"))
    assert reader.required_settings == ("SHOP_PLACE", "KINDS_S3_ID", "KINDS_S3_KEY", "KINDS_S3_URL")
    orders = source(reader)
    assert orders.resources[0].absent(get_settings()) == "no file `$SHOP_PLACE/*.jsonl.gz`"
    put(bucket, "1.jsonl.gz", {"id": 1, "total": 1}, {"id": 2, "total": 1})
    put(bucket, "2.jsonl.gz", {"id": 2, "total": 2})
    put(bucket, "sub/3.jsonl.gz", {"id": 3, "total": 3})
    project.load_source(orders)
    assert "3 lines read" in "".join(project.capsys.readouterr())
    project.load_source(orders)
    assert "shop.orders: unchanged" in "".join(project.capsys.readouterr())
    put(bucket, "2.jsonl.gz", {"id": 2, "total": 3})
    project.load_source(orders)
    said = "".join(project.capsys.readouterr())
    assert "1 lines read" in said
    assert project.fetch("select id, total from raw.shop_orders order by id") == [(1, 1), (2, 3)]
    marks = project.fetch("select path, sha256 from ops.source_file order by path")
    assert [path for path, _ in marks] == [f"{PLACE}/1.jsonl.gz", f"{PLACE}/2.jsonl.gz"]
    assert all(version.startswith("etag:") for _, version in marks)
    assert "hush" not in said
    assert len(files(pattern="**/*.jsonl.gz").files(get_settings())) == 3
    assert orders.resources[0].reader.dataset(get_settings()).namespace == f"s3://{BUCKET}"


@on_duckdb_alone
def test_place_is_polled_and_loads_what_has_changed(
    project: Project, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place behind a server that is due is asked; with the same ETags nothing is copied or loaded."""
    shop = replace(source(files()), poll=Poll(timedelta(minutes=1)))
    monkeypatch.setitem(SOURCES, "shop", shop)
    assert shop.resources[0].reader.drop_folder(get_settings()) is None
    put(bucket, "1.jsonl.gz", {"id": 1, "total": 1})
    assert project.ingress("poll", "--source", "shop")[0] == 0
    later = utc_now() + timedelta(hours=1)
    monkeypatch.setattr("ingress.polling.utc_now", lambda: later)
    with monkeypatch.context() as patch:
        patch.setattr("shared.places.files.copy_files", None)
        code, said = project.ingress("poll", "--source", "shop")
    assert (code, "shop.orders: unchanged" in said) == (0, True)
    put(bucket, "1.jsonl.gz", {"id": 1, "total": 2})
    assert project.ingress("poll", "--source", "shop")[0] == 0
    assert project.fetch("select id, total from raw.shop_orders") == [(1, 2)]


@on_duckdb_alone
def test_object_that_changes_before_it_is_read_is_refused(project: Project, bucket: Any) -> None:
    """An object that was replaced or removed after it was listed is an error that says so; nothing is loaded."""
    (orders,) = source(files()).resources
    for replaced in ([{"id": 1, "total": 3}], [{"id": number * 7_919, "total": 2} for number in range(1, 1_001)]):
        put(bucket, "1.jsonl.gz", {"id": 1, "total": 2})
        marks = orders.reader.files(get_settings())
        put(bucket, "1.jsonl.gz", *replaced)
        with pytest.raises(SourceUnavailable, match=r"changed while it was read: `s3://kinds/shop/1.jsonl.gz`"):
            orders.reader.read(orders, get_settings(), marks)
    marks = orders.reader.files(get_settings())
    bucket.delete_object(Bucket=BUCKET, Key="shop/1.jsonl.gz")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        orders.reader.read(orders, get_settings(), marks)


@on_duckdb_alone
def test_place_that_is_not_there_is_named(project: Project, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that is not there, one without files, a full disk and a server that is gone are errors with hints."""
    with pytest.raises(InputError, match="not there, or not for this login to see: `s3://none/shop`") as caught:
        files("s3://none/shop").absent(get_settings())
    assert caught.value.hint
    with pytest.raises(InputError, match=r"no such file: `s3://kinds/shop/\*.jsonl.gz`"):
        files().files(get_settings())
    put(bucket, "1.jsonl.gz", {"id": 1, "total": 1})
    (orders,) = source(files()).resources
    marks = orders.reader.files(get_settings())
    full = os.statvfs_result((1, 1, 1, 0, 0, 0, 0, 0, 0, 255))
    with monkeypatch.context() as patch, pytest.raises(StorageFull, match="no room to copy 1 files"):
        patch.setattr(os, "statvfs", lambda path: full)
        orders.reader.read(orders, get_settings(), marks)
    monkeypatch.setenv("KINDS_S3_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("ingress.readers.files.clients.PATIENCE", {"retries": {"max_attempts": 0}})
    with pytest.raises(SourceUnavailable, match="cannot be read: EndpointConnectionError") as gone:
        files().files(get_settings())
    assert "hush" not in f"{gone.value}{gone.value.hint}"


@on_duckdb_alone
@pytest.mark.parametrize("name", ["../../x.jsonl.gz", "a\u202eb.jsonl.gz", "x" * 1_000 + ".jsonl.gz"])
def test_name_of_an_object_is_no_path(project: Project, bucket: Any, name: str) -> None:
    """What an object is called leads nowhere on this disk, and is refused by name where it cannot be kept."""
    put(bucket, name, {"id": 1, "total": 1})
    reader = files(pattern="**/*.jsonl.gz")
    if name.startswith("x"):
        project.load_source(source(reader))
        assert project.fetch("select path from ops.source_file") == [(f"{PLACE}/{name}",)]
        return
    with pytest.raises(InputError, match="with a name that cannot be kept") as caught:
        reader.files(get_settings())
    assert caught.value.message.isprintable()


@on_duckdb_alone
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_puts_what_its_reader_reads(project: Project, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guarantees' tests put at a place of each kind arrives."""
    from kinds import KEY, Row, row

    with kind.opened(project.root / "data", monkeypatch) as place:
        place.put([row(1), row(2), row(0)], tier="x")
        resource = Resource("rows", "kinds_rows", Row, KEY, place.reader(), contract="evolve")
        project.load_source(Source("kinds", (resource,)))
    assert project.fetch("select id, amount, gone, tier from raw.kinds_rows order by id") == [
        (1, Decimal("0.25"), False, "x"),
        (2, Decimal("0.50"), False, "x"),
    ]
    assert len(project.bad_rows()) == 1
