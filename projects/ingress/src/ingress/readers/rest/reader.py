"""Rows from a paged REST API: checked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from typing_extensions import override

from ingress.readers.spool import Spool
from ingress.source import Batch, Input, Reader, Resource, Watermark, duplicated_keys
from shared.config import Settings
from shared.config.named import Setting, settings_of
from shared.data_quality import BadRow
from shared.errors import ConfigurationError, InputError, SourceUnavailable
from shared.http.redaction import masked
from shared.monitoring.lineage import Dataset
from shared.places import FileMark
from shared.utils.console import say, step

if TYPE_CHECKING:
    from ingress.readers.rest.form import Page
    from ingress.readers.rest.pages import ListReader
    from shared.http.bounds import HttpBounds

# A list whose rows are all of another form would make a table of as many columns.
MOST_EXTRAS = 1_000


@dataclass(frozen=True)
class Rest(Reader):
    """A list of an API that answers JSON, page by page.

    Attributes:
        setting: The environment variable with the API's address.
        path: The list below it, as in `/members`.
        paginator: How the next page is found, as dlt's REST sources declare it: `{"type": "header_link"}`.
        rows: Where a page has its rows, a JSONPath; `$` where it is nothing but them.
        total: Where a page says how many rows the list has, a JSONPath: without it a list cut short is not noticed.
        parameters: What the first request asks for.
        headers: What each request says besides.
        login: How requests are signed, as dlt's REST sources declare it; a secret is a `Setting`.
        cursor: The field, a time, date or whole number, that grows with every change of a row.
        since: The parameter that asks for the rows from a value of the cursor on.
        since_format: How it writes a time or date, in UTC.
    """

    setting: str
    path: str
    paginator: Mapping[str, object] = field(default_factory=lambda: {"type": "single_page"})
    rows: str = "$"
    total: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    login: Mapping[str, object] | None = None
    cursor: str | None = None
    since: str | None = None
    since_format: str = "%Y-%m-%dT%H:%M:%S.%fZ"

    def __post_init__(self) -> None:
        if (self.cursor is None) != (self.since is None):
            raise ConfigurationError(
                f"a list needs both a cursor and a parameter `since`, or neither: `{self.path}`",
                hint="without them all rows are read each time",
            )

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting, *(setting.name for setting in settings_of(self.login or {})))

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting}{self.path}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_url(Setting(self.setting).value().rstrip("/") + self.path)

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        # What talks to servers takes a moment to import, and who only asks what there is does without.
        from ingress.readers.rest.form import ListForm
        from ingress.readers.rest.login import Login
        from ingress.readers.rest.pages import ListReader
        from shared.http.client import HttpClient

        base = Setting(self.setting).value().rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{self.setting} is not an address: `{masked(base)}`",
                hint=f"set the environment variable {self.setting} to the API's address, as in https://example.com",
            )
        parameters = dict(self.parameters)
        if since is not None and self.since is not None:
            parameters[self.since] = since if isinstance(since, int) else since.strftime(self.since_format)
        form = ListForm(base + self.path, parameters, self.headers, self.paginator, self.rows, self.total)
        bounds = source_bounds()
        login = Login(self.login, bounds) if self.login else None
        with (
            step(f"{resource.name}: fetching all pages"),
            HttpClient(base, bounds, auth=login, netrc=login is None) as client,
        ):
            return self._steady(resource, ListReader(client, form, login), since)

    def _steady(self, resource: Resource, reader: ListReader, since: Watermark | None) -> Input:
        """Read the list until its pages make one, and so often at most as the bounds allow.

        Raises:
            SourceUnavailable: They never did.
        """
        from ingress.readers.rest.pages import Unsteady

        readings = reader.bounds.http_readings
        for reading in range(1, readings + 1):
            pages = Pages(resource, self.path)
            try:
                return replace(pages.read(reader), since=since, sees_all=since is None)
            except Unsteady as error:
                pages.spool.close()
                if reading == readings:
                    raise SourceUnavailable(
                        str(error), hint="run the command again; if it stays, tell its owner"
                    ) from None
                say(f"  {resource.name}: {error}; reading it again")
        raise AssertionError("a list is read at least once")


class Pages:
    """The pages of one reading: checked as they come, and kept on disk until the last one is there.

    So nothing is loaded of a list that breaks off, and memory holds one page.
    """

    def __init__(self, resource: Resource, path: str) -> None:
        self.resource, self.path = resource, path
        self.spool = Spool()
        self._names: dict[str, None] = {}
        self._keys: list[pa.RecordBatch] = []

    def read(self, reader: ListReader) -> Input:
        """Read all pages, and return what is to be loaded.

        Raises:
            Unsteady: They do not make one list.
            SourceUnavailable: A page cannot be had, or is none.
            InputError: They are not as the row model says.
        """
        key = self.resource.key
        for order, page in enumerate(reader.pages()):
            batch = self._checked(order, page)
            self._keys.append(batch.good.select(list(key)))
            self.spool.add(batch)
        extras = self.resource.rows.extra_columns(list(self._names), self.path) if self._names else []
        self.resource.hold_to_contract(extras, self.path)
        schema = pa.schema([field for field in self.resource.rows.schema if field.name in key])
        keys = pa.Table.from_batches([batch.select(schema.names) for batch in self._keys], schema)
        return Input(
            extras,
            self._batches(extras),
            lambda duck: duplicated_keys(duck, duck.from_arrow(keys), key),
        )

    def _checked(self, order: int, page: Page) -> Batch:
        names = {name: None for row in page.rows if isinstance(row, dict) for name in row}
        self._names |= names
        known = self.resource.model.model_fields
        extras = [name for name in names if name not in known]
        if len(self._names) > len(known) + MOST_EXTRAS:
            raise InputError(
                f"more than {MOST_EXTRAS:,} columns in `{self.path}` that the row model does not know",
                hint="its rows should be objects with the same names: tell the API's owner",
            )
        try:
            return check_page(self.resource, order, (page.name, page.rows), extras)
        except RecursionError:
            raise SourceUnavailable(
                f"a value is nested too deeply: `{masked(page.url)}`", hint="nothing was loaded: tell the API's owner"
            ) from None

    def _batches(self, extras: Sequence[str]) -> Iterator[Batch]:
        yield from self.spool.batches(extras)
        self.spool.close()


def check_page(resource: Resource, order: int, page: tuple[str, list[Any]], extras: Sequence[str]) -> Batch:
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


def source_bounds() -> HttpBounds:
    """Return the platform's bounds, with what dlt's settings RUNTIME__REQUEST_… say of waiting and repeating."""
    from dlt.common.configuration import resolve_configuration
    from dlt.common.configuration.specs import RuntimeConfiguration

    from shared.http.bounds import bounds_with

    dlts = resolve_configuration(RuntimeConfiguration())
    return bounds_with(
        http_silence=float(dlts.request_timeout),
        http_tries=int(dlts.request_max_attempts),
        http_backoff=float(dlts.request_backoff_factor),
        http_wait=float(dlts.request_max_retry_delay),
    )
