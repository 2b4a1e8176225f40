"""The rows of one resource, page by page: checked as they come, loaded when the last one is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from ingress import bulk
from ingress.duplicate_keys import duplicated_keys
from ingress.gather.spool import Mark, Spool, with_columns
from ingress.source import Batch, Input, Resource, Watermark
from shared.data_quality import BadRow
from shared.data_quality.rows import Checked
from shared.errors import InputError, SourceUnavailable
from shared.http.redaction import masked

# A list whose rows are all of another form would make a table of as many columns.
MOST_EXTRAS = 1_000
State = tuple[Mark, dict[str, None]]


class Gathered:
    """Rows on their way; nothing is loaded of a reading that breaks off, and memory holds one page.

    Args:
        label: Where they come from, for people.
    """

    def __init__(self, resource: Resource, label: str) -> None:
        self.resource, self.label = resource, label
        self.spool = Spool()
        self._names: dict[str, None] = {}

    def add(self, name: str, rows: Sequence[Any], *, order: int | None = None, first: int = 1) -> int:
        """Check a page, keep it, and return its place among the pages.

        Args:
            name: The page's, the same from run to run.
            order: Its place, where it is not the next one.
            first: The position of its first row.

        Raises:
            InputError: It is not as the row model says.
            SourceUnavailable: It cannot be checked.
        """
        order = self.spool.count if order is None else order
        checked = self.checked(name, rows, first)
        self.keep(Batch(name, order, checked.good, checked.bad))
        return order

    def checked(self, name: str, rows: Sequence[Any], first: int = 1) -> Checked:
        """Check a page, as `add` does."""
        names = {name: None for row in rows if isinstance(row, dict) for name in row}
        try:
            return check_page(self.resource, rows, self.note(list(names)), first)
        except RecursionError:
            raise SourceUnavailable(
                f"a value is nested too deeply: `{masked(name)}`", hint="nothing was loaded: tell its owner"
            ) from None

    def keep(self, batch: Batch) -> None:
        """Keep a page that is checked."""
        self.spool.add(batch)

    def note(self, names: Sequence[str]) -> list[str]:
        """Note the columns of a page, and return those that the row model does not know.

        Raises:
            InputError: They are too many.
        """
        self._names |= dict.fromkeys(names)
        known = self.resource.model.model_fields
        if len(self._names) > len(known) + MOST_EXTRAS:
            raise InputError(
                f"more than {MOST_EXTRAS:,} columns in `{self.label}` that the row model does not know",
                hint="its rows should be objects with the same names: tell the API's owner",
            )
        return [name for name in names if name not in known]

    def mark(self) -> State:
        """Return what is there now."""
        return self.spool.mark(), dict(self._names)

    def back_to(self, state: State) -> None:
        """Forget what has come since."""
        mark, self._names = state
        self.spool.back_to(mark)

    def input(self, since: Watermark | None = None, notes: Sequence[str] = ()) -> Input:
        """Return what is to be loaded, once all is there.

        Raises:
            InputError: The columns are not as the row model says.
        """
        extras = self.resource.rows.extra_columns(list(self._names), self.label) if self._names else []
        self.resource.hold_to_contract(extras, self.label)
        key = self.resource.key
        schema = pa.schema([field for field in self.resource.rows.schema if field.name in key])
        return Input(
            extras,
            self._batches(extras),
            lambda duck: duplicated_keys(duck, lambda: duck.from_arrow(self.spool.columns(schema)), key),
            since=since,
            sees_all=since is None,
            notes=notes,
        )

    def _batches(self, extras: Sequence[str]) -> Iterator[Batch]:
        for batch in self.spool.batches():
            yield Batch(batch.origin, batch.order, with_columns(batch.good, extras), batch.bad)
        self.spool.close()

    def close(self) -> None:
        """Let go of everything."""
        self.spool.close()


def check_page(resource: Resource, rows: Sequence[Any], extras: Sequence[str], first: int = 1) -> Checked:
    """Check the rows of a page; their positions are their numbers on it."""
    bad = [
        BadRow.of(number, "not an object", {"_row": row})
        for number, row in enumerate(rows, start=first)
        if not isinstance(row, dict)
    ]
    objects = [(number, row) for number, row in enumerate(rows, start=first) if isinstance(row, dict)]
    checked = bulk.check(resource, [row for _, row in objects], [number for number, _ in objects], extras)
    return Checked(checked.good, [*bad, *checked.bad])
