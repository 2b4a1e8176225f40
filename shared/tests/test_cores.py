"""How many cores DuckDB has in tests."""

from __future__ import annotations

import os

import duckdb
import pytest

from shared.testing.cores import VARIABLE, all_cores

THREADS = "select current_setting('threads')"


def threads() -> int:
    """Ask a new DuckDB how many threads it uses."""
    with duckdb.connect() as connection:
        (found,) = connection.execute(THREADS).fetchall()[0]
    return int(found)


def test_one_core() -> None:
    """A test's DuckDB has one thread."""
    assert threads() == 1


def test_all_cores_for_a_fixture() -> None:
    """What is made within `all_cores` has every core, and what comes after it one."""
    with all_cores():
        assert threads() >= min(2, len(os.sched_getaffinity(0)))
    assert threads() == 1


@pytest.mark.all_cores
def test_all_cores() -> None:
    """Where a test asks for it, DuckDB has the cores that the machine gives it, as for users."""
    assert VARIABLE not in os.environ
    assert threads() >= min(2, len(os.sched_getaffinity(0)))
