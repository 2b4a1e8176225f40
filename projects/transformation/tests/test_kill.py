"""A build that is killed at any moment and run again ends like one that was not."""

from __future__ import annotations

import os
import random
import time

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


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_build_ends_right_when_run_again(on_complete: Platform, seed: int) -> None:
    """After kill -9 amid history, incremental rows and swaps of tables, a rerun gives the rows of a quiet run."""
    on_complete.sql(*CHANGES)
    changed = on_complete.path.with_name("changed.duckdb")
    changed.write_bytes(on_complete.path.read_bytes())
    assert on_complete.transform("build").code == 0
    expected = on_complete.hashes()

    on_complete.start_from(changed)
    process = on_complete.start("build")
    time.sleep(random.Random(seed).uniform(FIRST, LAST))
    process.kill()
    process.wait()
    done = on_complete.transform("build")
    assert done.code == 0, done.err
    assert on_complete.hashes() == expected
