"""Files published behind a server: readers who follow the manifest see one delivery, whole, whatever happens."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, MAKE_MODELS, Egress, Sql
from test_targets import module_of

from egress.engine.models import Model
from egress.kinds.files import partitions
from egress.kinds.files.bucket import Bucket
from egress.kinds.files.place import MOST_REMOVED, PREFIX
from egress.kinds.files.target import Files, Format
from shared.config.named import Setting
from shared.testing.s3 import BUCKET, ID, KEY, s3_server

MODEL = Model("egress.customer_360", key="entity_id")
SHELF = Bucket(
    "shelf",
    MODEL,
    settings="SHELF",
    place=f"s3://{BUCKET}/out",
    formats=("parquet", "csv", "jsonl"),
    options={"key": Setting("SHELF_ID"), "secret": Setting("SHELF_KEY"), "endpoint_url": Setting("SHELF_URL")},
)
MANIFEST, FOLDER = "out/customer_360.manifest.json", "out/customer_360/"
CHANGE = "update egress.customer_360 set surname = 'smith' where entity_id = 'E-3'"


class Shelf:
    """The bucket as its readers see it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def names(self) -> list[str]:
        """Return the names of all objects."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def get(self, name: str) -> bytes:
        """Return an object's content."""
        content: bytes = self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return content

    def put(self, name: str, content: bytes) -> None:
        """Put an object there."""
        self.client.put_object(Bucket=BUCKET, Key=name, Body=content)

    def files(self) -> dict[str, bytes]:
        """Follow the manifest, and return the files by format, each as the manifest says it is."""
        found = {}
        for file in json.loads(self.get(MANIFEST))["files"]:
            content = self.get(f"out/{file['path']}")
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
            found[file["format"]] = content
        return found

    def deliveries(self) -> set[str]:
        """Return the folders of deliveries that are there."""
        return {name.removeprefix(FOLDER).partition("/")[0] for name in self.names() if name.startswith(FOLDER)}


