"""Serve a web application on this machine, to who has the address that is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from shared.web.access import HOST, Access
from shared.web.address import with_token
from shared.web.guard import guarded

if TYPE_CHECKING:
    from starlette.types import ASGIApp


def serve(app: ASGIApp, access: Access) -> None:
    """Print the address, and serve until Ctrl-C."""
    print(with_token(f"http://{HOST}:{access.port}", access.token), flush=True)
    run(guarded(app, access), access.port)


def run(app: ASGIApp, port: int) -> None:
    """Serve on loopback, and write nobody's address and cookie to a log: below a warning uvicorn logs both."""
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False)
