"""A server on loopback that wants its clients ill: it writes bytes, not answers, and knows no rule of HTTP."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from shared.testing.http import answering

LONGEST_SECONDS = 20.0
# How somebody begins who wants to be encrypted.
TLS = b"\x16"


@dataclass
class Exchange:
    """One request, and what can be done to whoever sent it.

    Attributes:
        number: Which request to the server it is, from 1.
        rows: The rows that were sent; none for a GET.
        headers: The request's, by lower-case name.
    """

    connection: socket.socket
    number: int
    path: str
    host: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)

    @property
    def page(self) -> int:
        """The number of the page that is asked for."""
        return int(self.path.partition("page=")[2].partition("&")[0] or 1)

    def link(self, page: int) -> str:
        """Return the address of a page."""
        return f"http://{self.host}/list?page={page}"

    def good(self) -> dict[str, Any]:
        """Return the right answer: to rows that each is updated, else a list of two rows."""
        if self.rows:
            return {"results": [{"customer_id": row["customer_id"], "status": "updated"} for row in self.rows]}
        return {"data": [item(1), item(2)], "total": 2, "next": None}

    def body(self) -> bytes:
        """Return the right answer as it is sent."""
        return json.dumps(self.good()).encode()

    def send(self, *parts: bytes | str) -> None:
        """Send bytes as they are."""
        for part in parts:
            self.connection.sendall(part.encode("latin-1") if isinstance(part, str) else part)

    def head(self, status: int | str = 200, **headers: object) -> None:
        """Send a status and headers, underscores for hyphens."""
        lines = [f"HTTP/1.1 {status} X", "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
        self.send("\r\n".join(line.replace("_", "-", 3) if ": " in line else line for line in lines), "\r\n\r\n")

    def reply(self, body: bytes | str | object, status: int | str = 200, **headers: object) -> None:
        """Send a sound answer: text, bytes, or anything else as JSON."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        content = body.encode() if isinstance(body, str) else body
        self.head(status, **{"Content_Type": "application/json", "Content_Length": len(content), **headers})
        self.send(content)

    def endless(self, part: bytes, seconds: float = 0.0) -> None:
        """Send the same bytes until nobody takes them any more."""
        while not self.ended.wait(seconds):
            self.send(part)

    def hang(self) -> None:
        """Say nothing until the other side has gone."""
        self.connection.settimeout(LONGEST_SECONDS)
        self.connection.recv(1)

    def reset(self) -> None:
        """Break the connection off without a farewell."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Behaviour = Callable[[Exchange], None]


def item(number: int, **more: Any) -> dict[str, Any]:
    """Return a row of a list."""
    return {"id": f"I-{number}", "name": "ann", **more}


class Server(socketserver.ThreadingTCPServer):
    """Takes connections, one request on each."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour, self.count, self.ended = behaviour, 0, Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that have had enough."""


class Handler(socketserver.StreamRequestHandler):
    """Reads a request and lets the server's behaviour answer it."""

    server: Server

    def handle(self) -> None:
        """Read a request, and answer."""
        if self.rfile.peek(1)[:1] == TLS:  # type: ignore[attr-defined]
            self.connection.sendall(b"HTTP/1.1 400 X\r\n\r\n")
            return
        _, _, path = self.rfile.readline(65_536).decode("latin-1").rpartition(" HTTP")[0].partition(" ")
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(65_536)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        rows = json.loads(body).get("customers", []) if body else []
        server = self.server
        server.count += 1
        server.behaviour(Exchange(self.connection, server.count, path, server.host, rows, headers, server.ended))


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    """Serve until the block is left."""
    server = Server(behaviour)
    with answering(server):
        try:
            yield server
        finally:
            server.ended.set()
