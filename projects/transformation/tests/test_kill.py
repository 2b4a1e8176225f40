"""A build that is cut off at any moment and run again ends like one that was not."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time

import pytest
from platforms import NO_TESTS, Platform, PostgresPlatform

# Set KILLS to kill at more moments.
KILLS = int(os.environ.get("KILLS", "1"))
# Histories, incremental rows, swapped tables and what is made of them.
BUILD = ("build", "core", *NO_TESTS, "--select", "+fct_sales", "+dim_customer", "agg_household_sales")
CHANGES = (
    "update raw.crm_customers set suburb = 'Bega', _dlt_load_id = '1763886400.25' where customer_id < 'C-01000'",
    "update raw.pos_products set department = 'DELI', _dlt_load_id = '1763886400.5' where department = 'MEAT'",
    "update raw.pos_transactions set sales_value = sales_value + 1, _dlt_load_id = '1763886400.75' "
    "where product_id % 3 = 0",
    "delete from raw.pos_transactions where product_id % 7 = 0",
)
Hashes = dict[str, tuple[int, int]]
quiet_runs: dict[str, Hashes] = {}


@pytest.fixture
def expected(platform: Platform) -> Hashes:
    """Make the platform one with changes in raw, and return what a build of it leaves when nobody disturbs it."""
    if platform.engine not in quiet_runs:
        platform.start_from("complete")
        platform.sql(*CHANGES, role="ingress")
        platform.keep("changed")
        assert platform.transform(*BUILD).code == 0
        quiet_runs[platform.engine] = platform.hashes()
    platform.start_from("changed")
    return quiet_runs[platform.engine]


def wait_amid(process: subprocess.Popen[str], seed: int) -> None:
    """Wait until dbt has built some of its nodes, by its progress, and for a part of a node more."""
    chance = random.Random(seed)
    share = chance.choice((0.25, 0.5, 0.75))
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        progress = re.search(r"(\d+) of (\d+) nodes", line)
        if progress and int(progress[1]) >= share * int(progress[2]):
            time.sleep(chance.uniform(0, 0.1))
            return
    pytest.fail(f"the build ended before it was at {share:.0%}: {''.join(said)}")


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_build_ends_right_when_run_again(platform: Platform, expected: Hashes, seed: int) -> None:
    """After kill -9 amid history, incremental rows and swaps of tables, a rerun gives the rows of a quiet run."""
    process = platform.start(*BUILD)
    wait_amid(process, seed)
    process.kill()
    process.communicate()
    done = platform.transform(*BUILD)
    assert done.code == 0, done.err
    assert platform.hashes() == expected


@pytest.mark.parametrize("engine", ["postgres"])
@pytest.mark.parametrize("seed", range(KILLS))
def test_a_build_outlives_the_server(platform: PostgresPlatform, expected: Hashes, seed: int) -> None:
    """When the server is killed amid a build, the build says so and what to do; run again, it ends like a quiet run."""
    port = platform.server.port
    process = platform.start(*BUILD)
    wait_amid(process, seed)
    try:
        platform.server.kill()
        said, _ = process.communicate(timeout=60)
    finally:
        platform.server.start(port)
    assert process.returncode == 1, said
    assert "error: " in said
    # Whatever it was doing: opening the warehouse, running dbt, or entering the results.
    assert "run it again" in said or "run the command again" in said
    assert "in projects/transformation" not in said
    assert "Traceback" not in said
    done = platform.transform(*BUILD)
    assert done.code == 0, done.err
    assert platform.hashes() == expected
