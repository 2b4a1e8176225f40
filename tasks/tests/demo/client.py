"""A plain HTTP client for the tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any


def ask(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any, str | None]:
    """Send a GET, or a POST where there is a body; return status, JSON and Retry-After."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response), None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers["Retry-After"]


def ask_until_served(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """Ask again, at once, as long as the answer is 429."""
    status, content, _ = ask(url, body, headers)
    return ask_until_served(url, body, headers) if status == 429 else (status, content)
