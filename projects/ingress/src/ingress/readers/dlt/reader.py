"""Rows from any dlt source or resource: a verified source, or a team's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from ingress.gather.reader import GatheringReader
from ingress.source import Watermark
from shared.config import Settings
from shared.config.named import settings_of
from shared.monitoring.lineage import Dataset

if TYPE_CHECKING:
    from ingress.gather.family import Family

CHUNK_ROWS = 1_000


@dataclass(frozen=True)
class Dlt(GatheringReader):
    """A dlt source or resource: what it yields, mappings or arrow tables, is checked and loaded as any other rows.

    dlt's state is not used: with a `cursor` its `incremental` begins at the newest value that raw holds. Its hints of
    keys, columns and tables do not count, the resource's do.

    Attributes:
        made_by: Returns it, or names what does: `package.module:function`.
        arguments: What that is called with; a secret is a `Setting`.
        resource: Which of a source's resources, where more than one is selected.
        cursor: The column, a time, date or whole number, that its `incremental` goes by.
        cursor_path: What dlt calls that, where it is not the column's name.
        since_format: How its values are written, where they are times or dates as text; in UTC.
    """

    doing = "reading all rows"

    made_by: Callable[..., Any] | str
    arguments: Mapping[str, object] = field(default_factory=dict)
    resource: str | None = None
    cursor: str | None = None
    cursor_path: str | None = None
    since_format: str | None = None

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return tuple(setting.name for setting in settings_of(self.arguments))

    @property
    @override
    def label(self) -> str:
        made_by = self.made_by
        name = made_by if isinstance(made_by, str) else f"{made_by.__module__}:{made_by.__qualname__}"
        return f"{name} {self.resource}" if self.resource else name

    @override
    def where(self, settings: Settings) -> str:
        return f"dlt {self.label}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return Dataset("dlt", self.label)

    @override
    def gather(self, family: Family, since: Watermark | None) -> Sequence[str]:
        # dlt takes a moment to import, and who only asks what there is does without.
        from ingress.readers.dlt.extraction import items_of, made

        found = made(self.made_by, self.arguments, self.resource)
        with closing(items_of(found, self.cursor_path or self.cursor, self.start(since))) as items:
            for first, rows in chunks(items):
                keep(family, found.name, rows, first)
        return ()

    def start(self, since: Watermark | None) -> object:
        """Return where its incremental begins, as it writes that."""
        if self.since_format is None or since is None or isinstance(since, int):
            return since
        return since.strftime(self.since_format)


def chunks(items: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    """Yield lists of mappings, and record batches, each with the number of its first row."""
    from ingress.readers.dlt.tables import batches_of

    number, held = 1, list[Any]()
    for item in items:
        batches = batches_of(item)
        if batches is None:
            held.append(item)
        if held and (batches is not None or len(held) == CHUNK_ROWS):
            yield number, held
            number, held = number + len(held), []
        for batch in batches or ():
            yield number, batch
            number += batch.num_rows
    if held:
        yield number, held


def keep(family: Family, name: str, rows: Any, first: int) -> None:
    """Check rows and keep them: all are of one origin, as dlt does not say where pages end."""
    from ingress.readers.dlt.tables import checked_in_columns, mappings

    if isinstance(rows, list):
        family.add(name, rows, order=0, first=first)
        return
    batch = None if family.children else checked_in_columns(family.own, name, rows, first)
    if batch is None:
        family.add(name, mappings(rows), order=0, first=first)
    else:
        family.own.keep(batch)
