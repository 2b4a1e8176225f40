"""Rows from a paged REST API: checked one by one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from typing_extensions import override

from ingress.source import Batch, Input, Reader, Resource, duplicated_in
from shared.config import Settings
from shared.data_quality import BadRow
from shared.data_quality.json_text import exact_number
from shared.errors import ConfigurationError, SourceUnavailable
from shared.http.redaction import masked
from shared.monitoring.lineage import Dataset
from shared.utils.console import step

if TYPE_CHECKING:
    import requests
    from dlt.sources.helpers.requests import Client

Page = tuple[str, list[Any]]


@dataclass(frozen=True)
class RestPages(Reader):
    """A list behind `{"data": [rows], "total": n, "next": url of the next page or null}`.

    Attributes:
        setting: The environment variable with the API's address.
        path: The list below it, as in `/members`.
        page_size: Rows to ask for at a time.
    """

    setting: str
    path: str
    page_size: int = 500

    @property
    @override
    def required_setting(self) -> str:
        return self.setting

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting}{self.path}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_url(os.environ[self.setting].rstrip("/") + self.path)

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[Path], since: datetime | None = None
    ) -> Input:
        base = os.environ.get(self.setting, "").rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{self.setting} is not an address: `{base}`",
                hint=f"set the environment variable {self.setting} to the API's address, as in https://example.com",
            )
        # Held until the last page is there, so that nothing is loaded of a list that breaks off.
        query = urlencode({"page": 1, "page_size": self.page_size})
        with step(f"{resource.name}: fetching all pages"):
            pages = list(read_pages(f"{base}{self.path}?{query}"))
        extras = self._extras(resource, pages)
        batches = [check_page(resource, order, page, extras) for order, page in enumerate(pages)]
        return Input(extras, batches, duplicated_in(batches, resource), sees_all=True)

    def _extras(self, resource: Resource, pages: Sequence[Page]) -> list[str]:
        """Return the fields that the model does not know; a field that no row has is missing, not bad row by row."""
        names = {name: None for _, rows in pages for row in rows if isinstance(row, dict) for name in row}
        extras = resource.rows.extra_columns(list(names), self.path) if names else []
        resource.hold_to_contract(extras, self.path)
        return extras


def check_page(resource: Resource, order: int, page: Page, extras: Sequence[str]) -> Batch:
    """Check the rows of a page; their positions are their numbers on it, from 1."""
    origin, rows = page
    bad = [
        BadRow.of(number, "not an object", {"_row": row})
        for number, row in enumerate(rows, start=1)
        if not isinstance(row, dict)
    ]
    objects = [(number, row) for number, row in enumerate(rows, start=1) if isinstance(row, dict)]
    checked = resource.rows.check([row for _, row in objects], [number for number, _ in objects], extras)
    return Batch(origin, order, checked.good, [*bad, *checked.bad])


def read_pages(first: str) -> Iterator[Page]:
    """Follow the list from its first page, and return the rows of each under a name without the host.

    Raises:
        SourceUnavailable: A page cannot be had after all attempts, or the pages do not make the list they promise.
    """
    client = make_client()
    url: str | None = first
    seen: set[str] = set()
    count = total = 0
    while url is not None:
        if url in seen or urlsplit(url).netloc != urlsplit(first).netloc:
            raise SourceUnavailable(
                f"the list leads back or away: `{masked(url)}`", hint="the API's `next` links are wrong: tell its owner"
            )
        seen.add(url)
        body = get_page(client, url)
        count += len(body["data"])
        total = body.get("total", count)
        parts = urlsplit(url)
        yield f"{parts.path}?{parts.query}", body["data"]
        following = body.get("next")
        url = urljoin(url, following) if following else None
    if count != total:
        raise SourceUnavailable(
            f"the list is incomplete: {count} rows of {total}",
            hint="run the command again; if it stays, tell its owner",
        )


def make_client() -> Client:
    """Return a client that tries again after 429 (as long as Retry-After says), 5xx, timeouts and broken answers.

    dlt's settings RUNTIME__REQUEST_TIMEOUT, …_MAX_ATTEMPTS, …_BACKOFF_FACTOR and …_MAX_RETRY_DELAY hold.
    """
    # dlt takes a moment to import, and who only asks what there is does without.
    from dlt.sources.helpers.requests import Client

    client = Client(retry_condition=lambda response, _: response is not None and is_broken(response))
    client.configure()
    return client


def is_broken(response: requests.Response) -> bool:
    """Tell whether an answer is no page, as one that was cut short; a page in another encoding stays what it is."""
    try:
        return page_in(response) is None
    except UnicodeError:
        return False


def page_in(response: requests.Response) -> Mapping[str, Any] | None:
    """Return the page that an answer holds, numbers without loss, or None.

    Raises:
        UnicodeError: It is not in the encoding that the server declares, or in none and not in UTF-8.
    """
    charset = Message()
    charset["Content-Type"] = response.headers.get("Content-Type", "")
    # Without a charset, JSON is UTF-8; the standard library finds a mark, and UTF-16 and UTF-32 by their zeros.
    encoding = str(charset.get_param("charset") or json.detect_encoding(response.content))
    try:
        body = json.loads(response.content.decode(encoding).removeprefix("\ufeff"), parse_float=exact_number)
    except LookupError as error:
        raise UnicodeError(f"an encoding that nobody knows: {encoding}") from error
    except UnicodeError as error:
        raise UnicodeError(f"not {encoding}") from error
    except ValueError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("data"), list) else None


def get_page(client: Client, url: str) -> Mapping[str, Any]:
    """Fetch one page.

    Raises:
        SourceUnavailable: It cannot be had after all attempts.
    """
    import requests

    hint, named = "nothing was loaded from it; run the command again when the API answers", masked(url)
    try:
        response = client.get(url)
    except requests.HTTPError as error:
        raise SourceUnavailable(
            f"`{named}` answers: {error.response.status_code if error.response is not None else error}", hint=hint
        ) from error
    except requests.RequestException as error:
        raise SourceUnavailable(f"`{named}` does not answer: {type(error).__name__}", hint=hint) from error
    try:
        page = page_in(response)
    except UnicodeError as error:
        raise SourceUnavailable(
            f"`{named}` answers with text that cannot be read: {error}",
            hint="its owner must send UTF-8, or name the charset in the header Content-Type; nothing was loaded",
        ) from error
    if page is None:
        raise SourceUnavailable(f"`{named}` answers with something that is no page: `{response.text[:60]}`", hint=hint)
    return page
