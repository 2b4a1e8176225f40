"""What is answered to who is not let in."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse

# Nothing of the request is in it. The link is for who comes from a page elsewhere: there the cookie was held back.
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Not let in</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>Not let in</h1>
<p>{printed}</p>
<p>If you have opened that address in this browser already, <a href="">go on to this page</a>.</p>
</html>
"""


def not_let_in(printed: str) -> HTMLResponse:
    """Return the page that says where the address with the token stands."""
    return HTMLResponse(PAGE.format(printed=escape(printed)), status_code=403, headers={"Cache-Control": "no-store"})
