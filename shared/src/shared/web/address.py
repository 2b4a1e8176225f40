"""The address that a person opens: a server's own, with the token that lets its reader in. Needs no Starlette."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

PARAMETER = "token"


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def with_token(url: str, token: str | None) -> str:
    """Return the address that lets in who opens it; the server's own where it asks for no token."""
    return f"{url}/?{PARAMETER}={token}" if token else url


def split_token(address: str) -> tuple[str, str | None]:
    """Return a server's own address, and the token that came with it."""
    parts = urlsplit(address)
    token, *_ = parse_qs(parts.query).get(PARAMETER, [None])
    return f"{parts.scheme}://{parts.netloc}", token
