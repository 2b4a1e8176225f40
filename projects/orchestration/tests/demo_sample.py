"""A data folder with a part of the demo data."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from orchestration.graph.lists import refresh_lists

from shared.config import get_settings

DEMO_DATA = get_settings().data_dir


def take_sample(data: Path, households: str) -> None:
    """Fill a data folder with what outside systems have, and of the sales with those of some households only.

    Args:
        data: The folder.
        households: Which, as a condition on `household_id` in SQL.
    """
    sales = DEMO_DATA / "landing/pos/transactions.parquet"
    if not sales.exists():
        pytest.fail(f"no demo data in {DEMO_DATA}; run `./pixiw run demo-data` first")
    for folder in ("landing/pos", "landing/crm", "landing/supplier", "demo"):
        (data / folder).mkdir(parents=True)
        for path in (DEMO_DATA / folder).iterdir():
            # What the CRM has been sent by another platform is none of this one's.
            if path.is_file() and path.name not in (sales.name, "crm_received.json", ".lock"):
                (data / folder / path.name).hardlink_to(path)
    # What the projects have: asked once for all samples.
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WAREHOUSE_URL", "LABS_DIR"):
            patch.delenv(name, raising=False)
        refresh_lists(get_settings())
    shutil.copytree(DEMO_DATA / "orchestration", data / "orchestration")
    duckdb.sql(f"copy (select * from '{sales}' where {households}) to '{data}/landing/pos/{sales.name}'")
