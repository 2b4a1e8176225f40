"""How an API's list is asked for, and what a page of it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from dlt.common.jsonpath import TJsonPath, find_values
from dlt.sources.helpers.rest_client.paginators import (
    BaseNextUrlPaginator,
    BasePaginator,
    HeaderCursorPaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
)
from dlt.sources.rest_api.config_setup import PAGINATOR_MAP

from ingress.gather.paths import MISSING, carried_from, compiled, value_at, with_carried
from shared.data_quality.json_text import as_json, exact_number
from shared.errors import ConfigurationError
from shared.http.addresses import followed
from shared.http.answers import Answer
from shared.http.redaction import masked, shortened
from shared.utils.excerpts import excerpt
from shared.utils.strict_json import NotJson

NO_CONTENT = 204
# What is shown of what a server complains of.
SAID = 200
WELL = ("", "0", "200", "false", "no", "none", "null", "ok", "success")


class NoPage(Exception):
    """An answer is no page of a list."""


class Followed(BaseNextUrlPaginator):
    """Follows links on the host of the page that has them; some say false or "" where there are no more."""

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        """Find the link in an answer.

        Raises:
            LeadsAway: It leads to another host, or is none.
        """
        super().update_state(response, data)  # type: ignore[safe-super]
        self._next_reference = followed(response.url, self._next_reference) if self._next_reference else None


class HeaderLink(Followed, HeaderLinkPaginator):
    """The link stands in the header `Link`."""


class JsonLink(Followed, JSONLinkPaginator):
    """The link stands in the page."""


class HeaderCursor(HeaderCursorPaginator):
    """Takes a header that is empty for none: so some say on the last page that there is no next one."""

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        """Take the cursor of a page."""
        self._next_reference = response.headers.get(self.cursor_key) or None


PAGINATORS: Mapping[Any, type[BasePaginator]] = {
    "header_cursor": HeaderCursor,
    "header_link": HeaderLink,
    "json_link": JsonLink,
    **{name: PAGINATOR_MAP[name] for name in ("cursor", "offset", "page_number", "single_page")},
}


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        body: The answer's JSON.
        digest: What tells its rows from other pages'.
        total: How many rows the list has, where the API says so.
        asked: What was sent to have it.
    """

    answer: Answer
    body: Any
    rows: list[Any]
    digest: bytes
    total: int | None
    asked: bytes = b""

    @property
    def url(self) -> str:
        """Where it is from, without a login."""
        return self.answer.url

    @property
    def identities(self) -> set[bytes]:
        """What no other page of the list has: how it is asked for, and its rows."""
        return {self.url.encode() + b"\n" + self.asked, *([self.digest] if self.rows else ())}

    @property
    def name(self) -> str:
        """The page's name, which stays the same whatever the host; nothing of what was sent can be read in it."""
        parts = urlsplit(self.url)
        sent = f"#{hashlib.sha256(self.asked).hexdigest()[:16]}" if self.asked else ""
        return f"{parts.path}?{parts.query}{sent}"


class Paths(NamedTuple):
    """Where a page has its list of rows, the total, and what leads to the next page or says whether there is one."""

    rows: TJsonPath
    total: TJsonPath | None
    link: TJsonPath | None
    more: TJsonPath | None
    cursor: TJsonPath | None