@pytest.fixture
def shelf(models: Sql, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Serve S3, which the target's settings know, beside a warehouse with models."""
    monkeypatch.setattr("egress.cli.all_targets", lambda: {SHELF: module_of(SHELF)})
    with s3_server() as (url, client):
        for name, value in {"ID": ID, "KEY": KEY, "URL": url}.items():
            monkeypatch.setenv(f"SHELF_{name}", value)
        yield Shelf(client)


@DUCKDB_ONLY
def test_files_hold_the_model_and_follow_it(shelf: Shelf, egress: Egress, sql: Sql) -> None:
    """All formats hold every row, are published together, stay where nothing is new, and follow a change."""
    assert egress("run", "--target", "shelf") == 0
    files = shelf.files()
    rows = pq.read_table(io.BytesIO(files["parquet"])).to_pylist()
    assert [row["entity_id"] for row in rows] == [f"E-{i}" for i in range(CUSTOMERS)]
    texts = [{name: str(value) for name, value in row.items()} for row in rows]
    assert list(csv.DictReader(io.StringIO(files["csv"].decode()))) == texts
    assert [json.loads(line) for line in files["jsonl"].splitlines()] == texts
    before = shelf.get(MANIFEST)
    assert egress("run", "--target", "shelf") == 0
    assert shelf.get(MANIFEST) == before
    sql(CHANGE)
    assert egress("run", "--target", "shelf") == 0
    assert b"smith" in shelf.files()["csv"]
    receipt = sql("select receipt from ops.delivery where row_key = 'customer_360.manifest.json'")
    assert receipt == [(hashlib.sha256(shelf.get(MANIFEST)).hexdigest(),)]


@DUCKDB_ONLY
def test_former_delivery_stays_and_older_ones_go(shelf: Shelf, egress: Egress, sql: Sql) -> None:
    """Who still reads the former delivery can; what is older is removed, so many at a time, and nothing of others'."""
    shelf.put(f"{FOLDER}theirs/file.csv", b"theirs")
    for number in range(MOST_REMOVED + 1):
        shelf.put(f"{FOLDER}{PREFIX}0{number:03d}/customer_360.csv", b"of a killed delivery")
    egress("run", "--target", "shelf")
    first = json.loads(shelf.get(MANIFEST))["delivery"]
    assert shelf.deliveries() == {"theirs", f"{PREFIX}0{MOST_REMOVED:03d}", first}
    sql(CHANGE)
    egress("run", "--target", "shelf")
    second = json.loads(shelf.get(MANIFEST))["delivery"]
    assert shelf.deliveries() == {"theirs", first, second}


@DUCKDB_ONLY
@pytest.mark.parametrize("damage", ["manifest", "file", "gone"])
def test_what_is_lost_or_changed_is_published_again(shelf: Shelf, egress: Egress, damage: str) -> None:
    """A manifest that is another one, a file of another size or one that is gone is noticed without a change here."""
    egress("run", "--target", "shelf")
    name = f"out/{json.loads(shelf.get(MANIFEST))['files'][1]['path']}"
    if damage == "gone":
        shelf.client.delete_object(Bucket=BUCKET, Key=name)
    else:
        shelf.put(MANIFEST if damage == "manifest" else name, b"{}")
    assert egress("run", "--target", "shelf") == 0
    assert set(shelf.files()) == {"parquet", "csv", "jsonl"}


OF_TESTS = """
import sys
sys.path.insert(0, sys.argv[1])
import egress.cli
from test_bucket import SHELF, module_of
from shared.command_line import command
egress.cli.all_targets = lambda: {SHELF: module_of(SHELF)}
sys.exit(command(egress.cli.main, ["run", "--target", "shelf"]))
"""


@DUCKDB_ONLY
def test_errors_tell_no_secret(
    shelf: Shelf, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A server that is away, a bucket that is not there, an option that is none: a hint each, and no secret."""
    egress("run", "--target", "shelf")
    sql(CHANGE)
    shown = []
    url = os.environ["SHELF_URL"]
    for place, at, code in (
        (f"s3://{BUCKET}/out", "http://127.0.0.1:9", 1),
        ("s3://nosuch/out", url, 1),
        ("nosuch://bucket/out", url, 2),
        ("nowhere", url, 2),
    ):
        monkeypatch.setenv("SHELF_URL", at)
        monkeypatch.setenv("SHELF_PLACE", place)
        to = Bucket(
            "shelf", MODEL, settings="SHELF", place=Setting("SHELF_PLACE"), formats=("csv",), options=SHELF.options
        )
        monkeypatch.setattr("egress.cli.all_targets", lambda to=to: {to: module_of(to)})
        assert egress("run", "--target", "shelf") == code
        shown.append(capfd.readouterr().err)
    assert all("hint: " in text and KEY not in text and "Traceback" not in text for text in shown)
    assert "does not answer as it should" in shown[0]
    assert "not there, or not for this login to see: `s3://nosuch/out`" in shown[1]


def test_json_lines_in_a_folder(
    models: Sql,
    egress: Egress,
    transform: Callable[[str], None],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder of this disk gets JSON lines too: exact values, byte-equal from either engine's order of rows."""
    lines = Files("lines", MODEL, settings="LINES", formats=("jsonl",))
    monkeypatch.setattr("egress.cli.all_targets", lambda: {lines: module_of(lines)})
    assert egress("run", "--target", "lines") == 0
    file = project / "data" / "exports" / "customer_360.jsonl"
    before = file.read_bytes()
    assert json.loads(before.splitlines()[3]) == {
        "entity_id": "E-3",
        "surname": 'o\'neil, "3"',
        "lifetime_sales": "3.30",
        "last_purchase_date": "2017-01-04",
    }
    transform(MAKE_MODELS.replace("baskets desc", "baskets"))
    assert egress("run", "--target", "lines", "--full") == 0
    assert file.read_bytes() == before


ODD = (None, "VIC", "", "a/b", "..", "é=%2F", "x" * 80, "__HIVE_DEFAULT_PARTITION__", "Null")


def odd_states(sql: Sql) -> None:
    """Give rows states of which no folder can be named as they are, and a date and a truth value beside."""
    sql("alter table egress.customer_360 add column if not exists state varchar")
    sql("alter table egress.customer_360 add column if not exists joined date")
    sql("alter table egress.customer_360 add column if not exists member boolean")
    for number, state in enumerate(ODD):
        said = "null" if state is None else f"'{state}'"
        sql(
            f"update egress.customer_360 set state = {said}, joined = date '2026-01-01', member = {number % 2 == 0} "
            f"where cast(right(entity_id, 1) as integer) % {len(ODD)} = {number}"
        )


def declare_parted(
    monkeypatch: pytest.MonkeyPatch, folder: Path, formats: tuple[Format, ...], columns: tuple[str, ...]
) -> None:
    """Let a folder of this machine be the only target, its rows partitioned by columns."""
    place = f"file://{folder}/out"
    parted = Bucket("parted", MODEL, settings="PARTED", place=place, formats=formats, partitioned_by=columns)
    monkeypatch.setattr("egress.cli.all_targets", lambda: {parted: module_of(parted)})


def test_partitions_are_read_as_one_table(
    models: Sql, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What DuckDB reads of the folders is the model, whatever its values are; a change is followed, by one manifest."""
    declare_parted(monkeypatch, tmp_path, ("parquet", "jsonl"), ("state", "joined", "member"))
    odd_states(sql)
    for change in ("", CHANGE):
        if change:
            sql(change)
        assert egress("run", "--target", "parted") == 0
        manifest = json.loads((tmp_path / "out/customer_360.manifest.json").read_text())
        files = [file for file in manifest["files"] if file["format"] == "parquet"]
        assert {file["partition"]["state"] for file in files} == {*ODD}
        listed = [str(tmp_path / "out" / file["path"]) for file in files]
        types = "hive_types = {'state': varchar, 'joined': date, 'member': boolean}, hive_partitioning = true"
        columns = "entity_id, surname, state, joined, member"
        read = duckdb.sql(f"select {columns} from read_parquet({listed}, {types}) order by 1").fetchall()
        assert read == sql(f"select {columns} from egress.customer_360 order by 1")
        lines = [each for each in manifest["files"] if each["format"] == "jsonl"]
        assert len(lines) == len(files)
        assert sum(len((tmp_path / "out" / each["path"]).read_text().splitlines()) for each in lines) == len(read)
    deliveries = [path.name for path in (tmp_path / "out/customer_360").iterdir()]
    assert len(deliveries) == 2


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("columns", "most", "error"),
    [
        (("entity_id",), 1_000, "`entity_id` is its key"),
        (("nothing",), 1_000, "`nothing` is not in the model"),
        (("state", "state"), 1_000, "`state` comes twice"),
        (("state",), 2, "more than 2 partitions"),
    ],
)
def test_what_cannot_be_partitioned_is_refused(
    models: Sql,
    egress: Egress,
    sql: Sql,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    columns: tuple[str, ...],
    most: int,
    error: str,
) -> None:
    """A column that no folders can be named by, and too many of them, are errors, and nothing is published."""
    declare_parted(monkeypatch, tmp_path, ("csv",), columns)
    monkeypatch.setattr(partitions, "MOST", most)
    odd_states(sql)
    assert egress("run", "--target", "parted") != 0
    said = capsys.readouterr().err
    assert error in said
    assert "hint: " in said
    assert not (tmp_path / "out/customer_360.manifest.json").exists()
