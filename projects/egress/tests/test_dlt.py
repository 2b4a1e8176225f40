"""Copies by dlt: what is at the destination, when it is copied, and what a copy that fails leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import CUSTOMERS, DUCKDB_ONLY, MAKE_MODELS, Egress, Sql
from test_targets import module_of

from egress.engine.models import Model
from egress.kinds.dlt.target import Dlt
from shared.config.named import Setting
from shared.testing.s3 import BUCKET, ID, KEY, s3_server

MODEL = Model("egress.customer_360", key="entity_id")
COPY = Dlt(
    "copy", MODEL, settings="COPY", destination="duckdb", dataset="crm", arguments={"credentials": Setting("COPY_FILE")}
)
LAKE = Dlt(
    "lake",
    MODEL,
    settings="LAKE",
    destination="filesystem",
    dataset="exports",
    arguments={
        "bucket_url": f"s3://{BUCKET}/lake",
        "credentials": {
            "aws_access_key_id": Setting("LAKE_ID"),
            "aws_secret_access_key": Setting("LAKE_KEY"),
            "endpoint_url": Setting("LAKE_URL"),
        },
    },
)


@pytest.fixture
def deliver(models: Sql, egress: Egress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Deliver to the targets of these tests alone, beside a warehouse with models."""
    monkeypatch.setattr("egress.cli.all_targets", lambda: {COPY: module_of(COPY), LAKE: module_of(LAKE)})
    monkeypatch.setenv("COPY_FILE", str(tmp_path / "copy.duckdb"))
    return lambda *words: egress("run", "--target", *words)


@pytest.fixture
def rows_there(tmp_path: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the database that is copied to."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as connection:
            return connection.sql(query).fetchall()

    return ask


def test_copy_holds_the_model(deliver: Callable[..., int], rows_there: Callable[[str], Any], sql: Sql) -> None:
    """Every row is there with its exact values and types, and what is unchanged is not copied again."""
    transformed = "alter table egress.customer_360 add column seen timestamp default timestamp '2024-01-31 10:00:00.5'"
    sql(transformed)
    assert deliver("copy") == 0
    kinds = rows_there("select column_name, column_type from (describe crm.customer_360)")
    assert dict(kinds)["lifetime_sales"] == "DECIMAL(18,2)"
    assert dict(kinds)["seen"] == "TIMESTAMP"
    columns = "entity_id, surname, lifetime_sales, last_purchase_date, seen"
    query = f"select {columns} from {{}}.customer_360 order by entity_id"
    assert rows_there(query.format("crm")) == sql(query.format("egress"))
    loads = rows_there("select count(*) from crm._dlt_loads")
    assert deliver("copy") == 0
    assert rows_there("select count(*) from crm._dlt_loads") == loads


@DUCKDB_ONLY
def test_changed_model_replaces_the_copy(
    deliver: Callable[..., int], rows_there: Callable[[str], Any], sql: Sql, transform: Callable[[str], None]
) -> None:
    """Rows that are changed or gone are so in the copy too; a column of another type has that type there."""
    assert deliver("copy") == 0
    sql("delete from egress.customer_360 where entity_id = 'E-3'")
    assert deliver("copy") == 0
    assert rows_there("select count(*), min(lifetime_sales) from crm.customer_360") == [(CUSTOMERS - 1, Decimal(0))]
    transform(MAKE_MODELS.replace("surname, lifetime_sales", "surname, 'x' || lifetime_sales as lifetime_sales"))
    assert deliver("copy") == 0
    assert rows_there("select lifetime_sales from crm.customer_360 where entity_id = 'E-3'") == [("x3.30",)]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Any]]:
    """Serve S3 with an empty bucket."""
    with s3_server() as found:
        yield found


@DUCKDB_ONLY
def test_copy_in_a_bucket(
    deliver: Callable[..., int],
    server: tuple[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The same declaration copies to a bucket, with secrets from settings that are named where they are missing."""
    url, client = server
    assert deliver("lake") == 2
    assert "LAKE_ID" in capfd.readouterr().err
    for name, value in {"LAKE_ID": ID, "LAKE_KEY": KEY, "LAKE_URL": url}.items():
        monkeypatch.setenv(name, value)
    assert deliver("lake") == 0
    assert KEY not in capfd.readouterr().err
    found = client.list_objects_v2(Bucket=BUCKET, Prefix="lake/exports/customer_360/")["Contents"]
    names = [one["Key"] for one in found if one["Key"].endswith(".parquet")]
    client.download_file(BUCKET, names[0], str(tmp_path / "copy.parquet"))
    rows = pq.read_table(tmp_path / "copy.parquet").to_pylist()
    assert (len(names), len(rows), rows[3]["lifetime_sales"]) == (1, CUSTOMERS, Decimal("3.30"))
