"""The lists that a declaration means: one, or one of each row of another list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ingress.gather.family import Family
from ingress.gather.paths import carried_from, value_at, with_carried
from ingress.readers.rest.declared import Declared
from ingress.readers.rest.form import ListForm
from ingress.readers.rest.pages import Gone, ListReader, Tally, Unsteady
from ingress.source import Watermark
from shared.data_quality import BadRow
from shared.errors import SourceUnavailable
from shared.http.client import HttpClient
from shared.http.login import Login
from shared.http.pace import Pace
from shared.http.places import Unfit, filled
from shared.utils.console import say


@dataclass(frozen=True)
class Single:
    """One list.

    Attributes:
        path: Below the API's address.
        carried: What its rows have from the row that it belongs to.
    """

    path: str
    carried: Mapping[str, Any]


@dataclass
class Lists:
    """The lists of one reading.

    Attributes:
        gone: How many rows there were whose list was not there any more.
        read: How many lists of rows were there.
    """

    tally: Tally
    pace: Pace
    since: Watermark | None
    gone: int = 0
    read: int = 0
    _last: str = field(default="", repr=False)

    def gather(self, rest: Declared, family: Family) -> None:
        """Read all of them.

        Raises:
            Unsteady: The outermost list's pages do not make one.
            SourceUnavailable: A page cannot be had, or is none.
        """

        def refuse(page: str, number: int, row: dict[str, Any], reason: str) -> None:
            family.refuse(page, BadRow.of(number, reason, row))

        with self._opened(rest) as open_list:
            for single in self._singles(rest, refuse):
                marks, counted = family.mark(), self.tally.mark()

                def attempt(single: Single = single) -> None:
                    for name, rows in self._pages(rest, open_list(single), single):
                        family.add(name, rows)

                def undo(marks: Any = marks, counted: Any = counted) -> None:
                    family.back_to(marks)
                    self.tally.back_to(counted)

                try:
                    if rest.of is None:
                        attempt()
                    else:
                        steadily(self.tally.bounds.http_readings, attempt, undo, family.own.resource.name)
                        self.read += 1
                except Gone as error:
                    if rest.of is None:
                        raise
                    undo()
                    self.gone, self._last = self.gone + 1, error.message
        if self.gone and not self.read:
            raise SourceUnavailable(
                f"none of {self.gone:,} lists is there: `{rest.path}`: the last one: {self._last}",
                hint="see whether its path is as the API has it; nothing was loaded",
            )

    def _singles(self, rest: Declared, refuse: Callable[[str, int, dict[str, Any], str], None]) -> Iterator[Single]:
        if rest.of is None:
            yield Single(rest.path, {})
            return
        with self._opened(rest.of) as open_list:
            for outer in self._singles(rest.of, lambda *_: None):
                try:
                    for name, rows in self._pages(rest.of, open_list(outer), outer):
                        for number, row in enumerate(rows, start=1):
                            if not isinstance(row, dict):
                                continue
                            try:
                                yield Single(filled(rest.path, partial(value_at, row)), carried_from(row, rest.carry))
                            except Unfit as error:
                                refuse(name, number, row, str(error))
                except Gone:
                    if rest.of.of is None:
                        raise
                    self.gone += 1

    def _pages(self, rest: Declared, reader: ListReader, single: Single) -> Iterator[tuple[str, list[Any]]]:
        for page in reader.pages():
            yield page.name, [with_carried(row, single.carried, rest.path) for row in page.rows]

    @contextmanager
    def _opened(self, rest: Declared) -> Iterator[Callable[[Single], ListReader]]:
        """Open a client of an API, and return what reads a list with it."""
        base, bounds = rest.base(), self.tally.bounds
        login = Login(rest.login, bounds) if rest.login else None
        parameters, body = rest.asked(self.since), rest.sent(self.since)
        carry = rest.carry if rest.of is None else {}
        with HttpClient(base, bounds, auth=login, pace=self.pace) as client:

            def opened(single: Single) -> ListReader:
                url = base + single.path
                form = ListForm(
                    url, parameters, rest.headers, rest.paginator, rest.rows, rest.total, rest.ends, body, carry
                )
                return ListReader(client, form, self.tally)

            yield opened


def steadily(readings: int, attempt: Callable[[], None], undo: Callable[[], None], name: str) -> None:
    """Read until the pages make one list, and so often at most as the bounds allow.

    Raises:
        SourceUnavailable: They never did.
    """
    for reading in range(1, readings + 1):
        try:
            attempt()
            return
        except Unsteady as error:
            undo()
            if reading == readings:
                raise SourceUnavailable(str(error), hint="run the command again; if it stays, tell its owner") from None
            say(f"  {name}: {error}; reading it again")
