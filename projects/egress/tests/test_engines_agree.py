"""The same rows, delivered from either engine: the same bytes for everybody who gets them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Egress
from crm_server import serving
from table_target import customer_database

from shared.config import get_settings
from shared.postgres.server import LocalServer
from shared.testing.engines import PostgresDatabase
from shared.warehouse import open_warehouse

# A text sorts by code point wherever it is; these would not in every collation.
MAKE_ROWS = r"""
create table egress.rows as
select
    chr(cast(case i % 4 when 0 then 65 when 1 then 97 when 2 then 228 else 90 end as integer)) || '-' || i as entity_id,
    case i % 7 when 0 then '' when 1 then null when 2 then 'a"b,c''d' when 3 then 'ä€😀' when 4 then '\N'
        when 5 then ' x ' else 'line' || chr(13) || chr(10) || 'end' || chr(10) end as surname,
    cast(cast(i as decimal(18, 4)) * 12345678.9012 as decimal(18, 4)) as share,
    cast(case when i % 5 > 0 then cast(i as decimal(38)) * 123456789012345678901234567890 end as decimal(38)) as wide,
    cast(9223372036854775807 - i as bigint) as counted,
    cast(i as integer) as number,
    cast(i as smallint) as small,
    cast(i as double precision) / 7 as fraction,
    i % 3 = 0 as yes,
    date '0101-12-31' + cast(i * 30000 as integer) as day,
    timestamp '2017-01-01 12:30:00.000001' + cast(i || ' minutes' as interval) as seen,
    cast(case i % 3 when 0 then '24:00:00' when 1 then '09:30:00.5' end as time) as opens,
    cast('09:30:00+05:30' as time with time zone) as abroad,
    cast(case when i % 2 = 0 then timestamp '1969-12-31 23:59:59.5' end as timestamp) as sometimes
from generate_series(0, 49) as numbers (i);
create table egress.customer_360 as select * from egress.rows;
create table egress.retl_crm_customers as select entity_id as customer_id, rows.* from egress.rows as rows
"""


@dataclass
class Delivered:
    """What everybody got."""

    csv: bytes
    parquet: pa.Table
    requests: list[Any]
    table: list[tuple[Any, ...]]
    columns: list[tuple[Any, ...]]


def deliver(url: str, egress: Egress, project: Path, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Delivered:
    """Make the rows in a warehouse and deliver them to every target."""
    monkeypatch.setenv("WAREHOUSE_URL", url)
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as warehouse:
        for statement in MAKE_ROWS.split(";\n"):
            warehouse.execute(statement)
    with serving() as crm, customer_database(server) as customer:
        monkeypatch.setenv("CRM_API_URL", crm.url)
        monkeypatch.setenv("TABLE_TARGET_URL", customer.login.url())
        bodies: list[bytes] = []
        take: Callable[[str, bytes], tuple[int, bytes]] = crm.take
        crm.take = lambda key, body: bodies.append(body) or take(key, body)  # type: ignore[method-assign, func-returns-value]
        assert egress("run", "--all") == 0
        return Delivered(
            (project / "data/exports/customer_360.csv").read_bytes(),
            pq.read_table(project / "data/exports/customer_360.parquet"),
            bodies,
            customer.rows(),
            customer.sql(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute "
                "where attrelid = 'customer_360'::regclass and attnum > 0 order by attnum"
            ),
        )


def test_both_engines_deliver_the_same(
    egress: Egress,
    project: Path,
    postgres_database: PostgresDatabase,
    postgres_server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CSV and requests are equal byte for byte, parquet and the table in content and types."""
    one = deliver(f"duckdb:///{project}/data/warehouse.duckdb", egress, project, postgres_server, monkeypatch)
    shutil.rmtree(project / "data" / "exports")
    other = deliver(postgres_database.url, egress, project, postgres_server, monkeypatch)
    assert len(one.requests) == 13
    assert one.requests == other.requests
    assert b'"opens":"24:00:00","abroad":"09:30:00+05:30"' in one.requests[0]
    assert one.csv == other.csv
    assert one.parquet.schema == other.parquet.schema
    assert one.parquet == other.parquet
    assert one.columns == other.columns
    assert one.table == other.table
    assert len(one.table) == 50
