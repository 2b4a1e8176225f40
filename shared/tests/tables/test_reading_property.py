"""Any table in any file is read back exactly, or with a bad row for each row that differs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from shared.testing.tables import Written, written_tables
from shared.testing.table_properties import read_as_declared, read_as_found

EXAMPLES = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@EXAMPLES
@given(written_tables())
def test_declared_table_is_read_back(written: Written) -> None:
    """Where it is declared how a file is written, each row has its values and line, or is bad."""
    with tempfile.TemporaryDirectory() as folder:
        read_as_declared(written, Path(folder) / "t.csv")


@EXAMPLES
@given(written_tables())
def test_found_table_is_read_back_or_refused(written: Written) -> None:
    """Where nothing is declared, a file is refused, or its texts are read and no column has a type that changes one."""
    with tempfile.TemporaryDirectory() as folder:
        read_as_found(written, Path(folder) / "t.csv")
