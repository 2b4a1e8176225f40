"""One core for the DuckDB of each test, as suites run side by side: on few rows further threads only wake one another.

pytest.ini loads it. What is to hold on any number of cores is marked `all_cores`, or made within `all_cores()`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MARK = "all_cores"
# Where a scheduler gave a job part of a machine, DuckDB learns it from this variable; so it does in child processes.
VARIABLE = "SLURM_CPUS_ON_NODE"


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}: DuckDB has every core of the machine, where other tests give it one")


# Before its fixtures, and those it shares with later tests.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say how many cores the test that comes next has."""
    if item.get_closest_marker(MARK):
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = "1"


@contextmanager
def all_cores() -> Iterator[None]:
    """Give DuckDB every core of the machine while a fixture makes what tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        yield
