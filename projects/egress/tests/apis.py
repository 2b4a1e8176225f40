"""Four APIs over real HTTP on loopback, shaped like HubSpot's, Salesforce's, Mailchimp's and Intercom's."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from shared.testing.http import answering

Row = dict[str, Any]
Reply = tuple[int, Any]


@dataclass
class Asked:
    """A request as it has come: its path decoded."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what its body says."""
        return json.loads(self.body)


@dataclass
class Api:
    """What an API holds, and what it was asked.

    Attributes:
        rows: What it holds, by the platform's key.
        asked: The requests, in the order in which they were begun.
        tokens: How many tokens it has given out, of which the last is good.
        headers: What each answer says besides.
        fault: Answers in place of the API, where it has something to say.
    """

    reply: Callable[[Api, Asked], Reply]
    url: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    fault: Callable[[Asked], Reply | None] = lambda asked: None

    def calls(self) -> list[str]:
        """Return method and path of each request but those for tokens."""
        return [f"{each.method} {each.path}" for each in self.asked if "oauth2" not in each.path]


class Handler(BaseHTTPRequestHandler):
    """Answers as the API does."""

    api: Api
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take the request down and answer it."""
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, unquote(self.path), headers, body)
        self.api.asked.append(asked)
        status, said = self.api.fault(asked) or self.api.reply(self.api, asked)
        text = said if isinstance(said, str) else json.dumps(said)
        content = b"" if said is None else text.encode()
        self.send_response(status)
        for name, value in self.api.headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def serving(reply: Callable[[Api, Asked], Reply]) -> Iterator[Api]:
    """Serve an API on a free port."""
    api = Api(reply)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"api": api}))
    api.url = f"http://127.0.0.1:{server.server_port}"
    with answering(server):
        yield api


def hubspot(api: Api, asked: Asked) -> Reply:
    """Upsert a batch: what is wrong with single inputs is among `errors`, and the status is 207 then."""
    if asked.headers.get("authorization") != "Bearer hub-token-1234":
        return 401, {"status": "error", "category": "INVALID_AUTHENTICATION"}
    inputs = asked.json()["inputs"]
    if len(inputs) > 100 or asked.path != "/crm/v3/objects/contacts/batch/upsert":
        return 400, {"status": "error", "message": "no more than 100 inputs"}
    results, errors = [], []
    for each in inputs:
        trace = each["objectWriteTraceId"]
        if "@" not in each["id"]:
            message = f"Email address {each['id']} is invalid"
            errors.append({"status": "error", "message": message, "context": {"objectWriteTraceId": [trace]}})
            continue
        api.rows[trace] = each["properties"]
        results.append({"id": str(len(api.rows)), "new": True, "objectWriteTraceId": trace})
    return (207 if errors else 200), {
        "status": "COMPLETE",
        "results": results,
        **({"errors": errors} if errors else {}),
    }


def salesforce(api: Api, asked: Asked) -> Reply:
    """Give out tokens; upsert a collection of records, answering in their order; delete by external id."""
    if asked.path == "/services/oauth2/token":
        form = parse_qs(asked.body.decode())
        if form["client_secret"] != ["sf-secret-1234"]:
            return 400, {"error": "invalid_client"}
        api.tokens += 1
        return 200, {"access_token": f"sf-token-{api.tokens}-of-it", "token_type": "Bearer"}
    if asked.headers.get("authorization") != f"Bearer sf-token-{api.tokens}-of-it":
        return 401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    if asked.method == "DELETE":
        return (
            (204, None)
            if api.rows.pop(asked.path.partition("/Ext__c/")[2], None)
            else (404, [{"errorCode": "NOT_FOUND"}])
        )
    sent = asked.json()
    assert sent["allOrNone"] is False
    said: list[Row] = []
    for record in sent["records"]:
        assert record.pop("attributes") == {"type": "Contact"}
        if "@" not in record["Email"]:
            error = {
                "statusCode": "INVALID_EMAIL_ADDRESS",
                "message": f"Email: invalid email address: {record['Email']}",
            }
            said.append({"success": False, "errors": [error]})
            continue
        created = record["Ext__c"] not in api.rows
        api.rows[record["Ext__c"]] = record
        said.append({"id": f"003{len(api.rows):015}", "success": True, "errors": [], "created": created})
    return 200, said


def mailchimp(api: Api, asked: Asked) -> Reply:
    """Put or delete a member under the hash of the address."""
    if asked.headers.get("authorization") != f"Basic {b64encode(b'platform:mc-key-1234').decode()}":
        return 401, {"title": "API Key Invalid"}
    member = asked.path.removeprefix("/3.0/lists/a1/members/")
    if asked.method == "DELETE":
        return (204, None) if api.rows.pop(member, None) else (404, {"title": "Resource Not Found"})
    row = asked.json()
    if "@" not in row["email_address"]:
        return 400, {"title": "Invalid Resource", "detail": f"{row['email_address']} looks fake or invalid"}
    assert member == hashlib.md5(row["email_address"].lower().encode()).hexdigest()
    api.rows[member] = row
    return 200, {"id": member, "status": row["status_if_new"]}


def intercom(api: Api, asked: Asked) -> Reply:
    """Create a contact; one that is there is refused."""
    if asked.headers.get("x-api-key") != "ic-key-1234" or asked.headers.get("intercom-version") != "2.11":
        return 401, {"type": "error.list", "errors": [{"code": "unauthorized"}]}
    row = asked.json()
    if row["external_id"] in api.rows:
        return 409, {"type": "error.list", "errors": [{"code": "conflict", "message": "a contact matching it exists"}]}
    if "@" not in row["email"]:
        return 422, {"type": "error.list", "errors": [{"code": "parameter_invalid", "message": "email is invalid"}]}
    api.rows[row["external_id"]] = row
    return 200, {"type": "contact", "id": "5ba682d23d7cf92bef87bfd4", "external_id": row["external_id"]}


def search(api: Api, asked: Asked) -> Reply:
    """Index, or delete, what pairs of lines say, with an item for each of them, as Elasticsearch does."""
    assert asked.headers["content-type"] == "application/x-ndjson"
    lines = iter([json.loads(line) for line in asked.body.splitlines()])
    items = []
    for line in lines:
        ((action, of),) = line.items()
        if action == "delete":
            items.append({action: {**of, "status": 200 if api.rows.pop(of["_id"], None) else 404}})
            continue
        row = next(lines)
        if "@" not in row["email"]:
            error = {"type": "mapper_parsing_exception", "reason": f"failed to parse {row['email']}"}
            items.append({action: {**of, "status": 400, "error": error}})
            continue
        items.append({action: {**of, "status": 200 if of["_id"] in api.rows else 201}})
        api.rows[of["_id"]] = row
    return 200, {"took": 1, "errors": any("error" in item for each in items for item in each.values()), "items": items}
