"""Rows from a paged REST API: checked one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from ingress.gather.reader import GatheringReader
from ingress.readers.rest.declared import Declared
from ingress.source import Watermark
from shared.config import Settings
from shared.monitoring.lineage import Dataset

if TYPE_CHECKING:
    from ingress.gather.family import Family
    from shared.http.bounds import HttpBounds


class Rest(Declared, GatheringReader):
    """A list of an API that answers JSON, page by page, or one of each row of another list."""

    doing = "fetching all pages"

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return self.needed()

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting}{self.path}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset.of_url(self.base() + self.path)

    @property
    @override
    def label(self) -> str:
        return self.path

    @override
    def gather(self, family: Family, since: Watermark | None) -> Sequence[str]:
        # What talks to servers takes a moment to import, and who only asks what there is does without.
        from ingress.readers.rest.lists import Lists, steadily
        from ingress.readers.rest.pages import Tally
        from shared.http.pace import Pace

        tally = Tally(source_bounds())
        lists = Lists(tally, Pace(min(self.paces(), default=None)), since)
        empty = family.mark()

        def undo() -> None:
            family.back_to(empty)
            tally.back_to((0, 0))
            lists.gone = lists.read = 0

        steadily(tally.bounds.http_readings, lambda: lists.gather(self, family), undo, family.own.resource.name)
        return [f"{lists.gone:,} lists left out that are gone"] if lists.gone else []


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
