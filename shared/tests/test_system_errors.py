"""What the operating system refuses, and that it says what to do."""

from __future__ import annotations

import errno
import os

import duckdb
import pytest

from shared.command_line import as_platform_error


def wrapped(error: Exception) -> RuntimeError:
    """Return an error as a library raises it again from one of its own."""
    outer = RuntimeError("pipeline step failed")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "exit_code", "message", "hint"),
    [
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/data/x"), 2, "nothing can be written there", "DATA_DIR"),
        (duckdb.IOException('Cannot open file "/data/x": Read-only file system'), 2, "/data/x", "DATA_DIR"),
        (
            OSError(errno.EXDEV, os.strerror(errno.EXDEV), "/a", None, "/b"),
            2,
            "'/a' -> '/b'",
            "keep all of DATA_DIR on",
        ),
        (
            NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), "/data/x"),
            2,
            "'/data/x'",
            "move the file away",
        ),
        (MemoryError(), 1, "no memory left", "WAREHOUSE_MEMORY_LIMIT"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), 1, "no memory left", "WAREHOUSE_MEMORY_LIMIT"),
        (RuntimeError("can't start new thread"), 1, "starts no more threads", "`ulimit -u`"),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), 1, "starts no more threads", "`ulimit -u`"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/data/x"), 1, "too many open files", "`ulimit -n`"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_system_refuses_has_a_hint(error: Exception, exit_code: int, message: str, hint: str) -> None:
    """It is told as what it means, with what to do, also where a library has wrapped it; retryable if it may pass."""
    known = as_platform_error(wrapped(error))
    assert (known.exit_code, known.retryable) == (exit_code, exit_code == 1)
    assert message in known.message
    assert known.hint and hint in known.hint


def test_memory_that_duckdb_may_not_use_has_a_hint() -> None:
    """DuckDB's own error at its limit names the setting of the limit."""
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as raised:
        connection.execute("set memory_limit = '4MB'")
        connection.execute("set temp_directory = ''")
        connection.execute("create table t as select range, range::text as a from range(2000000)")
    assert "WAREHOUSE_MEMORY_LIMIT" in str(as_platform_error(raised.value).hint)
