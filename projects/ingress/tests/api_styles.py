"""APIs in the styles of others, on loopback: each knows its login, pages its list, and says what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from shared.testing.http import answering

Answer = tuple[int, Mapping[str, str], Any]


@dataclass
class Api:
    """A server of lists.

    Attributes:
        answer: Given itself, a path, its query and the request's headers, says what is answered.
        rows: What it has.
        asked: The requests that came, as they came.
        sent: The JSON that came with them.
        tokens: How many it has given out.
    """

    answer: Callable[[Api, str, dict[str, str], Mapping[str, str]], Answer]
    rows: list[dict[str, Any]]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: int = 0
    sent: list[Any] = field(default_factory=list)

    def answered(self, target: str, form: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Return the answer to a request as it is sent."""
        self.asked.append(target)
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(form or parts.query).items()}
        if form.startswith("{"):
            query = json.loads(form)
            self.sent.append(query)
        status, more, body = self.answer(self, parts.path, query, headers)
        return status, more, json.dumps(body).encode()


@contextmanager
def listening(answered: Callable[[str, str, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]) -> Iterator[str]:
    """Answer requests, by their target, form and headers, until the block is left; the address is returned."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.handle_with("")

        def do_POST(self) -> None:
            self.handle_with(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def handle_with(self, form: str) -> None:
            status, headers, sent = answered(self.path, form, dict(self.headers))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *arguments: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with answering(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    """Serve until the block is left."""
    with listening(api.answered) as api.url:
        yield api


def github(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer as GitHub does: a bearer's list of issues, the next page in the header `Link`, changes by `since`."""
    if headers["Authorization"] != "Bearer gh-token-1234":
        return 401, {}, {"message": "Bad credentials"}
    rows = [row for row in api.rows if row["updated_at"] >= query.get("since", "")]
    page, size = int(query.get("page", 1)), int(query["per_page"])
    more = page * size < len(rows)
    since = f"&since={query['since']}" if "since" in query else ""
    link = {"Link": f'<{api.url}{path}?page={page + 1}&per_page={size}{since}>; rel="next"'} if more else {}
    return 200, link, rows[(page - 1) * size : page * size]


def stripe(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer as Stripe does: basic login, the next page by the last row's id, `has_more`."""
    if headers["Authorization"] != "Basic c2tfdGVzdF8xMjM0Og==":
        return 401, {}, {"error": {"message": "Invalid API Key"}}
    ids = [str(row["id"]) for row in api.rows]
    begin = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
    end = begin + int(query["limit"])
    return 200, {}, {"object": "list", "data": api.rows[begin:end], "has_more": end < len(ids)}


def salesforce(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer as Salesforce does: a token for client credentials, `nextRecordsUrl`, `totalSize`."""
    if path == "/services/oauth2/token":
        if (query["grant_type"], query["client_id"], query["client_secret"]) != (
            "client_credentials",
            "me",
            "s3cret-9",
        ):
            return 400, {}, {"error": "invalid_client"}
        api.tokens += 1
        return 200, {}, {"access_token": f"token-{api.tokens}-of-it", "token_type": "Bearer"}
    # The first token is taken back after two pages.
    good = "token-1-of-it" if len(api.asked) < 4 else "token-2-of-it"
    if headers["Authorization"] != f"Bearer {good}":
        return 401, {}, [{"errorCode": "INVALID_SESSION_ID"}]
    begin = int(path.rpartition("-")[2]) if "-" in path else 0
    body: dict[str, Any] = {"totalSize": len(api.rows), "records": api.rows[begin : begin + 2]}
    if begin + 2 < len(api.rows):
        body["nextRecordsUrl"] = f"/services/data/query/01g-{begin + 2}"
    return 200, {}, body | {"done": "nextRecordsUrl" not in body}


def plain(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer by page number or offset, with a key in a header or in the query."""
    if "key-of-mine-1" not in (headers.get("X-Key"), query.get("key")):
        return 403, {}, {}
    size = int(query["limit"])
    begin = int(query["offset"]) if "offset" in query else int(query["page"]) * size
    return 200, {}, {"items": api.rows[begin : begin + size], "count": len(api.rows)}


def shop(api: Api, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
    """Answer with customers by `changed`, two a page, and the orders that each of them has, one a page."""
    kind, _, owner = path.strip("/").rpartition("/")[0].partition("/")
    if kind == "customers":
        found = next((row for row in api.rows if quote(str(row["id"]), safe="") == owner), None)
        if found is None or "orders" not in found:
            return 404, {}, {}
        rows, size = found["orders"], 1
    else:
        rows = [
            {name: row[name] for name in row if name != "orders"}
            for row in api.rows
            if row.get("changed", 0) >= int(query.get("since", 0))
        ]
        size = 2
    begin = int(query.get("offset", 0))
    return 200, {}, {"data": rows[begin : begin + size], "total": len(rows)}
