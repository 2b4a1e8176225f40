"""The pages of an API's list, as far as they make one list.

dlt's RESTClient asks for page after page, as its paginators say; what it sends goes over the bounded client, and every
answer is held against what the list was said to be before dlt sees it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, cast

import requests
from dlt.sources.helpers.rest_client.client import RESTClient

from ingress.readers.rest.form import NO_CONTENT, ListForm, NoPage, Page, complaint
from shared.errors import SourceUnavailable
from shared.http.addresses import LeadsAway, shown
from shared.http.answers import Answer, NotText
from shared.http.bounds import HttpBounds
from shared.http.client import HttpClient
from shared.http.errors import NoAnswer
from shared.http.redaction import masked
from shared.http.session import AnsweredResponse, ClientSession
from shared.utils.strict_json import NotJson

GONE = (404, 410)
JSON = {"Content-Type": "application/json"}
LATER = "nothing was loaded from it; run the command again when the API answers"


class Unsteady(Exception):
    """The pages do not make one list, as when it changes while it is read; it may be one when it is read again."""


class NotGiven(SourceUnavailable):
    """A page is answered with a status that is none of success."""

    def __init__(self, address: str, status: int, said: str) -> None:
        super().__init__(f"`{address}` answers: {status}{said}", hint=LATER)
        self.status = status


class Gone(NotGiven):
    """There is no such list."""


class PageSession(ClientSession):
    """Gives dlt the pages of a list, each as it should be and from where the list is."""

    def __init__(self, client: HttpClient, form: ListForm) -> None:
        super().__init__(client)
        self._form, self._begun = form, False

    def send(self, request: requests.PreparedRequest, **options: Any) -> PageResponse:
        """Fetch the next page.

        Raises:
            SourceUnavailable: It cannot be had, or is none.
        """
        sent = cast("bytes | None", request.body)
        page = get_page(self.client, str(request.url), self._form, sent, may_end=self._begun)
        self._begun = True
        return PageResponse(page)


class PageResponse(AnsweredResponse):
    """A page as dlt sees it."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.answer)
        self.page = page

    def json(self, **options: Any) -> Any:
        """Return the page's JSON, which was read when it was looked at."""
        return self.page.body


