"""Ctrl-C while Splink works."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest
from splink import DuckDBAPI

from shared.command_line import command

SLOW = "select sum(a.range * b.range) as x from range(1000000) as a, range(1000000) as b"


def test_interrupt_in_splinks_sql_is_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C during a query of Splink's, which makes an error of its own of it, ends the command as 130."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def main(_: Sequence[str]) -> None:
        api = DuckDBAPI(duckdb.connect())
        api.register(pa.table({"unique_id": [1]}))
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        api._execute_sql(SLOW, "slow")

    try:
        assert command(main, []) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "error:" not in capsys.readouterr().err
