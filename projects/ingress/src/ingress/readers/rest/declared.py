"""How lists of an API are declared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ingress.source import Watermark
from shared.config.named import Setting, settings_of, with_values
from shared.errors import ConfigurationError
from shared.http.redaction import masked
from shared.redaction import guard

# One request in a hundred seconds.
SLOWEST = 0.01
# Others say something of who asks, or of the server.
MAY_END = {400, 404, 410, 416, 422}
# Since 1970, in UTC: how many of them a second has.
EPOCH, SECOND = datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(seconds=1)
UNIX = {"unix": 1, "unix_ms": 1_000}


@dataclass(frozen=True)
class Declared:
    """A list of an API that answers JSON, page by page.

    Attributes:
        setting: The environment variable with the API's address.
        path: The list below it, as in `/members`.
        paginator: How the next page is found, as dlt's REST sources declare it: `{"type": "header_link"}`.
        rows: Where a page has its rows, a JSONPath; `$` where it is nothing but them. Where each lies within something
            else, `[*]` stands for that, as in `data.orders.edges[*].node`.
        total: Where a page says how many rows the list has, a JSONPath: without it a list cut short is not noticed.
        parameters: What the first request asks for.
        body: What it asks for in JSON: the list is then read by POST.
        headers: What each request says besides.
        login: How requests are signed, as dlt's REST sources declare it; a secret is a `Setting`.
        cursor: The field, a time, date or whole number, that grows with every change of a row.
        since: The parameter that asks for the rows from a value of the cursor on; with a body its place there, a
            JSONPath, where the first load sends what stands there.
        since_format: How it writes a time or date, in UTC: as `strftime` does, or the seconds since 1970 by `unix`, the
            milliseconds by `unix_ms`.
        of: The list for each row of which there is one of these: the path then has places for the row's fields, as in
            `/customers/{id}/orders`. A cursor is then that list's, which is carried, and only of rows that have
            changed the lists are read.
        carry: Columns that each row has from the row that its list belongs to, each with the field there; without
            `of`, from what `[*]` stands for.
        per_second: How many requests may begin in a second at most, on average.
        ends: Statuses by which a request for a page after the last one is answered, as 404.
    """

    setting: str
    path: str
    paginator: Mapping[str, object] = field(default_factory=lambda: {"type": "single_page"})
    rows: str = "$"
    total: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    login: Mapping[str, object] | None = None
    cursor: str | None = None
    since: str | None = None
    since_format: str = "%Y-%m-%dT%H:%M:%S.%fZ"

    of: Declared | None = None
    carry: Mapping[str, str] = field(default_factory=dict)
    per_second: float | None = None
    ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        around = self.of.cursor if self.of else None
        asked = (
            (self.since is not None)
            if self.of is None
            else (around is not None and self.carry.get(str(self.cursor)) == around)
        )
        if (self.cursor is not None) != asked or (self.of and self.since):
            raise ConfigurationError(
                f"a list needs both a cursor and a parameter `since`, or neither: `{self.path}`"
                if self.of is None
                else f"a list of each row has as cursor what it carries of the rows' own, or none: `{self.path}`",
                hint="without them all rows are read each time",
            )
        if ("{" in self.path) != (self.of is not None) or (self.carry and self.of is None and "[*]" not in self.rows):
            raise ConfigurationError(
                f"a list of each row of another names that one and its place in the path: `{self.path}`",
                hint='as in Rest(…, "/customers/{id}/orders", of=CUSTOMERS, carry={"customer_id": "id"})',
            )
        if self.per_second is not None and not self.per_second >= SLOWEST:
            raise ConfigurationError(
                f"too few requests in a second: `{self.per_second}`", hint=f"give {SLOWEST} or more, or do without"
            )
        if not MAY_END.issuperset(self.ends):
            raise ConfigurationError(
                f"a status that says of no list that it ends: `{self.ends}`", hint=f"one of {sorted(MAY_END)}"
            )

        self._hold_to_json()

    def _hold_to_json(self) -> None:
        try:
            json.dumps(self.body, allow_nan=False, default=named)
        except (TypeError, ValueError, RecursionError):
            raise ConfigurationError(
                f"a body that JSON cannot hold: `{self.path}`",
                hint="write texts, numbers, truth values, lists and mappings; what is secret as a Setting",
            ) from None

    def needed(self) -> tuple[str, ...]:
        """Return the settings that it and the list around it need."""
        secret = (*settings_of(self.login or {}), *settings_of(self.body or {}))
        own = (self.setting, *(setting.name for setting in secret))
        return tuple(dict.fromkeys((*own, *(self.of.needed() if self.of else ()))))

    def base(self) -> str:
        """Return the API's address.

        Raises:
            ConfigurationError: There is none.
        """
        base = Setting(self.setting).value().rstrip("/")
        if not base.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{self.setting} is not an address: `{masked(base)}`",
                hint=f"set the environment variable {self.setting} to the API's address, as in https://example.com",
            )
        return base

    def asked(self, since: Watermark | None) -> dict[str, object]:
        """Return what the first request asks for in its address."""
        found = dict(self.parameters)
        if since is not None and self.since is not None and self.body is None:
            found[self.since] = self._written(since)
        return found

    def sent(self, since: Watermark | None) -> dict[str, object] | None:
        """Return what the first request sends, if anything.

        Raises:
            ConfigurationError: A setting of it is not set, or there is no such place in it as `since` names.
        """
        if self.body is None:
            return None
        for setting in settings_of(self.body):
            guard(setting.value())
        # A copy of all that lies within: the paginator writes into it.
        found: dict[str, object] = json.loads(json.dumps(with_values(self.body)))
        if since is not None and self.since is not None:
            # It takes a moment to import, and who only asks what there is does without.
            from ingress.gather.paths import put_at

            put_at(found, self.since, self._written(since))
        return found

    def _written(self, since: Watermark) -> object:
        if isinstance(since, int):
            return since
        if self.since_format not in UNIX:
            return since.strftime(self.since_format)
        moment = since if isinstance(since, datetime) else datetime(since.year, since.month, since.day)
        # Rounded down, so that no row is passed over.
        passed = moment.replace(tzinfo=moment.tzinfo or timezone.utc) - EPOCH
        return passed * UNIX[self.since_format] // SECOND

    def paces(self) -> Iterator[float]:
        """Yield the rates that are declared, of this list and those around it."""
        if self.per_second is not None:
            yield self.per_second
        if self.of is not None:
            yield from self.of.paces()


def named(value: object) -> str:
    """Return the name of a setting, as what stands for it where its value is not needed yet.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, Setting):
        raise TypeError
    return value.name
