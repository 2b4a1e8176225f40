"""A collector of OpenLineage events for tests: over real HTTP on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.testing.http import answering

PATH = "/api/v1/lineage"
Event = dict[str, Any]


@dataclass
class Collector:
    """What the collector got, and how it is to answer.

    Attributes:
        events: The body of each request.
        keys: The Authorization header of each.
        status: What it answers.
        delay: Seconds before it does.
    """

    url: str = ""
    events: list[Event] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    status: int = 200
    delay: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    def states(self, job: str) -> list[str]:
        """Return what was told of the runs of a job, in order."""
        return [event["eventType"] for event in self.events if event["job"]["name"] == job]

    def last(self, job: str, state: str = "COMPLETE") -> Event:
        """Return the last event of a job and state."""
        found = [event for event in self.events if event["job"]["name"] == job and event["eventType"] == state]
        assert found, f"no {state} of {job} among {sorted({event['job']['name'] for event in self.events})}"
        return found[-1]


@contextmanager
def serving_collector() -> Iterator[Collector]:
    """Serve a collector."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        """Takes an event, and lets a client keep its connection."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Take an event."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == PATH:
                collector.events.append(json.loads(body))
                collector.keys.append(self.headers["Authorization"])
            time.sleep(collector.delay)
            self.send_response(collector.status if self.path == PATH else 404)
            for name, value in collector.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}"
    with answering(server):
        yield collector
