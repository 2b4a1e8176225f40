"""The pages of a list behind `{"data": [rows], "total": n, "next": url or null}`, as far as they make one list."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from shared.data_quality.json_text import as_json, exact_number
from shared.errors import SourceUnavailable
from shared.http.addresses import LeadsAway, followed, shown
from shared.http.answers import Answer, NotJson, NotText
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.errors import NoAnswer
from shared.utils.excerpts import excerpt

LATER = "nothing was loaded from it; run the command again when the API answers"


class Unsteady(Exception):
    """The pages do not make one list, as when it changes while it is read; it may be one when it is read again."""


class NoPage(Exception):
    """An answer is no page of a list."""


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        url: Where it is from, without a login.
        digest: What tells its rows from other pages'.
        total: How many rows the list has, where the API says so.
        following: The link to the next page, where there is one.
        size: Bytes, as it unpacks.
    """

    url: str
    rows: list[Any]
    digest: bytes
    total: int | None
    following: str | None
    size: int

    @property
    def name(self) -> str:
        """The page's name, which stays the same whatever the host."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}"


class ListReader:
    """Follows a list from its first page, within bounds."""

    def __init__(self, client: HttpClient, first: str) -> None:
        self.client, self.first = client, first
        self.bounds: HttpBounds = client.bounds
        self._begun = time.monotonic()

    def pages(self) -> Iterator[Page]:
        """Yield the pages.

        Raises:
            Unsteady: They do not make one list.
            SourceUnavailable: A page cannot be had, is none, leads away, or there are too many.
        """
        url: str | None = self.first
        seen: set[bytes] = set()
        total: int | None = None
        count = size = 0
        while url is not None:
            page = get_page(self.client, url)
            count, size = count + len(page.rows), size + page.size
            if total is not None and page.total is not None and page.total != total:
                raise Unsteady(f"the list changes while it is read: {total} rows, then {page.total}")
            total = page.total if total is None else total
            self._hold(len(seen) + 1, count, size)
            url = self._following(page)
            if url is not None and not page.rows:
                raise Unsteady(f"a page without rows says that there are more: `{shown(page.url)}`")
            if page.digest in seen:
                raise Unsteady(f"a page has the rows of an earlier one: `{shown(page.url)}`")
            seen.add(page.digest)
            if total is not None and (count > total or (url is None and count < total)):
                raise Unsteady(f"the list is incomplete: {count} rows of {total}")
            yield page

    def _following(self, page: Page) -> str | None:
        if page.following is None:
            return None
        try:
            return followed(page.url, page.following)
        except LeadsAway as error:
            raise SourceUnavailable(
                f"the list leads back or away: `{error}`", hint="the API's `next` links are wrong: tell its owner"
            ) from None

    def _hold(self, pages: int, rows: int, size: int) -> None:
        """Hold the list to its bounds.

        Raises:
            SourceUnavailable: It is beyond one.
        """
        bounds, seconds = self.bounds, time.monotonic() - self._begun
        for found, most, unit, setting in (
            (pages, bounds.http_pages, "pages", "HTTP_PAGES"),
            (rows, bounds.http_rows, "rows", "HTTP_ROWS"),
            (size, bounds.http_list_bytes, "bytes", "HTTP_LIST_BYTES"),
            (seconds, bounds.http_list_seconds, "seconds", "HTTP_LIST_SECONDS"),
        ):
            if found > most:
                raise SourceUnavailable(
                    f"the list `{shown(self.first)}` does not end: more than {most:,} {unit}",
                    hint=f"nothing was loaded from it; where the list is that long, raise {setting}",
                )


def get_page(client: HttpClient, url: str) -> Page:
    """Fetch one page.

    Raises:
        SourceUnavailable: It cannot be had after all attempts, or is none.
    """
    named, found = shown(url), Found()
    try:
        answer = client.get(url, is_whole=found.is_whole)
    except NoAnswer as error:
        raise SourceUnavailable(f"`{named}` does not answer: {error}", hint=error.hint or LATER) from None
    if not answer.is_success:
        raise SourceUnavailable(f"`{named}` answers: {answer.status}", hint=LATER)
    if isinstance(found.problem, NotText):
        raise SourceUnavailable(
            f"`{named}` answers with text that cannot be read: {found.problem}",
            hint="its owner must send UTF-8, or name the charset in the header Content-Type; nothing was loaded",
        )
    if found.page is None:
        raise SourceUnavailable(
            f"`{named}` answers with something that is no page: {answer.described()}: {found.problem}", hint=LATER
        )
    return found.page


@dataclass
class Found:
    """The page that the last answer holds, or what keeps it from being one."""

    page: Page | None = None
    problem: Exception | None = None

    def is_whole(self, answer: Answer) -> bool:
        """Tell whether an answer is a page; one in another encoding than it should be will not get better."""
        self.page, self.problem = None, None
        try:
            self.page = page_of(answer)
        except (NotText, NotJson, NoPage) as error:
            self.problem = error
        return self.page is not None or isinstance(self.problem, NotText)


def page_of(answer: Answer) -> Page:
    """Return the page that an answer holds.

    Raises:
        NotText, NotJson: It is not JSON.
        NoPage: It is no page.
    """
    body = answer.json(exact_number)
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise NoPage("it has no list `data`")
    following = body.get("next")
    # Some say false or "" where there are no more.
    if following is not None and following is not False and not isinstance(following, str):
        raise NoPage(f"its `next` is no link: `{excerpt(as_json(following), 60)}`")
    total, rows = total_of(body.get("total")), body["data"]
    try:
        digest = hashlib.sha256(as_json(rows).encode()).digest()
    except RecursionError as error:
        raise NotJson("it is nested too deeply") from error
    return Page(answer.url, rows, digest, total, following or None, len(answer.body))


def total_of(value: object) -> int | None:
    """Return the number of rows that an API says there are, or None where it says nothing.

    Raises:
        NoPage: It is no number of rows.
    """
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NoPage(f"its `total` is no number of rows: `{excerpt(as_json(value), 60)}`")
    return value
