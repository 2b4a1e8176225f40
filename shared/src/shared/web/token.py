"""The token that lets in: in the printed address once, then in a cookie; in a header for programs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from shared.web.address import PARAMETER
from shared.web.origin import READING
from shared.web.pages import not_let_in

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from shared.web.access import Access


class TokenGate:
    """Lets in who has the token, as notebooks do.

    Args:
        app: What is guarded.
        access: Holds the token.

    Raises:
        ValueError: The token is empty.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        if not access.token:
            raise ValueError("an empty token lets everybody in")
        self.app = app
        self.access = access
        self.token = access.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 403, make a cookie of the address's token, or let the application answer."""
        app = self.app if scope["type"] not in ("http", "websocket") else self._answering(HTTPConnection(scope))
        await app(scope, receive, send)

    def _answering(self, connection: HTTPConnection) -> ASGIApp:
        in_address = connection.query_params.get(PARAMETER) if connection.scope.get("method") in READING else None
        if in_address is not None:
            return self._with_cookie(connection) if self._is_right(in_address) else not_let_in(self.access.printed)
        if any(map(self._is_right, shown(connection, self.access.cookie))):
            return self.app
        return not_let_in(self.access.printed)

    def _is_right(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(errors="replace"), self.token)

    def _with_cookie(self, connection: HTTPConnection) -> RedirectResponse:
        """Return the way to the same page, without the token in its address."""
        rest = urlencode([(name, value) for name, value in connection.query_params.multi_items() if name != PARAMETER])
        # One slash: two would name another host.
        path = "/" + quote(connection.scope["path"].lstrip("/\\"))
        answer = RedirectResponse(path + (f"?{rest}" if rest else ""), status_code=303)
        is_safe = connection.url.scheme == "https" or f"https://{connection.url.netloc}" in self.access.public
        answer.set_cookie(self.access.cookie, str(self.access.token), httponly=True, samesite="strict", secure=is_safe)
        return answer


def shown(connection: HTTPConnection, cookie: str) -> Iterator[str]:
    """Return the tokens that a request shows: a program's and a browser's."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield token
    if cookie in connection.cookies:
        yield connection.cookies[cookie]
