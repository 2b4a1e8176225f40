"""Connections that watch the clock: every byte is read before the request's deadline, and only so many are."""

from __future__ import annotations

import http.client
import io
import socket
import time
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from shared.http.errors import BoundExceeded

# `http.client` takes a hundred header lines of 64 KiB, and any number of answers that only announce one.
HEADER_BYTES = 262_144


class Watch:
    """How long the request that is under way may still take, and how many bytes of it may still come."""

    def __init__(self, seconds: float, answer_bytes: int, silence: float) -> None:
        self.seconds, self.silence = seconds, silence
        self.answer_bytes = answer_bytes
        self.start()

    def start(self) -> None:
        """Begin anew, for the next request."""
        self._ends_at = time.monotonic() + self.seconds
        self._left = self.answer_bytes + HEADER_BYTES

    def patience(self) -> float:
        """Return how many seconds to wait for the next byte.

        Raises:
            BoundExceeded: There is no time left.
            TimeoutError: The same, and nothing has come at all.
        """
        remaining = self._ends_at - time.monotonic()
        if remaining <= 0:
            if self._left == self.answer_bytes + HEADER_BYTES:
                raise TimeoutError
            raise BoundExceeded(f"an answer that takes more than {self.seconds:g} s", "HTTP_SECONDS")
        return min(self.silence, remaining)

    def take(self, count: int) -> None:
        """Note bytes that have come.

        Raises:
            BoundExceeded: They are too many.
        """
        self._left -= count
        if self._left < 0:
            raise too_long(self.answer_bytes)


def too_long(answer_bytes: int) -> BoundExceeded:
    """Return the error for an answer with too many bytes."""
    return BoundExceeded(f"an answer of more than {answer_bytes:,} bytes", "HTTP_ANSWER_BYTES")


class WatchedFile(io.RawIOBase):
    """What comes out of a socket, under a watch."""

    def __init__(self, source: socket.socket, watch: Watch) -> None:
        self._socket, self._watch = source, watch
        self._raw = source.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what comes next.

        Raises:
            BoundExceeded: Time or bytes have run out.
            TimeoutError: Nothing came for too long.
        """
        self._socket.settimeout(self._watch.patience())
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            self._watch.patience()
            raise
        self._watch.take(count or 0)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class WatchedSocket:
    """A socket as `http.client` wants one for an answer: something that makes a file."""

    def __init__(self, source: socket.socket, watch: Watch) -> None:
        self._file = WatchedFile(source, watch)

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return the file."""
        return io.BufferedReader(self._file)


def response_class(watch: Watch, source: socket.socket, *options: Any, **named: Any) -> http.client.HTTPResponse:
    """Return what `http.client` reads an answer with."""
    return http.client.HTTPResponse(WatchedSocket(source, watch), *options, **named)  # type: ignore[arg-type]


def watched_connection(kind: type[HTTPConnection], watch: Watch, **options: Any) -> HTTPConnection:
    """Return a connection whose answers are read under a watch."""
    made = kind(**options)
    made.response_class = partial(response_class, watch)  # type: ignore[assignment]
    return made


def watched(manager: PoolManager, watch: Watch) -> PoolManager:
    """Let a pool manager open watched connections only."""
    http_pool = type("WatchedPool", (HTTPConnectionPool,), {})
    https_pool = type("WatchedTlsPool", (HTTPSConnectionPool,), {})
    http_pool.ConnectionCls = partial(watched_connection, HTTPConnection, watch)  # type: ignore[attr-defined]
    https_pool.ConnectionCls = partial(watched_connection, HTTPSConnection, watch)  # type: ignore[attr-defined]
    manager.pool_classes_by_scheme = {"http": http_pool, "https": https_pool}
    return manager


class WatchedAdapter(HTTPAdapter):
    """Sends requests over watched connections."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        super().__init__()

    def init_poolmanager(self, *options: Any, **named: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*options, **named)
        watched(self.poolmanager, self.watch)

    def proxy_manager_for(self, proxy: str, **named: Any) -> PoolManager:
        """Make the pools for connections over a proxy."""
        return watched(super().proxy_manager_for(proxy, **named), self.watch)


class BoundedSession(requests.Session):
    """A session of requests that watches the clock, follows no redirect and keeps no cookie."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapter = WatchedAdapter(watch)

    def get_adapter(self, url: str | bytes) -> WatchedAdapter:
        """Return the adapter that watches, whatever a library that was handed the session has mounted."""
        return self._adapter

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()
        super().close()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request; its time begins now."""
        self.watch.start()
        return super().send(request, **options)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none: requests would read the whole body of an answer that redirects."""
