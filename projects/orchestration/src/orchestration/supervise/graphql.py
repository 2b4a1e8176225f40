"""Ask Dagster's web server, by the address that `ui` prints."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from shared.web.address import split_token

SECONDS = 30
# What a code server that is still starting looks like.
UNREACHABLE = "DagsterUserCodeUnreachableError"
LOCATIONS = """{ workspaceOrError { __typename ... on Workspace { locationEntries { locationOrLoadError {
    __typename ... on PythonError { message causes { message } } } } } } }"""


def query(address: str, text: str, **variables: object) -> dict[str, Any]:
    """Return the data that answers a GraphQL query.

    Args:
        address: The web server's, with the token that it asks for.
        text: The query.
        variables: Its variables.

    Raises:
        OSError: Nobody answers, or not with data.
    """
    body = json.dumps({"query": text, "variables": variables}).encode()
    server, token = split_token(address)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = Request(f"{server}/graphql", body, headers)
    try:
        # Not by a proxy: it is on this machine.
        with build_opener(ProxyHandler({})).open(request, timeout=SECONDS) as answer:
            found = json.load(answer)
    except (HTTPException, ValueError) as error:
        raise OSError(f"no answer from {server}: {error}") from error
    if found.get("errors") or not found.get("data"):
        raise OSError(f"no data from {server}: {found.get('errors')}")
    data: dict[str, Any] = found["data"]
    return data


def load_error(address: str) -> str | None:
    """Return why the code that the web server serves does not load, and "" where it does; None while it is loading."""
    try:
        workspace = query(address, LOCATIONS)["workspaceOrError"]
    except OSError:
        return None
    found = [entry["locationOrLoadError"] for entry in workspace.get("locationEntries", [])]
    if not found or any(not location or UNREACHABLE in location.get("message", "") for location in found):
        return None
    errors = [location for location in found if location["__typename"] == "PythonError"]
    if not errors:
        return ""
    innermost: str = [errors[0], *errors[0]["causes"]][-1]["message"]
    return innermost.strip()
