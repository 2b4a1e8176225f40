"""Raw tables whose files lie at a place behind a server: fetched once, loaded as files of this disk are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Labs, loaded_now, small_lab
from labs.load import Loaded
from labs.places import Place

from shared.config.labs import Lab, find_lab
from shared.errors import ConfigurationError, InputError, PlatformError, SourceUnavailable
from shared.testing.s3 import BUCKET, KEY, s3_server

SOURCES = """
sources:
  - name: raw
    schema: raw
    tables:
      - name: sales
        config:
          meta:
            place: s3://bucket/shop
            pattern: "**/*.csv*"
            credentials: {key: {setting: SHOP_ID}, secret: {setting: SHOP_KEY}, endpoint_url: {setting: SHOP_URL}}
        columns:
          - {name: id, data_type: integer}
          - {name: amount, data_type: "decimal(8, 2)"}
      - name: local
        columns:
          - {name: id, data_type: integer}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Any]]:
    """Serve S3 with an empty bucket."""
    with s3_server() as found:
        yield found


@pytest.fixture
def s3(server: tuple[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client of an empty bucket, and let the settings and S3's own variables lead there."""
    url, client = server
    for name, value in {"SHOP_URL": url, "AWS_ENDPOINT_URL": url, "SHOP_ID": "an-id", "SHOP_KEY": KEY}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    return client


@pytest.fixture
def lab(labs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a lab with a raw table from a place and one of local files."""
    made = small_lab(labs_dir, SOURCES, monkeypatch)
    (made.raw_dir / "local.csv").write_text("id\n1\n")
    return made


def load_now(lab: Lab) -> tuple[Loaded | PlatformError, list[Any]]:
    """Load the lab; return what came of it, and the rows of the table in question."""
    return loaded_now(lab, "sales", "select id, amount::varchar from raw.sales order by 1")


def put(s3: Any, **files: bytes) -> None:
    """Put objects."""
    for name, content in files.items():
        s3.put_object(Bucket=BUCKET, Key=f"shop/{name.replace('_csv', '.csv').replace('__', '/')}", Body=content)


def test_a_place_is_fetched_when_it_has_changed(lab: Lab, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of any folder come in and the same are not copied again; a changed one is, and one that is gone goes."""
    put(s3, a_csv=b"id,amount\n1,1.10\n", more__a_csv=b"id,amount\n2,x\n3,3\n4,4\n")
    assert load_now(lab) == (Loaded({"sales": 3, "local": 1}, 1), [(1, "1.10"), (3, "3.00"), (4, "4.00")])
    with monkeypatch.context() as patch:
        patch.setattr("labs.places.copy_files", None)
        assert load_now(lab)[0] == Loaded({}, 0)
    put(s3, a_csv=b"id,amount\n1,1.11\n")
    s3.delete_object(Bucket=BUCKET, Key="shop/more/a.csv")
    assert load_now(lab) == (Loaded({"sales": 1}, 0), [(1, "1.11")])
    # What somebody has done to the copy does not count.
    (lab.raw_dir / "sales" / "a.csv").write_text("id,amount\n9,9\n")
    assert load_now(lab)[1] == [(1, "1.11")]


def test_a_place_without_files_leaves_the_table(lab: Lab, s3: Any) -> None:
    """No file, a name that is no table's, or no server is told; the table stays, and other tables are loaded."""
    put(s3, a_csv=b"id,amount\n1,1\n")
    assert isinstance(load_now(lab)[0], Loaded)
    put(s3, b_csv_bak=b"id,amount\n2,2\n")
    (lab.raw_dir / "local.csv").write_text("id\n1\n2\n")
    found, rows = load_now(lab)
    assert isinstance(found, InputError)
    assert "not called as a file of a table: `s3://bucket/shop/b.csv_bak`" in found.message
    assert rows == [(1, "1.00")]
    for name in ("a.csv", "b.csv_bak"):
        s3.delete_object(Bucket=BUCKET, Key=f"shop/{name}")
    found, rows = load_now(lab)
    assert isinstance(found, InputError)
    assert "no file at `s3://bucket/shop/**/*.csv*`" in found.message
    assert rows == [(1, "1.00")]


def test_a_failed_copy_leaves_the_files(lab: Lab, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of several files cannot be copied, none of them is replaced."""
    put(s3, a_csv=b"id,amount\n1,1\n", b_csv=b"id,amount\n2,2\n")
    assert isinstance(load_now(lab)[0], Loaded)
    put(s3, a_csv=b"id,amount\n1,5\n", b_csv=b"id,amount\n2,5\n")
    with monkeypatch.context() as patch:
        patch.setattr("shared.places.remote.BLOCK_BYTES", 4)
        patch.setattr("shared.places.remote.RemotePlace._version", lambda self, path, mark, content: path[-5:])
        found, rows = load_now(lab)
    assert isinstance(found, SourceUnavailable)
    assert rows == [(1, "1.00"), (2, "2.00")]
    assert not list((lab.raw_dir / "sales").glob(".*.fetched"))
    assert load_now(lab)[1] == [(1, "5.00"), (2, "5.00")]


def test_settings_are_told_and_values_are_not(
    lab: Lab, labs: Labs, s3: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`list` and `status` say where tables come from and which settings are set; a missing one is named by a load."""
    monkeypatch.delenv("SHOP_ID")
    assert labs("list") == 0
    assert labs("status") == 0
    shown = "".join(capfd.readouterr())
    told = "sales: from s3://bucket/shop/**/*.csv*, SHOP_ID is not set, SHOP_KEY is set, SHOP_URL is set"
    assert shown.count(told) == 2
    assert labs("list", "--json") == 0
    (sales, local) = json.loads(capfd.readouterr().out)["labs"][0]["raw"]
    assert sales["files"] == ["s3://bucket/shop/**/*.csv*"]
    assert sales["settings"] == {"SHOP_ID": False, "SHOP_KEY": True, "SHOP_URL": True}
    assert local["settings"] == {}
    assert (sales["fetched"], local["fetched"]) == (True, False)
    found, _ = load_now(lab)
    assert isinstance(found, ConfigurationError)
    assert found.message == "SHOP_ID is not set"
    assert KEY not in shown + "".join(capfd.readouterr())


def test_lab_is_made_from_a_place(labs: Labs, labs_dir: Path, s3: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """`new-lab --from s3://…` declares the place with the variables' names; where it fails, nothing is left."""
    before = sorted(labs_dir.iterdir())
    put(s3, visits_csv_gz=b"")
    assert labs("new", "lab9_visits", "--from", "s3://bucket/shop/none.csv") == 2
    assert "no file at `s3://bucket/shop/none.csv`" in capfd.readouterr().err
    assert labs("new", "lab9_visits", "--from", "s3://bucket/shop/a.csv", "--credential", f"secret={KEY}") == 2
    assert KEY not in capfd.readouterr().err
    assert sorted({*labs_dir.iterdir()} - {labs_dir / "labs_config.yaml.lock"}) == before
    s3.put_object(Bucket=BUCKET, Key="shop/visits.csv.gz", Body=gzip.compress(b"id,amount\n1,1.10\n2,2.20\n"))
    address, names = "s3://bucket/shop/visits.csv.gz", ("key=SHOP_ID", "secret=SHOP_KEY", "endpoint_url=SHOP_URL")
    assert labs("new", "lab9_visits", "--from", address, "--credential", *names) == 0
    lab = find_lab("lab9_visits")
    written = "".join(path.read_text() for path in lab.folder.rglob("*.yml"))
    assert '"place": "s3://bucket/shop", "pattern": "visits.csv.gz"' in written
    assert '"secret": {"setting": "SHOP_KEY"}' in written
    assert KEY not in written
    assert labs("lab9_visits", "load") == 0
    assert "visits: 2 rows" in "".join(capfd.readouterr())
    assert labs("lab9_visits", "check") == 0
    assert f"visits: from {address}, SHOP_ID is set, SHOP_KEY is set" in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"place": "data/raw"}, "no place behind a server"),
        ({"place": "ftp://bucket/shop"}, "no place that files are read from"),
        ({"place": "sftp://me:hush@host/shop"}, "a password in the place of `x`"),
        ({"place": "s3://bucket/shop", "credentials": "hush"}, "no credentials"),
        ({"place": "s3://bucket/shop", "credentials": {"secret": "hush"}}, "in `x`: `secret`"),
        ({"place": "az://bucket/shop", "credentials": {"client_secret": "hush"}}, "in `x`: `client_secret`"),
        ({"place": "s3://bucket/shop", "credentials": {"client_kwargs": {"aws_key": "hush"}}}, "in `x`: `aws_key`"),
        ({"place": "s3://bucket/shop", "credentials": {"endpoint_url": "https://a:hush@b"}}, "in `x`: `endpoint_url`"),
    ],
)
def test_what_is_no_place_is_refused(said: dict[str, Any], message: str) -> None:
    """A declaration that names no place, or has a password in it, is an error that does not show it."""
    with pytest.raises(ConfigurationError, match=message) as told:
        Place.of(said, "x")
    assert "hush" not in str(told.value)
