"""HTTP servers of tests, in a thread of the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from threading import Thread

# A server that is told to end does so at its next look, and answers what it has taken first.
ENDING_SECONDS = 10.0


@contextmanager
def answering(server: BaseServer) -> Iterator[None]:
    """Let a server answer until the block is left, then close it."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(timeout=ENDING_SECONDS)
        server.server_close()
