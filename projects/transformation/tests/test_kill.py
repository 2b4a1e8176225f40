"""A build that is killed at any moment and run again ends like one that was not."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Platform

# Set KILLS to kill at more moments; FIRST and LAST are the seconds between which dbt is at work.
KILLS = int(os.environ.get("KILLS", "3"))
FIRST, LAST = 2.5, 8.0
CHANGES = (
    "update raw.crm_customers set suburb = 'Bega', _dlt_load_id = '1763886400.25' where customer_id < 'C-01000'",
    "update raw.pos_products set department = 'DELI', _dlt_load_id = '1763886400.5' where department = 'MEAT'",
    "update raw.pos_transactions set sales_value = sales_value + 1, _dlt_load_id = '1763886400.75' "
    "where product_id % 3 = 0",
    "delete from raw.pos_transactions where product_id % 7 = 0",
)


@pytest.fixture(scope="module")
def quiet(folder: Path, complete: Path) -> tuple[Path, dict[str, tuple[Any, ...]]]:
    """Return a warehouse with changes in raw, and the rows that a build of it leaves when nobody disturbs it."""
    platform = Platform(folder)
    platform.start_from(complete)
    platform.sql(*CHANGES)
    changed = Path(shutil.copyfile(platform.path, folder / "changed.duckdb"))
    assert platform.transform("build").code == 0
    return changed, platform.hashes()


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_build_ends_right_when_run_again(
    folder: Path, quiet: tuple[Path, dict[str, tuple[Any, ...]]], seed: int
) -> None:
    """After kill -9 amid history, incremental rows and swaps of tables, a rerun gives the rows of a quiet run."""
    changed, expected = quiet
    platform = Platform(folder)
    platform.start_from(changed)
    process = platform.start("build")
    time.sleep(random.Random(seed).uniform(FIRST, LAST))
    process.kill()
    process.wait()
    done = platform.transform("build")
    assert done.code == 0, done.err
    assert platform.hashes() == expected
