"""Logins by declaration, against a server on loopback that says how requests were signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.config.named import Setting
from shared.errors import ConfigurationError
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.errors import NoAnswer
from shared.http.login import Login
from shared.redaction import redacted
from shared.testing.http import answering

BOUNDS = HttpBounds(http_tries=1, http_seconds=10)


class Server(ThreadingHTTPServer):
    """Gives out tokens, of which the last alone is good, and says how requests are signed."""

    tokens = 0
    token_answer: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers a request."""

    server: Server

    def do_POST(self) -> None:
        """Give out a token, the last one being good from now on."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.tokens += 1
        token = {"access_token": f"a-token-numbered-{self.server.tokens}", "expires_in": "3600"}
        self.say(200, token if self.server.token_answer is None else self.server.token_answer)

    def do_GET(self) -> None:
        """Say what signs the request."""
        signed = {name: self.headers[name] for name in ("Authorization", "X-Key", "Cookie") if name in self.headers}
        old = "token" in str(signed) and f"numbered-{self.server.tokens}" not in str(signed)
        self.say(401 if old else 200, {**signed, "path": self.path})

    def say(self, status: int, content: object) -> None:
        """Answer with JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve on a free port."""
    made = Server(("127.0.0.1", 0), Handler)
    with answering(made):
        yield made


@pytest.fixture
def fetching(server: Server, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Declare a login whose tokens the server gives out."""
    monkeypatch.setenv("OWN_SECRET", "hush-hush-9")
    return {
        "type": "oauth2_client_credentials",
        "access_token_url": f"{server.url}/token",
        "client_id": "me",
        "client_secret": Setting("OWN_SECRET"),
    }


@pytest.mark.parametrize(
    ("declared", "signed"),
    [
        ({"type": "bearer", "token": "abc"}, {"Authorization": "Bearer abc"}),
        ({"type": "http_basic", "username": "jö", "password": "x:y"}, {"Authorization": "Basic asO2Ong6eQ=="}),
        ({"type": "api_key", "name": "X-Key", "api_key": "abc"}, {"X-Key": "abc"}),
        ({"type": "api_key", "name": "k", "api_key": "a b", "location": "query"}, {"path": "/a?b=1&k=a+b"}),
        ({"type": "api_key", "name": "k", "api_key": "abc", "location": "cookie"}, {"Cookie": "k=abc"}),
    ],
    ids=lambda given: str(given.get("location", given.get("type", ""))),
)
def test_each_way_to_sign(server: Server, declared: dict[str, object], signed: dict[str, str]) -> None:
    """A request has the one sign that is declared, and its address is as it was otherwise."""
    with HttpClient(server.url, BOUNDS, auth=Login(declared, BOUNDS)) as client:
        assert client.get(f"{server.url}/a?b=1").json() == {"path": "/a?b=1", **signed}


def test_token_is_fetched_once_for_all_threads(server: Server, fetching: dict[str, object]) -> None:
    """Many requests use one token; one that is refused is fetched again, once, whoever has noticed; none is shown."""
    login = Login(fetching, BOUNDS)

    def ask(_: int) -> int:
        with HttpClient(server.url, BOUNDS, auth=login) as client:
            return client.get(server.url).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(8))) == {200}
        assert server.tokens == 1
        # Another has had a token since, so the one that is known is good no more.
        server.tokens = 6
        assert set(pool.map(ask, range(8))) == {200}
        assert server.tokens == 7
    assert redacted("it is a-token-numbered-7 by hush-hush-9") == "it is *** by ***"


def test_token_is_fetched_before_it_expires(server: Server, fetching: dict[str, object]) -> None:
    """A token whose time is over is not used again."""
    server.token_answer = {"access_token": "one-that-ends", "expires_in": -1}
    login = Login(fetching, BOUNDS)
    with HttpClient(server.url, BOUNDS, auth=login) as client:
        client.get(server.url)
        client.get(server.url)
        assert server.tokens == 2


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": None}, {"access_token": ""}, {"access_token": "x", "expires_in": []}]
)
def test_answer_without_a_token(server: Server, fetching: dict[str, object], answer: dict[str, Any]) -> None:
    """An answer that has no token is told, with the settings to look at."""
    server.token_answer = answer
    with (
        HttpClient(server.url, BOUNDS, auth=Login(fetching, BOUNDS)) as client,
        pytest.raises(NoAnswer, match="the answer has no `access_token`") as caught,
    ):
        client.get(server.url)
    assert caught.value.hint == "look at OWN_SECRET"


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"type": "klingon"},
        {"type": "bearer"},
        {"type": "bearer", "token": ""},
        {"type": "bearer", "token": "hush", "x": 1},
        {"type": "bearer", "token": "hush\r"},
        {"type": "api_key", "api_key": "hush €"},
        {"type": "api_key", "api_key": "hush\nX: 1", "location": "cookie"},
    ],
)
def test_what_is_no_login(declared: dict[str, object]) -> None:
    """What is missing, unknown or too much is told at once; no value is shown."""
    with pytest.raises(ConfigurationError, match="not a login: ") as caught:
        Login(declared, BOUNDS)
    assert "hush" not in str(caught.value)


def test_key_in_the_address_may_be_any_text() -> None:
    """What is written as part of an address is escaped there, and may hold what no header can."""
    assert Login({"type": "api_key", "api_key": "hush €", "location": "query"}, BOUNDS).renew() is False
