"""The port that a web application listens on."""

from __future__ import annotations

from shared.errors import UserError
from shared.postgres.server import free_port, is_free


def chosen(port: int) -> int:
    """Return the port to listen on, a free one for 0.

    Raises:
        UserError: It is no port, or another program's.
    """
    if not 0 <= port < 65536:
        raise UserError(f"no port: `{port}`", hint="give a number from 0 to 65535; 0 takes a free one")
    if port and not is_free(port):
        raise UserError(
            f"the port is taken by another program: {port}", hint="choose one with --port; 0 takes a free one"
        )
    return port or free_port()
