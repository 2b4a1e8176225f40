"""The loyalty programme's API: `GET /members?page=1&page_size=500`.

Answers `{"data": [members], "total": 5000, "next": url of the next page or null}`. A page after the last one is
empty. A page below 1, a page size outside 1 to 1000, or what is no number, is answered with 400. `tasks.demo.serve`
starts it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import InputError
from tasks.demo.api import DemoServer, Refused, Request, Route, serve_until_input_ends

MAX_PAGE = 999_999_999
MAX_PAGE_SIZE = 1000
NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


def make_server(members_file: Path) -> DemoServer:
    """Open a port for the members of a file.

    Raises:
        InputError: The file is not there or is not what demo-data made.
    """
    try:
        members = json.loads(members_file.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the loyalty members: `{members_file}`", hint="run the task demo-data") from error
    return DemoServer({("GET", "/members"): Route(lambda request: page_of(members, request))})


def page_of(members: list[object], request: Request) -> dict[str, object]:
    """Return the page asked for."""
    page = number(request, "page", 1, MAX_PAGE)
    size = number(request, "page_size", 500, MAX_PAGE_SIZE)
    end = page * size
    following = f"{request.base_url}/members?page={page + 1}&page_size={size}" if end < len(members) else None
    return {"data": members[end - size : end], "total": len(members), "next": following}


def number(request: Request, name: str, default: int, largest: int) -> int:
    """Return a parameter of the query that must be a number from 1 to `largest`."""
    text = request.query.get(name, str(default))
    if not NUMBER.fullmatch(text) or int(text) > largest:
        raise Refused(400, f"{name} must be a number from 1 to {largest}: `{text}`")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Serve the members that demo-data made."""
    serve_until_input_ends(make_server(get_settings().data_dir / "demo" / "loyalty_members.json"))
    return 0


if __name__ == "__main__":
    sys.exit(command(main))
