"""PostgreSQL servers of benchmarks, with the configuration that users get."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.postgres.server import LocalServer


@contextmanager
def running_server(folder: Path) -> Iterator[LocalServer]:
    """Make a server in a folder, and stop it in the end."""
    server = LocalServer(folder)
    server.create()
    server.start()
    try:
        yield server
    finally:
        server.stop()
