"""Keeps pages of other origins from the notebooks, which run what they are sent: marimo finds it as an entry point.

marimo asks for its token, but its cookie goes with what a page on another port of this machine sends, and its WebSocket
takes any Origin.
"""

from __future__ import annotations

from starlette.middleware import Middleware

from shared.web.guard import from_here

# What only reads is left alone: a chart in a sandboxed frame is of no origin.
GUARD = Middleware(from_here, reading=False)
