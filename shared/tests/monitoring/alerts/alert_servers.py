"""What takes alerts in the tests: a webhook over real HTTP and a mail server over real SMTP, both on loopback."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shared.testing.http import answering

TOKEN = "T0KEN-that-nobody-may-see"


@dataclass
class Webhook:
    """What the webhook was asked, and what it is to answer.

    Attributes:
        payloads: The body of each request.
        answers: Status and headers for the next requests, one each; 200 once they are used up.
        on_request: Called before the answer.
    """

    url: str = ""
    payloads: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None

    @property
    def titles(self) -> list[str]:
        """The title of each alert that came."""
        return [payload["text"].partition("\n")[0] for payload in self.payloads]


class QuietServer(ThreadingHTTPServer):
    """A server that does not complain about clients that refuse its certificate or are killed."""

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving_webhook(context: ssl.SSLContext | None = None) -> Iterator[Webhook]:
    """Serve a webhook, with TLS where there is a context."""
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        """Answers a POST to the right path, and anything else with 404."""

        def do_POST(self) -> None:
            """Take a payload."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if TOKEN not in self.path or self.headers["Content-Type"] != "application/json":
                self.send_error(404)
                return
            webhook.payloads.append(json.loads(body))
            webhook.on_request()
            status, headers = webhook.answers.pop(0) if webhook.answers else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    webhook.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/services/{TOKEN}"
    with answering(server):
        yield webhook


@contextmanager
def silent_server() -> Iterator[int]:
    """Return the port of a server that takes a connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with silent_server() as port:
        return port


@dataclass
class MailServer:
    """What the mail server got: aiosmtpd asks it about each recipient and hands it each message.

    Attributes:
        refused: Addresses that it does not take.
        login: Whose login it takes, and with which password.
    """

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refused: tuple[str, ...] = ()
    login: tuple[str, str] = ("platform", "the pass phrase of the tests")

    @property
    def messages(self) -> list[EmailMessage]:
        """Each message that came."""
        parser = BytesParser(policy=default)
        return [parser.parsebytes(cast(bytes, envelope.content)) for envelope in self.envelopes]

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, session: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
        """Take or refuse a login."""
        self.logins.append(data.login.decode())
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self.login, handled=False)


class AnyPort(Controller):
    """A controller that lets the system choose the port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def serving_mail(**options: Any) -> Iterator[MailServer]:
    """Serve SMTP; aiosmtpd's options decide about TLS and login."""
    server = MailServer()
    controller = AnyPort(server, "127.0.0.1", 0, authenticator=server.authenticate, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
