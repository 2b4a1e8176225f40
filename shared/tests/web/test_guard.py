"""Whom the guard of a web application lets in, by what a request shows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from shared.errors import UserError
from shared.web.access import Access, public_origin
from shared.web.address import new_token, split_token, with_token
from shared.web.guard import guarded

# In the names of tests, which every worker has to give alike.
TOKEN = "q0-Xv_" * 7
HOST = "127.0.0.1:3000"
OWN = f"http://{HOST}"
PUBLIC = "https://dagster.example"
COOKIE = {"cookie": f"other=1; token-3000={TOKEN}"}
BEARER = {"authorization": f"Bearer {TOKEN}"}
JSON = {"content-type": "application/json"}
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FRAME = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
IMAGE = {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
PAGE = {"accept": "text/html,*/*"}


async def echo(request: Request) -> PlainTextResponse:
    """Answer with what reached the application."""
    return PlainTextResponse(f"{request.method} {request.url.query}", headers={"Content-Security-Policy": "own"})


async def greet(socket: WebSocket) -> None:
    """Greet who is let in."""
    await socket.accept(subprotocol="graphql-ws")
    await socket.send_text("hello")
    await socket.close()


APP = Starlette(
    routes=[WebSocketRoute("/graphql", greet), Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"])]
)


def client(token: str | None = TOKEN) -> TestClient:
    """Return what asks an application that a guard stands before, and follows no redirect."""
    app = guarded(APP, Access(3000, token, [PUBLIC], "It is printed <there>."))
    return TestClient(app, base_url=OWN, follow_redirects=False)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        # Who shows the token, to a host that is ours.
        ("GET", "/", COOKIE, 200),
        ("GET", "/", BEARER, 200),
        ("GET", "/server_info", {}, 403),
        ("GET", "/", {"cookie": "token-3000=guessed"}, 403),
        ("GET", "/", {"cookie": f"token-3001={TOKEN}"}, 403),
        ("GET", "/", {"authorization": f"Basic {TOKEN}"}, 403),
        ("GET", "/?token=%C3%BC%ED%A0%80", {}, 403),
        ("POST", f"/x?token={TOKEN}", {}, 403),
        ("GET", "/", {**COOKIE, "host": "localhost:3000"}, 200),
        ("GET", "/", {**COOKIE, "host": "dagster.example"}, 200),
        ("GET", "/", {**COOKIE, "host": "evil.example:3000"}, 400),
        ("GET", "/", {**COOKIE, "host": "127.0.0.1.evil.example"}, 400),
        ("GET", f"/?token={TOKEN}", {"host": "evil.example"}, 400),
        # What a page of ours sends.
        ("POST", "/x", {**COOKIE, "origin": OWN, "sec-fetch-site": "same-origin"}, 200),
        ("POST", "/x", {**COOKIE, "origin": OWN}, 200),
        ("POST", "/x", {**COOKIE, "origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ("POST", "/x", {**COOKIE, "host": "dagster.example", "origin": PUBLIC}, 200),
        ("POST", "/x", BEARER, 200),
        # What another origin's sends, a port being one.
        ("POST", "/x", {**COOKIE, "origin": "http://127.0.0.1:3001", "sec-fetch-site": "same-site"}, 403),
        ("POST", "/x", {**COOKIE, "origin": "http://127.0.0.1:3001"}, 403),
        ("POST", "/x", {**COOKIE, "origin": "http://localhost:3000"}, 403),
        ("POST", "/x", {**COOKIE, "origin": f"https://{HOST}"}, 403),
        ("POST", "/x", {**COOKIE, "origin": "null"}, 403),
        ("POST", "/x", {**COOKIE, "origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ("PUT", "/x", {**COOKIE, "sec-fetch-site": "cross-site"}, 403),
        ("DELETE", "/x", {**COOKIE, "sec-fetch-site": "same-site"}, 403),
        ("POST", "/x", {**COOKIE, **LINK}, 403),
        ("POST", "/x", {**BEARER, "origin": "http://evil.example"}, 403),
        ("GET", "/", {**COOKIE, **IMAGE}, 403),
        ("GET", "/", {**COOKIE, **FRAME}, 403),
        ("GET", "/", {**COOKIE, **LINK}, 200),
        ("GET", "/", {**COOKIE, "sec-fetch-site": "none"}, 200),
        # GraphQL.
        ("POST", "/graphql", {**COOKIE, **JSON}, 200),
        ("POST", "/prefix/graphql", {**COOKIE, "content-type": "Application/JSON; charset=utf-8"}, 200),
        ("POST", "/graphql", COOKIE, 415),
        ("POST", "/graphql", {**COOKIE, "content-type": "text/plain"}, 415),
        ("POST", "/graphql", {**COOKIE, "content-type": "text/plain; application/json"}, 415),
        ("POST", "/graphql", {**COOKIE, "content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/graphql", {**COOKIE, "content-type": "multipart/form-data; boundary=application/json"}, 415),
        ("POST", "/graphql", {**COOKIE, "content-type": "application/graphql"}, 415),
        ("GET", "/graphql?query=mutation", COOKIE, 405),
        ("GET", "/%67raphql?query=mutation", {**COOKIE, "accept": "*/*"}, 405),
        ("GET", "/graphql", {**COOKIE, **PAGE}, 200),
    ],
)
def test_requests(method: str, path: str, headers: Mapping[str, str], status: int) -> None:
    """A request is answered by the application where it may be, and else refused."""
    assert client().request(method, path, headers={**headers}).status_code == status


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({**COOKIE, "origin": OWN}, True),
        ({**COOKIE, "host": "dagster.example", "origin": PUBLIC}, True),
        (BEARER, True),
        ({"origin": OWN}, False),
        ({**COOKIE, "origin": "http://127.0.0.1:3001"}, False),
        ({**COOKIE, "origin": "http://localhost:3000"}, False),
        ({**COOKIE, "origin": "null"}, False),
        ({**COOKIE, "sec-fetch-site": "same-site", "origin": OWN}, False),
        ({**COOKIE, **LINK, "origin": OWN}, False),
        ({**COOKIE, "host": "evil.example", "origin": "http://evil.example"}, False),
    ],
)
def test_web_sockets(headers: Mapping[str, str], is_let_in: bool) -> None:
    """A handshake is accepted for a page of ours with the token, and for no other page."""
    asked = client().websocket_connect("/graphql", subprotocols=["graphql-ws"], headers={"host": HOST, **headers})
    if is_let_in:
        with asked as socket:
            assert socket.receive_text() == "hello"
    else:
        with pytest.raises(WebSocketDenialResponse), asked:
            pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": PUBLIC, "host": "dagster.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example"}, 400),
    ],
)
def test_without_token(headers: Mapping[str, str], status: int) -> None:
    """Where a proxy knows who asks, Host and Origin are looked at all the same."""
    assert client(None).post("/x", headers={**headers}).status_code == status


def test_query_of_an_address_reaches_no_graphql() -> None:
    """What stands in GraphQL's address is taken away before the application could run it."""
    asked = client().post("/graphql?query=mutation", headers={**COOKIE, **JSON})
    assert asked.text == "POST "
    assert client().post("/x?query=mutation", headers=COOKIE).text == "POST query=mutation"


