"""GraphQL only in a form that no page of another origin can send unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/graphql"


class GraphQLByPost:
    """Takes GraphQL as JSON by POST alone: an image's address and a form can hold a mutation too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with 405 or 415, or let the application answer."""
        if scope["type"] == "http" and scope["path"].rstrip("/").endswith(PATH):
            # What is in the address is nobody's to run: the editor's page reads it in the browser.
            scope = {**scope, "query_string": b""}
            app = refusal(scope) or self.app
        else:
            app = self.app
        await app(scope, receive, send)


def refusal(scope: Scope) -> PlainTextResponse | None:
    """Return the answer to what is no JSON by POST and no look at the GraphQL editor."""
    headers = Headers(scope=scope)
    if scope["method"] == "POST":
        # In whole, as `text/plain; x=application/json` is a form's.
        if headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            return None
        return PlainTextResponse("GraphQL is asked in application/json", status_code=415)
    if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
        return None
    return PlainTextResponse("GraphQL is asked by POST", status_code=405, headers={"Allow": "POST"})
