"""What the headers of an answer say of how a list goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingress.new.parameters import CURSOR_PARAMETERS
from shared.http.answers import Answer

NEXT = re.compile(
    "(x-)?([a-z]+-)?(next-?(page-?)?(cursor|token|key|marker)|next-page|continuation(-?token)?|cursor)", re.IGNORECASE
)
TOTALS = ("x-total-count", "x-total", "total-count", "x-wp-total", "x-pagination-total-count", "x-total-results")
RANGE = re.compile(r"(?:[\w-]+[ =])?\s*\d+-\d+/(\d+)")
NOTHING = {"", "0", "null", "none", "false"}
LONGEST_CURSOR = 4_096


def has_next_link(answer: Answer) -> bool:
    """Tell whether the header Link has the address of the next page."""
    return re.search(r"""rel=["']?next\b""", answer.headers.get("link", "")) is not None


def cursors_in(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield headers that have what asks for the next page, each with the parameters that may ask by it."""
    for name in next_headers(answer):
        bare = re.sub("^(x-)?", "", name)
        alike = (re.sub("^next-?", "", bare).replace("-", "_"), bare.replace("-", "_"))
        for parameter in dict.fromkeys((*filter(None, alike), *CURSOR_PARAMETERS)):
            yield name, parameter


def next_headers(answer: Answer) -> list[str]:
    """Return the headers that say that there is a next page."""
    return [
        name
        for name, value in answer.headers.items()
        if NEXT.fullmatch(name) and value.strip().lower() not in NOTHING and len(value) <= LONGEST_CURSOR
    ]


def total_in_headers(answer: Answer) -> int | None:
    """Return the number of all rows, where a header says it."""
    found = RANGE.fullmatch(answer.headers.get("content-range", "").strip())
    texts = [found[1]] if found else [answer.headers.get(name, "").strip() for name in TOTALS]
    return next((int(text) for text in texts if re.fullmatch("[0-9]{1,18}", text)), None)


def say_more(answer: Answer, rows: int) -> bool:
    """Tell whether the headers say that a list has more rows than its first page."""
    return has_next_link(answer) or bool(next_headers(answer)) or (total_in_headers(answer) or 0) > rows
