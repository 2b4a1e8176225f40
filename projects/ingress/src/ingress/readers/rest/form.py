"""How an API's list is asked for, and what a page of it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from dlt.common.jsonpath import TJsonPath, find_values
from dlt.sources.helpers.rest_client.paginators import (
    BaseNextUrlPaginator,
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
)
from dlt.sources.rest_api.config_setup import PAGINATOR_MAP

from ingress.gather.paths import compiled
from shared.data_quality.json_text import as_json, exact_number
from shared.errors import ConfigurationError
from shared.http.addresses import followed
from shared.http.answers import Answer
from shared.http.redaction import masked
from shared.utils.excerpts import excerpt
from shared.utils.strict_json import NotJson

NO_CONTENT = 204
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


PAGINATORS: Mapping[Any, type[BasePaginator]] = {
    "header_link": HeaderLink,
    "json_link": JsonLink,
    **{name: PAGINATOR_MAP[name] for name in ("cursor", "header_cursor", "offset", "page_number", "single_page")},
}


@dataclass(frozen=True)
class Page:
    """A page of a list.

    Attributes:
        body: The answer's JSON.
        digest: What tells its rows from other pages'.
        total: How many rows the list has, where the API says so.
    """

    answer: Answer
    body: Any
    rows: list[Any]
    digest: bytes
    total: int | None

    @property
    def url(self) -> str:
        """Where it is from, without a login."""
        return self.answer.url

    @property
    def identity(self) -> bytes:
        """What no other page of the list has."""
        return self.digest if self.rows else self.url.encode()

    @property
    def name(self) -> str:
        """The page's name, which stays the same whatever the host."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}"


@dataclass(frozen=True)
class ListForm:
    """How an API's list is asked for, and how its pages look.

    Attributes:
        url: The list's address.
        parameters: Of the first request.
        paginator: How the next page is found, as dlt declares it.
        rows: Where a page has its rows, a JSONPath.
        total: Where a page says how many rows the list has, a JSONPath, if it says so.
        ends: Statuses by which a request for a page after the last one is answered.
    """

    url: str
    parameters: Mapping[str, object]
    headers: Mapping[str, str]
    paginator: Mapping[str, object]
    rows: str
    total: str | None
    ends: tuple[int, ...] = ()

    @property
    def may_be_empty(self) -> bool:
        """Whether a page without rows may be followed by others: a cursor may pass over rows that are not for us."""
        return self.paginator.get("type") in ("cursor", "header_cursor")

    @cached_property
    def paths(self) -> tuple[TJsonPath, TJsonPath | None, TJsonPath | None]:
        """Where rows, total and the link to the next page stand, compiled.

        Raises:
            ConfigurationError: One of them is no path.
        """
        link = str(self.paginator.get("next_url_path", "next")) if self.paginator.get("type") == "json_link" else None
        rows, total, following = (path and compiled(path) for path in (self.rows, self.total, link))
        assert rows is not None
        return rows, total, following

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
        rows_at, total_at, link_at = self.paths
        total = total_of(next(iter(find_values(total_at, body)), None)) if total_at else None
        # Where there are to be so many rows, these tell whether some are missing.
        if not total and (failed := failure_of(body, self.rows)):
            raise NoPage(f"it says by `{failed}` that it failed")
        found = find_values(rows_at, body)
        if total == 0 and found == [None]:
            # As Go's servers write a list without rows.
            found = [[]]
        if len(found) != 1 or not isinstance(found[0], list):
            raise NoPage("it has no rows" if self.rows == "$" else f"it has no list `{self.rows}`")
        rows = found[0]
        # Some say false or "" where there are no more.
        wrong = [link for link in (find_values(link_at, body) if link_at else ()) if not isinstance(link or "", str)]
        if wrong:
            raise NoPage(
                f"its `{self.paginator.get('next_url_path', 'next')}` is no link: `{excerpt(as_json(wrong[0]), 60)}`"
            )
        try:
            digest = hashlib.sha256(as_json(rows).encode()).digest()
        except RecursionError as error:
            raise NotJson("it is nested too deeply") from error
        return Page(answer, body, rows, digest, total)

    def no_rows(self, answer: Answer) -> Page:
        """Return the page that an answer without any is."""
        return Page(answer, [] if self.rows == "$" else {}, [], b"", None)


def failure_of(body: Any, rows: str) -> str | None:
    """Return the name by which an answer says that it is a failure, whatever its status and its rows."""
    if not isinstance(body, Mapping):
        return None
    named = (name for name in ("error", "errors") if name != rows.partition(".")[0])
    said = next((name for name in named if is_failure(body.get(name))), None)
    return said or next((name for name in ("ok", "success") if body.get(name) is False), None)


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
