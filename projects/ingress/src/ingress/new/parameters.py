"""What the parameters are called by which an API is asked for the rows of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

CURSOR_PARAMETERS = (
    "cursor",
    "page_token",
    "pageToken",
    "next_token",
    "after",
    "starting_after",
    "start_cursor",
    "pagination_token",
    "continuation",
    "offset",
    "page",
)
LAST_PARAMETERS = ("starting_after", "after", "after_id", "since_id")
# By their letters alone, as in `page[size]`, `$limit`, `searchCriteria[pageSize]`.
SIZE = re.compile(r"(?:.*page)?(?:limit|size)|perpage|count|top|max(?:results|records)?|rows|take")
OFFSETS = ("offset", "skip", "start", "startAt", "from", "$skip", "$offset", "startIndex", "startPosition")
PAGE_NUMBERS = ("page", "p", "page_number", "pageNumber", "page[number]", "currentPage")


def is_size(name: str) -> bool:
    """Tell whether a parameter says how many rows a page is to have."""
    return SIZE.fullmatch(letters(name)) is not None


def is_offset(name: str) -> bool:
    """Tell whether a parameter says how many rows come before a page; else it is the page's number."""
    return letters(name).endswith(tuple(map(letters, OFFSETS)))


def letters(name: str) -> str:
    """Return the letters of a name, small ones."""
    return re.sub("[^a-z]", "", name.lower())


def in_camel(name: str) -> str:
    """Return a name with a small letter at its beginning."""
    return name[:1].lower() + name[1:]


def in_style_of(size: str) -> Iterator[str]:
    """Yield what asks for the next page beside a parameter for the size of pages, by how that is written."""
    before, _, name = size.rpartition("[")
    if before:
        names = ("number", "offset") if name == "size]" else ("currentPage", "page", "offset")
        yield from (f"{before}[{each}]" for each in names)
    elif size.startswith("$"):
        yield from ("$offset", "$skip")
