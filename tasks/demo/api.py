"""What the demo's two outside systems have in common: JSON over HTTP on loopback, and now and then a 429.

Every fourth request to a throttled route is refused with 429 and Retry-After (1 second, the next time 0, and so on),
always the same ones, so that a demo run can be repeated. A refused request has changed nothing. Programs on this
machine are answered; what a page makes a browser send is not, nor what asks for another host.
"""

from __future__ import annotations

import itertools
import json
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

THROTTLE_EVERY = 4


@dataclass(frozen=True)
class Request:
    """A request, read to its end.

    Attributes:
        base_url: The address at which the API was asked, without a path.
        query: The query's parameters; the last one counts where a name is repeated.
        headers: The headers, by lower-case name.
        body: The body as it came.
    """

    base_url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Refused(Exception):
    """The request cannot be served: status and the reason the caller is told."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Route:
    """What answers a method and path: a function from the request to what is sent as JSON."""

    answer: Callable[[Request], object]
    throttled: bool = True


@dataclass
class Throttle:
    """Counts requests over all threads and says which are one too many."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0
    pauses: itertools.cycle[str] = field(default_factory=lambda: itertools.cycle(("1", "0")))

    def pause(self) -> str | None:
        """Return the Retry-After of a request that is refused, None for one that may pass."""
        with self.lock:
            self.count += 1
            return next(self.pauses) if self.count % THROTTLE_EVERY == 0 else None


class DemoServer(ThreadingHTTPServer):
    """An HTTP server on a free port of 127.0.0.1 for a set of routes."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, routes: Mapping[tuple[str, str], Route]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes = routes
        self.throttle = Throttle()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without asking the network for this machine's name, which takes seconds on some."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Take a client that is gone for what it is: it was stopped, which is no news here."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Finds the route, applies the throttle and writes the answer."""

    server: DemoServer

    def do_GET(self) -> None:
        """Answer a GET."""
        self.handle_request("GET")

    def do_POST(self) -> None:
        """Answer a POST."""
        self.handle_request("POST")

    def handle_request(self, method: str) -> None:
        """Answer a request, whichever way it ends."""
        # Read first: closing a connection with an unread body makes the system reset it, and the answer is lost.
        length = self.headers.get("Content-Length") or "0"
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        target = urlsplit(self.path)
        if not is_a_program(self.headers, self.server.server_port):
            self.reply(403, {"error": "only for programs on this machine"})
            return
        route = self.server.routes.get((method, target.path))
        pause = self.server.throttle.pause() if route and route.throttled else None
        if route is None:
            self.reply(404, {"error": f"no such resource: {method} {target.path}"})
        elif pause is not None:
            self.reply(429, {"error": "too many requests"}, {"Retry-After": pause})
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(target.query, keep_blank_values=True))
            self.reply(*answer(route, Request(self.server.url, query, headers, body)))

    def reply(self, status: int, payload: object, headers: Mapping[str, str] | None = None) -> None:
        """Write an answer."""
        content = json.dumps(payload).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay quiet: the demo's own steps are what a person wants to read."""


def is_a_program(headers: Message, port: int) -> bool:
    """Tell whether a request asks for this host by its name, and is sent by no page in a browser."""
    # Where a name of somebody else's leads to this machine, its page would count as ours.
    is_ours = headers.get("Host", "").lower() in (f"127.0.0.1:{port}", f"localhost:{port}")
    return is_ours and "Origin" not in headers and headers.get("Sec-Fetch-Site", "none") == "none"


def answer(route: Route, request: Request) -> tuple[int, object]:
    """Return status and content of what a route answers."""
    try:
        return 200, route.answer(request)
    except Refused as refused:
        return refused.status, {"error": refused.reason}
    except OSError as error:
        return 500, {"error": f"cannot keep what was sent: {error.strerror}"}


def serve_until_input_ends(server: DemoServer) -> None:
    """Print the address once the port is open, and serve until standard input is closed.

    Whoever starts an API holds the other end of its standard input; the system closes that however the holder ends.
    """
    print(server.url, flush=True)

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        server.shutdown()

    threading.Thread(target=wait_for_end, daemon=True).start()
    server.serve_forever(poll_interval=0.05)