def test_token_of_the_address_becomes_a_cookie() -> None:
    """The printed address leads to the same page without the token, which a cookie for this site alone holds."""
    answer = client().get(f"/a%20b?x=%261&token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/a%20b?x=%261")
    assert answer.headers["set-cookie"] == f"token-3000={TOKEN}; HttpOnly; Path=/; SameSite=strict"
    behind = client().get(f"/?token={TOKEN}", headers={"host": "dagster.example"})
    assert behind.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example/", "/%5Cevil.example/", "/%2F/evil.example/"])
def test_redirect_stays_here(path: str) -> None:
    """No path leads who shows the token to another host."""
    location = client().get(f"{OWN}{path}?token={TOKEN}").headers["location"]
    assert location == "/evil.example/"


def test_who_is_not_let_in_reads_where_the_address_is() -> None:
    """A wrong token gets a page that says where the right one is, even beside a cookie, and nothing of the request."""
    for headers in ({}, COOKIE):
        answer = client().get("/?token=<guessed>", headers=headers)
        assert answer.status_code == 403
        assert "It is printed &lt;there&gt;." in answer.text
        assert "guessed" not in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [COOKIE, {}, {"host": "evil.example"}])
def test_no_answer_may_be_framed(headers: Mapping[str, str]) -> None:
    """Every answer forbids frames, other origins' pages and referrers, beside what the application itself asks for."""
    answer = client().get("/", headers={**headers})
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policies = answer.headers.get_list("content-security-policy")
    assert policies == [*(["own"] if headers == COOKIE else []), "frame-ancestors 'none'"]


def test_token_is_not_shown() -> None:
    """Who prints what the guard was made from sees no token, and no two tokens are alike."""
    assert TOKEN not in repr(Access(3000, TOKEN))
    assert new_token() != new_token()


def test_empty_token_is_none() -> None:
    """An empty token, which everybody could show, is a mistake of the program's."""
    with pytest.raises(ValueError, match="empty token"):
        client("")


def test_printed_address() -> None:
    """An address holds the token that it was made with, or none."""
    assert split_token(with_token(OWN, TOKEN)) == (OWN, TOKEN)
    assert split_token(with_token(OWN, None)) == (OWN, None)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Dagster.example/", PUBLIC),
        ("https://dagster.example:443", PUBLIC),
        ("http://dagster.example:8080", "http://dagster.example:8080"),
    ],
)
def test_public_address(url: str, origin: str) -> None:
    """A proxy's address is written as browsers write an origin."""
    assert public_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    ["", "dagster.example", "ftp://dagster.example", "https://a/b", "https://*.example", "https://me@a", "http://a:x"],
)
def test_no_public_address(url: str) -> None:
    """What is no address of a server is the user's mistake."""
    with pytest.raises(UserError, match="no address of a web server"):
        public_origin(url)
