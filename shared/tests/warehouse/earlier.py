"""Warehouses as earlier versions of the platform have left them."""

from __future__ import annotations

from pathlib import Path

from shared.config import Settings
from shared.warehouse.opening import connect

LAYOUTS = sorted((Path(__file__).parent / "layouts").glob("ops_*.sql"))
LAYOUT_3 = LAYOUTS[2]


def put_back(owner: Settings, layout: Path) -> None:
    """Make the tables of `ops` what an earlier version of the platform has made and filled."""
    with connect(owner, holder="earlier", role="reader", mode="write") as warehouse:
        warehouse.execute("drop schema ops cascade; create schema ops")
        warehouse.execute(layout.read_text(encoding="utf-8"))
        if warehouse.engine == "postgres":
            warehouse.execute("grant usage on schema ops to public; grant select on all tables in schema ops to public")