@dataclass(frozen=True)
class ListForm:
    """How an API's list is asked for, and how its pages look.

    Attributes:
        url: The list's address.
        parameters: Of the first request.
        paginator: How the next page is found, as dlt declares it.
        rows: Where a page has its rows, a JSONPath; `[*]` is what each lies within.
        total: Where a page says how many rows the list has, a JSONPath, if it says so.
        ends: Statuses by which a request for a page after the last one is answered.
        body: What the first request sends, where it is a POST.
        carry: Columns that each row has from what it lies within.
    """

    url: str
    parameters: Mapping[str, object]
    headers: Mapping[str, str]
    paginator: Mapping[str, object]
    rows: str
    total: str | None
    ends: tuple[int, ...] = ()
    body: Mapping[str, object] | None = None
    carry: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_be_empty(self) -> bool:
        """Whether a page without rows may be followed by others: a cursor may pass over rows that are not for us."""
        return self.paginator.get("type") in ("cursor", "header_cursor")

    @property
    def parts(self) -> tuple[str, str]:
        """Where a page has the list of its rows, and where in an element of it the row is, if it is not the element."""
        outer, _, inner = self.rows.partition("[*]")
        return outer or "$", inner.removeprefix(".")

    @cached_property
    def paths(self) -> Paths:
        """Where a page has what is read of it.

        Raises:
            ConfigurationError: One of them is no path.
        """
        words = self.paginator
        link = words.get("next_url_path", "next") if words.get("type") == "json_link" else None
        cursor = words.get("cursor_path") if words.get("type") == "cursor" else None
        others = (self.total, link, words.get("has_more_path"), cursor)
        return Paths(compiled(self.parts[0]), *(compiled(str(path)) if path else None for path in others))

    def made_paginator(self) -> BasePaginator:
        """Return dlt's paginator.

        Raises:
            ConfigurationError: It is none.
        """
        kind, words = (
            self.paginator.get("type"),
            {name: word for name, word in self.paginator.items() if name != "type"},
        )
        try:
            return PAGINATORS[kind](**words)
        except (KeyError, ValueError, TypeError) as error:
            said = f"no type `{kind}`" if kind not in PAGINATORS else masked(str(error))
            raise ConfigurationError(
                f"not a paginator: {said}", hint=f"declare it as dlt's REST sources do; types: {', '.join(PAGINATORS)}"
            ) from None

    def page_of(self, answer: Answer) -> Page:
        """Return the page that an answer holds.

        Raises:
            NotText, NotJson: It is not JSON.
            NoPage: It is no page of this list.
        """
        if answer.status == NO_CONTENT:
            return self.no_rows(answer)
        body = answer.json(exact_number)
        rows_at, total_at, link_at, *_ = self.paths
        list_at, inner = self.parts
        total = total_of(next(iter(find_values(total_at, body)), None)) if total_at else None
        # Where there are to be so many rows, these tell whether some are missing.
        if not total and (failed := failure_of(body, self.rows)):
            raise NoPage(f"it says by `{failed}` that it failed{complaint(body)}")
        found = find_values(rows_at, body)
        if found in ([], [None]) and (total == 0 or (found and (total is not None or self.says_end(body)))):
            # As Go's servers write a list without rows; where a total is known, it tells whether there were to be some.
            found = [[]]
        if len(found) != 1 or not isinstance(found[0], list):
            more = ", but null, and nothing says that it ends here" if found == [None] else ""
            raise NoPage(f"it has no rows{more}" if list_at == "$" else f"it has no list `{list_at}`{more}")
        rows = [self.within(each, inner) for each in found[0]] if inner else found[0]
        # Some say false or "" where there are no more.
        wrong = [link for link in (find_values(link_at, body) if link_at else ()) if not isinstance(link or "", str)]
        if wrong:
            raise NoPage(
                f"its `{self.paginator.get('next_url_path', 'next')}` is no link: `{excerpt(as_json(wrong[0]), 60)}`"
            )
        try:
            digest = hashlib.sha256(as_json(found[0]).encode()).digest()
        except RecursionError as error:
            raise NotJson("it is nested too deeply") from error
        return Page(answer, body, rows, digest, total)

    def no_rows(self, answer: Answer) -> Page:
        """Return the page that an answer without any is."""
        return Page(answer, [] if self.rows == "$" else {}, [], b"", None)

    def within(self, element: Any, inner: str) -> Any:
        """Return the row that lies within an element of a list, or None where there is none: a bad row."""
        found = value_at(element, inner) if isinstance(element, dict) else MISSING
        return None if found is MISSING else with_carried(found, carried_from(element, self.carry), self.rows)

    def says_end(self, body: Any) -> bool:
        """Tell whether a page names what would lead to the next one, and says that there is none."""
        paths = (self.paths.link, self.paths.more, self.paths.cursor)
        said = [value for path in paths if path is not None for value in find_values(path, body)]
        return bool(said) and not any(str(value or "").lower() not in ("", "false") for value in said)

    def says_more(self, page: Page) -> bool:
        """Tell whether a page says that there are more; where it ends without rows, that does not count."""
        path = self.paths.more
        if path is None or (self.paginator.get("stop_after_empty_page") and not page.rows):
            return False
        return next((str(said).lower() == "true" for said in find_values(path, page.body)), False)


def failure_of(body: Any, rows: str) -> str | None:
    """Return the name by which an answer says that it is a failure, whatever its status and its rows."""
    if not isinstance(body, Mapping):
        return None
    named = (name for name in ("error", "errors") if name != rows.partition(".")[0])
    said = next((name for name in named if is_failure(body.get(name))), None)
    return said or next((name for name in ("ok", "success") if body.get(name) is False), None)


def complaint(body: Any) -> str:
    """Return what an answer that is a failure says, as far as it may be shown, after a colon."""
    said = body
    for name in ("errors", "error", "reason", "message", "detail", "title", "error_description", "code"):
        said = said[0] if isinstance(said, list) and said else said
        said = said.get(name) or said if isinstance(said, Mapping) else said
    return f": {shortened(said, SAID)}" if isinstance(said, str) else ""


def is_failure(value: Any) -> bool:
    """Tell whether what an answer calls an error is one: some always have it, with a code that all is well."""
    if isinstance(value, Mapping) and value:
        value = str(value.get("code", value.get("status", "unknown")))
    if isinstance(value, str):
        return value.strip().casefold() not in WELL
    # A number may count errors of something else.
    return value is True or (isinstance(value, list) and bool(value))


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
