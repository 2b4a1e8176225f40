"""Any table in any file is read back exactly, or with a bad row for each row that differs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from shared.tables import Scratch
from shared.testing.table_properties import read_as_declared, read_as_found
from shared.testing.tables import Written, written_tables

# `benchmarks/tables.py` reads thousands. What reads is DuckDB, the same for each Python: on the oldest, fewer find what
# is Python's own.
EXAMPLES = 200 if sys.version_info >= (3, 12) else 50


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    """Return a database for all files: to make one takes as long as to read a file."""
    with Scratch() as made:
        yield made


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=written_tables())
def test_table_is_read_back(scratch: Scratch, written: Written) -> None:
    """Declared, each row has its values and line or is bad; not declared, a file is refused or no value changes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        read_as_declared(written, path, scratch)
        read_as_found(written, path, scratch)
