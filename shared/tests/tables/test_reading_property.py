"""Any table in any file is read back exactly, or with a bad row for each row that differs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from shared.tables import Scratch
from shared.testing.table_properties import read_as_declared, read_as_found
from shared.testing.tables import Written, written_tables


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(written_tables())
def test_table_is_read_back(written: Written) -> None:
    """Declared, each row has its values and line or is bad; not declared, a file is refused or no value changes."""
    with tempfile.TemporaryDirectory() as folder, Scratch() as scratch:
        path = Path(folder) / "t.csv"
        read_as_declared(written, path, scratch)
        read_as_found(written, path, scratch)
