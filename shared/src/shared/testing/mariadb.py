"""A MariaDB server of the tests' own, where the machine has the programs: on loopback, in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pymysql  # type: ignore[import-untyped]
import pytest
from pymysql.cursors import Cursor  # type: ignore[import-untyped]

from shared.postgres.server import free_port

# A server is no command that users have on their path.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
PASSWORD = "an-unlikely+pass/word"
SMALL = (
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-fast-shutdown=2",
    "--skip-name-resolve",
)
SERVING = ("--innodb-doublewrite=0", "--performance-schema=0", "--key-buffer-size=1M", "--bind-address=127.0.0.1")
numbers = count(1)


def program(name: str) -> str:
    """Return where a program is, or skip the test."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"MariaDB is not installed: `{name}` (.ci/packages installs it)")
    return found


@cache
def server() -> int:
    """Start the server, which ends with the tests, and return its port; root has no password."""
    install, serve = program("mariadb-install-db"), program("mariadbd")
    folder = Path(mkdtemp(prefix="mariadb-"))
    owner = ["--user=root"] if os.getuid() == 0 else []
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *owner, *SMALL]
    without = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run([install, *common, *without], check=True, capture_output=True, timeout=120)
    port = free_port()
    listening = [f"--port={port}", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([serve, *common, *SERVING, *listening], stdout=log, stderr=log)
    atexit.register(end, process, folder)
    deadline = time.monotonic() + 60
    while True:
        try:
            connect(port).close()
        except pymysql.err.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            return port


def end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Stop the server and remove what it wrote."""
    process.terminate()
    process.wait(timeout=60)
    shutil.rmtree(folder)


def connect(port: int, database: str | None = None) -> pymysql.Connection[Cursor]:
    """Open a session as the administrator."""
    return pymysql.connect(host="127.0.0.1", port=port, user="root", database=database, autocommit=True)


@contextmanager
def mariadb(may: str = "select") -> Iterator[tuple[Cursor, str]]:
    """Make a database, and yield a cursor on it and the URL of a login that may do this much in it: only read, say."""
    port, name = server(), f"shop_{next(numbers)}"
    with closing(connect(port)) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name} character set utf8mb4")
        cursor.execute(f"use {name}")
        cursor.execute(f"create user {name}@'%%' identified by %s", (PASSWORD,))
        cursor.execute(f"grant {may} on {name}.* to {name}")
        secret = PASSWORD.replace("/", "%2F").replace("+", "%2B")
        yield cursor, f"mariadb://{name}:{secret}@127.0.0.1:{port}/{name}"
        cursor.execute(f"drop database {name}")
        cursor.execute(f"drop user {name}")
