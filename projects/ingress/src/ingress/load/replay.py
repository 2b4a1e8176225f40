"""Rows from quarantine that are loaded after all: as they are once the row model has changed, or corrected by hand.

They go the way of fresh rows: the same check, the same rule for keys that come twice, merged by key. They are not all
that a source has, so no snapshot is told by them. Whoever is killed after their commit finds them in raw as they are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from typing_extensions import override

from ingress.deletions import NEVER, DeletedFlag
from ingress.duplicate_keys import duplicated_keys
from ingress.load.deletions import Marks
from ingress.load.duplicates import REASON, unique_rows
from ingress.load.overtaken import overtaken
from ingress.load.widening import widen
from ingress.load.writing import load as write
from ingress.raw_names import ORDER
from ingress.source import Batch, Input, Reader, Resource, Watermark
from shared.config import Settings
from shared.data_quality import POSITION, BadRow, Quarantine
from shared.data_quality.held_rows import HeldRow, say_reasons
from shared.errors import ConfigurationError, InputError
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.places import FileMark
from shared.tables.rejected import CUT_WRONG, REPEATED

# What a reader has put into a row that it could not cut, or that was none.
NO_ROWS = {"_row", "_beyond_the_header"}


@dataclass(frozen=True)
class Held(Reader):
    """Stands for the reader of rows in quarantine: they come by no cursor, lie within nothing, and are not all."""

    of: Reader

    @override
    def where(self, settings: Settings) -> str:
        return self.of.where(settings)

    @override
    def dataset(self, settings: Settings) -> Dataset:
        return self.of.dataset(settings)

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        raise ConfigurationError("rows in quarantine are not read again", hint="this is an error of the platform's")


@dataclass
class Replay:
    """Rows of one resource on their way.

    Attributes:
        rows: Those in quarantine, by their ids.
        left: Why some stay there.
        values: What the others hold, one after the other as in `ids`.
    """

    run: Run
    source: str
    resource: Resource
    rows: Mapping[str, HeldRow]
    left: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)

    def take(self, corrected: Mapping[str, Any] | None) -> None:
        """Take the rows as they are, or the corrected one, where they are in the form of the resource."""
        known = self.resource.model.model_fields
        for identifier, row in self.rows.items():
            value = json.loads(row.payload) if corrected is None else dict(corrected)
            cut = corrected is None and row.reason.startswith((CUT_WRONG, REPEATED))
            if not isinstance(value, dict) or NO_ROWS & value.keys() or cut:
                self.left[identifier] = row.reason
                continue
            try:
                self.resource.hold_to_contract([name for name in value if name not in known], "a row in quarantine")
            except InputError as error:
                self.left[identifier] = error.message
                continue
            if self.resource.contract == "report":
                value = {name: each for name, each in value.items() if name in known}
            self.ids.append(identifier)
            self.values.append(value)

    def load(self, *, force: bool) -> list[str]:
        """Load what is good and not overtaken, and return the ids of the rows that raw has then."""
        warehouse, resource = self.run.warehouse, self.resource
        widen(warehouse, resource)
        names = {name: None for value in self.values for name in value}
        extras = [name for name in names if name not in resource.model.model_fields]
        checked = resource.rows.check(self.values, range(len(self.ids)), extras)
        self._leave(checked.bad)
        there = [self.ids[at] for at in checked.good[POSITION].to_pylist()]
        late = overtaken(warehouse, resource, checked.good, [self.rows[each] for each in there], force=force)
        self.left |= late
        good = checked.good.filter(pa.array([each not in late for each in there], pa.bool_()))
        counts: Counter[str] = Counter()
        tables = list(
            unique_rows(
                [Batch("quarantine", 0, good, ())],
                lambda duck: duplicated_keys(duck, lambda: duck.from_arrow(pa.table(good)), resource.key),
                resource.key,
                counts,
                lambda _, bad: self._leave(bad),
            )
        )
        if counts["kept"]:
            self._merge([table.drop_columns([POSITION, ORDER]) for table in tables])
        return [each for each in there if each not in self.left]

    def _leave(self, bad: Sequence[BadRow]) -> None:
        self.left |= {self.ids[row.position]: row.reason for row in bad}

    def _merge(self, tables: Sequence[pa.Table]) -> None:
        warehouse, flagged = self.run.warehouse, isinstance(self.resource.deletions, DeletedFlag)
        deletions = self.resource.deletions if flagged else NEVER
        resource = replace(self.resource, reader=Held(self.resource.reader), deletions=deletions)
        marks = Marks(warehouse, resource, self.run.id)
        load = write(warehouse, self.source, {resource.name: (resource, lambda: iter(tables))})
        with warehouse.transaction():
            marks.mark(load)


def replay(
    run: Run,
    source: str,
    resource: Resource,
    rows: Sequence[HeldRow],
    *,
    corrected: Mapping[str, Any] | None = None,
    force: bool = False,
) -> dict[str, str]:
    """Load open rows of the quarantine, and let go of them once they are committed.

    Args:
        corrected: What the one row should be.
        force: Also over a row of the same key that was loaded later, or is marked as deleted.

    Returns:
        Why some rows stay in quarantine, by their ids.

    Raises:
        PlatformError: Nothing can be loaded.
    """
    if not run.warehouse.table_exists(resource.relation):
        return {row.quarantine_id: "its table is not there yet: load the source first" for row in rows}
    work = Replay(run, source, resource, {row.quarantine_id: row for row in rows})
    work.take(corrected)
    done = work.load(force=force)
    with run.warehouse.transaction():
        resolved = Quarantine(run.warehouse, run.id, source, resource.name).resolve_ids(done)
        if corrected is None:
            say_reasons(run.warehouse, {each: why for each, why in work.left.items() if is_of_the_row(why)})
        detail: dict[str, object] = {"replayed": resolved, "left": len(work.left)}
        run.output(resource.relation, rows=run.warehouse.row_count(resource.relation), detail=detail)
    return work.left


def is_of_the_row(reason: str) -> bool:
    """Tell a reason that is the row's own from one that lies in what else there is."""
    return reason.startswith("`") and reason != REASON
