"""new-source: a source that loads at once, written from a look at the real thing, or nothing at all."""

from __future__ import annotations

import ast
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from api_styles import github, plain, salesforce, stripe
from conftest import Project, Serve, on_duckdb_alone
from kinds.files import BUCKET, s3_server
from new_sources import everything, new_source

NASTY = (
    'Order ID,Größe (cm),order,when,flag,zip,price,note,"x""] ; import os","{{ config(x) }}"\n'
    "1,2.5,a,31.12.2020,true,00123,10.50,,1,2\n"
    "2,,b,30.12.2020,false,10000,2,,1,2\n"
)


def test_csv_becomes_a_source_that_loads(project: Project, tmp_path: Path) -> None:
    """Types, key, conventions and nulls are found, whatever columns are called; all rows load and are staged."""
    path = tmp_path / "My Orders.csv"
    path.write_text(NASTY)
    made = new_source(project, "shop", "--from", str(path))
    assert made.load() == {"my_orders": 2}
    first = made.staged()["stg_shop__my_orders"][0]
    assert str(first["when_value"]) == "2020-12-31" and first["zip"] == "00123" and first["order_id"] == 1