@dataclass
class Tally:
    """What the lists of one reading have taken together, held to the bounds."""

    bounds: HttpBounds
    begun: float = field(default_factory=time.monotonic)
    requests: int = 0
    rows: int = 0
    size: int = 0

    def mark(self) -> tuple[int, int]:
        """Return what is counted of rows and bytes."""
        return self.rows, self.size

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget the rows and bytes since, which are read again; the requests were made."""
        self.rows, self.size = mark

    def take(self, page: Page, number: int, url: str) -> None:
        """Count a page of a list, the `number`th of it.

        Raises:
            SourceUnavailable: That is beyond a bound.
        """
        self.requests, self.rows, self.size = (
            self.requests + 1,
            self.rows + len(page.rows),
            self.size + len(page.answer.body),
        )
        bounds, seconds = self.bounds, time.monotonic() - self.begun
        for found, most, unit, setting in (
            (number, bounds.http_pages, "pages", "HTTP_PAGES"),
            (self.requests, bounds.http_requests, "requests", "HTTP_REQUESTS"),
            (self.rows, bounds.http_rows, "rows", "HTTP_ROWS"),
            (self.size, bounds.http_list_bytes, "bytes", "HTTP_LIST_BYTES"),
            (seconds, bounds.http_list_seconds, "seconds", "HTTP_LIST_SECONDS"),
        ):
            if found > most:
                raise SourceUnavailable(
                    f"the list `{shown(url)}` does not end: more than {most:,} {unit}",
                    hint=f"nothing was loaded from it; where the list is that long, raise {setting}",
                )


class ListReader:
    """Follows a list from its first page, within bounds."""

    def __init__(self, client: HttpClient, form: ListForm, tally: Tally) -> None:
        self.client, self.form, self.tally = client, form, tally

    def pages(self) -> Iterator[Page]:
        """Yield the pages.

        Raises:
            Unsteady: They do not make one list.
            SourceUnavailable: A page cannot be had, is none, leads away, or there are too many.
        """
        seen: set[bytes] = set()
        total: int | None = None
        count = number = 0
        last: int | None = None
        for page, has_next in self._answered():
            self._hold_to_step(last, page)
            number, count, last = number + 1, count + len(page.rows), len(page.rows)
            if number == 1 and page.answer.status == NO_CONTENT and self.form.total:
                raise SourceUnavailable(f"`{shown(page.url)}` answers with nothing, not even a total", hint=LATER)
            if total is not None and page.total is not None and page.total != total:
                raise Unsteady(f"the list changes while it is read: {total} rows, then {page.total}")
            total = page.total if total is None else total
            if number > 1 and total == count - len(page.rows) and (not page.rows or page.digest in seen):
                # All rows are there: some say even then that there are more, or give the last page again.
                return
            self.tally.take(page, number, self.form.url)
            if has_next and not page.rows and not self.form.may_be_empty:
                raise Unsteady(f"a page without rows says that there are more: `{shown(page.url)}`")
            if page.digest in seen:
                raise Unsteady(f"a page has the rows of an earlier one: `{shown(page.url)}`")
            if seen & page.identities:
                raise Unsteady(f"a page leads to an earlier one: `{shown(page.url)}`")
            if not has_next and self.form.says_more(page):
                raise Unsteady(f"a page says that there are more, but not where: `{shown(page.url)}`")
            seen |= page.identities
            if total is not None and (count > total or (not has_next and count < total)):
                raise Unsteady(f"the list is incomplete: {count} rows of {total}")
            yield page

    def _hold_to_step(self, last: int | None, page: Page) -> None:
        """Refuse rows that come after a page with fewer than an offset steps over: those between were never asked for.

        Raises:
            SourceUnavailable: There are such rows.
        """
        step = self.form.paginator.get("limit") if self.form.paginator.get("type") == "offset" else None
        if last is not None and isinstance(step, int) and last < step and page.rows:
            raise SourceUnavailable(
                f"rows are left out: pages of `{shown(self.form.url)}` have {last:,} rows, and the offset grows by "
                f"{step:,}",
                hint="give the paginator as `limit` what the API gives at most; nothing was loaded",
            )

    def _answered(self) -> Iterator[tuple[Page, bool]]:
        """Yield the pages as dlt asks for them, and whether there are more."""
        form = self.form
        with PageSession(self.client, form) as session:
            rest = RESTClient(form.url, dict(form.headers), session=session, data_selector=form.paths.rows)
            asked = rest.paginate(
                form.url,
                "GET" if form.body is None else "POST",
                params=dict(form.parameters),
                # The paginator writes into it.
                json=deepcopy(form.body),  # type: ignore[arg-type]
                paginator=form.made_paginator(),
                hooks={"response": []},
            )
            while True:
                try:
                    rows = next(asked, None)
                except LeadsAway as error:
                    raise SourceUnavailable(
                        f"the list leads back or away: `{error}`", hint="the API's links are wrong: tell its owner"
                    ) from None
                # What dlt's paginators make of a page that is not as they were told.
                except (ValueError, TypeError, AttributeError, LookupError) as error:
                    raise SourceUnavailable(
                        f"which page of `{shown(form.url)}` is next cannot be told: {masked(str(error))}",
                        hint="see whether its `paginator` is declared as the API has it; nothing was loaded",
                    ) from None
                if rows is None:
                    return
                yield cast("PageResponse", rows.response).page, rows.paginator.has_next_page


def get_page(client: HttpClient, url: str, form: ListForm, sent: bytes | None = None, *, may_end: bool = False) -> Page:
    """Fetch one page.

    Args:
        sent: The JSON that asks for it, where it is a POST.
        may_end: Whether the list may have ended with the page before.

    Raises:
        Gone: There is no such list.
        SourceUnavailable: It cannot be had after all attempts, or is none.
    """
    named, found = shown(url), Found(form)
    try:
        if sent is None:
            answer = client.get(url, headers=form.headers, is_whole=found.is_whole)
        else:
            answer = client.send("POST", url, sent, {**JSON, **form.headers}, found.is_whole)
    except NoAnswer as error:
        raise SourceUnavailable(f"`{named}` does not answer: {error}", hint=error.hint or LATER) from None
    if may_end and answer.status in form.ends:
        return replace(form.no_rows(answer), asked=sent or b"")
    if answer.redirect:
        raise SourceUnavailable(
            f"`{named}` redirects what is sent: `{shown(answer.redirect)}`",
            hint="a POST follows nobody: set the address to the final one, if that is right",
        )
    if not answer.is_success:
        raise (Gone if answer.status in GONE else NotGiven)(named, answer.status, said_by(answer))
    if isinstance(found.problem, NotText):
        raise SourceUnavailable(
            f"`{named}` answers with text that cannot be read: {found.problem}",
            hint="its owner must send UTF-8, or name the charset in the header Content-Type; nothing was loaded",
        )
    if found.page is None:
        raise SourceUnavailable(
            f"`{named}` answers with something that is no page: {answer.described()}: {found.problem}", hint=LATER
        )
    return replace(found.page, asked=sent or b"")


def said_by(answer: Answer) -> str:
    """Return what an answer that is no success says of it, after a colon."""
    try:
        return complaint(answer.json())
    except (NotText, NotJson):
        return ""


@dataclass
class Found:
    """The page that the last answer holds, or what keeps it from being one."""

    form: ListForm
    page: Page | None = None
    problem: Exception | None = None

    def is_whole(self, answer: Answer) -> bool:
        """Tell whether an answer is a page; one in another encoding than it should be will not get better."""
        self.page, self.problem = None, None
        try:
            self.page = self.form.page_of(answer)
        except (NotText, NotJson, NoPage) as error:
            self.problem = error
        return self.page is not None or isinstance(self.problem, NotText)
