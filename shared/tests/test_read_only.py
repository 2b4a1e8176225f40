"""A data folder on a file system that nothing can be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.config import get_settings
from shared.testing.mounts import may_mount
from shared.warehouse import open_warehouse

PROGRAM = """
import sys
from shared.command_line import command
from shared.config import get_settings
from shared.warehouse import open_warehouse

def main(arguments):
    with open_warehouse(get_settings(), holder="test", role=arguments[0], mode=arguments[1]) as warehouse:
        print(warehouse.fetch("select count(*) from raw.t"))

sys.exit(command(main))
"""


@pytest.mark.parametrize("lock", ["kept", "lost"])
def test_a_warehouse_is_read_where_nothing_can_be_written(
    lock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader needs no lock file that it can write, or any; a writer is told that the file system is read-only."""
    data = tmp_path / "data"
    monkeypatch.setenv("DATA_DIR", str(data))
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("create table raw.t as select 1 as one")
    if lock == "lost":
        (data / "warehouse.duckdb.lock").unlink()
    script = """
        mount --bind "$DATA_DIR" "$DATA_DIR" && mount -o remount,ro,bind "$DATA_DIR" || exit 9
        "$0" -c "$1" reader read; echo "exit $?"
        "$0" -c "$1" ingress write; echo "exit $?"
    """
    line = [*may_mount(), "sh", "-c", script, sys.executable, PROGRAM]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.stdout.splitlines() == ["[(1,)]", "exit 0", "exit 2"], done.stderr
    assert "error: nothing can be written there: " in done.stderr
    assert "hint: make the file system writable" in done.stderr
