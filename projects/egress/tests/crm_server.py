"""A CRM for the tests: the API of the contract over real HTTP on loopback, with faults on demand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.testing.http import answering

Row = dict[str, Any]
Fault = Callable[["Handler", bytes], None]


@dataclass
class Crm:
    """What the CRM holds and what it has been asked.

    Attributes:
        customers: The rows that it holds.
        changes: How many rows it has written, a row twice when it was written twice.
        keys: The Idempotency-Key of each request, in order, whatever was answered.
        batches: The rows of each request, in order.
        faults: What to do instead of the true answer, one for each request from the next one on.
        rejects: The reasons why rows are rejected, by customer_id.
    """

    url: str = ""
    customers: dict[str, Row] = field(default_factory=dict)
    changes: int = 0
    keys: list[str] = field(default_factory=list)
    batches: list[list[Row]] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    rejects: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)

    def take(self, key: str, body: bytes) -> tuple[int, bytes]:
        """Write rows and return the answer; a key that is known gets the answer it got before."""
        if key in self.answers:
            known, answer = self.answers[key]
            return (200, answer) if known == body else (422, b"the key was used for another body")
        results = []
        for row in json.loads(body)["customers"]:
            reason = self.rejects.get(row["customer_id"])
            if reason is None:
                self.customers[row["customer_id"]] = row
                self.changes += 1
            status = "rejected" if reason else "updated"
            results.append({"customer_id": row["customer_id"], "status": status, "reason": reason})
        answer = json.dumps({"results": results}).encode()
        self.answers[key] = (body, answer)
        return 200, answer


class Handler(BaseHTTPRequestHandler):
    """Answers `POST /customers/batch`."""

    crm: Crm
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take the request down, then answer it or do what the next fault says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/customers/batch"
        self.crm.keys.append(self.headers["Idempotency-Key"])
        self.crm.batches.append(json.loads(body)["customers"])
        fault = self.crm.faults.pop(0) if self.crm.faults else None
        if fault:
            fault(self, body)
        else:
            self.answer(*self.take(body))

    def take(self, body: bytes) -> tuple[int, bytes]:
        """Let the CRM take the rows, and return its answer."""
        return self.crm.take(self.headers["Idempotency-Key"], body)

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        """Send an answer; one that nobody waits for any more is lost."""
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and change nothing."""
    return lambda handler, body: handler.answer(code, b"not now", **headers)


def content(text: str) -> Fault:
    """Take the rows, but answer with this text."""

    def fault(handler: Handler, body: bytes) -> None:
        handler.take(body)
        handler.answer(200, text.encode())

    return fault


def lose_answer(handler: Handler, body: bytes) -> None:
    """Take the rows and break the connection off."""
    handler.take(body)
    handler.close_connection = True


def hang(seconds: float) -> Fault:
    """Take the rows and answer later than anybody waits."""

    def fault(handler: Handler, body: bytes) -> None:
        result = handler.take(body)
        time.sleep(seconds)
        handler.answer(*result)

    return fault


def leave_out_last(handler: Handler, body: bytes) -> None:
    """Take the rows, but answer for all of them except the last one."""
    code, answer = handler.take(body)
    handler.answer(code, json.dumps({"results": json.loads(answer)["results"][:-1]}).encode())


@contextmanager
def serving() -> Iterator[Crm]:
    """Serve a CRM on a free port."""
    crm = Crm()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"crm": crm}))
    crm.url = f"http://127.0.0.1:{server.server_port}"
    with answering(server):
        yield crm
