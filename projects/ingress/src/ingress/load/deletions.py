"""Marks in raw for rows that have vanished where they come from, as the resource declares it.

Rows are marked in one transaction after those of the load are committed and before its files are noted as loaded. What
is marked follows from raw and from what the load has read, so whoever is killed in between marks them with the rerun:
snapshots, tombstones and files that are not noted are read again, flags are columns of raw itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa
from pydantic import create_model

from ingress.deletions import DELETED_AT, DELETED_BY, DeletedFlag, Snapshot, Tombstones
from ingress.load.merge import LOAD
from ingress.raw_names import raw_name
from ingress.source import Resource
from shared.data_quality import BadRow, RowChecker, RowModel
from shared.data_quality.change_guard import TooManyDeletes
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse, quote, quote_name

COLUMNS = {DELETED_AT: "timestamp", DELETED_BY: "varchar"}
Rows = Callable[[], Iterable[pa.Table]]


class Marks:
    """The marks of one load of a resource.

    Args:
        tombstones: The keys that are gone, where a stream has them.
    """

    def __init__(self, warehouse: Warehouse, resource: Resource, run_id: str, tombstones: Rows | None = None) -> None:
        self.warehouse, self.resource, self.run_id = warehouse, resource, run_id
        self.tombstones = tombstones
        self.seen, self.gone = f"_seen_{resource.table}"[:60], f"_gone_{resource.table}"[:60]
        deletions = resource.deletions
        by_keys = isinstance(deletions, Snapshot) or (isinstance(deletions, Tombstones) and deletions.at is None)
        self._was_there = resource.marks_deleted and warehouse.table_exists(resource.relation)
        # What is in an empty table after a load is what the load has read.
        self.by_keys = by_keys and self._was_there
        if self._was_there:
            self._add_columns()
        if self.by_keys:
            self._make(self.seen)

    def see(self, good: pa.RecordBatch, bad: Sequence[BadRow]) -> None:
        """Take note of the keys of rows that are there, good or bad, where that is what deletions are told by.

        They lie in the warehouse, as they may be many. A bad row whose key cannot be read stands for no row of raw.
        """
        if not self.by_keys:
            return
        key = list(self.resource.key)
        tables = [pa.Table.from_batches([good]).select(key)]
        if bad:
            checked = self._keys.check([row_of(each) for each in bad], [each.position for each in bad])
            tables.append(pa.Table.from_batches([checked.good]).select(key))
        self.warehouse.append_arrow(self.seen, pa.concat_tables(tables))

    def guard(self, approved: int | None) -> None:
        """Stop a snapshot that has lost more rows than its guard lets pass, before anything is published.

        Raises:
            TooManyDeletes: It has.
        """
        deletions = self.resource.deletions
        if not isinstance(deletions, Snapshot) or not self.by_keys:
            return
        self.warehouse.analyze(self.seen)
        table = f"{quote(self.resource.relation)} as loaded"
        ((alive, lost),) = self.warehouse.fetch(
            f"select count(*), count(*) filter (where not {self._in(self.seen)}) from {table} "
            f"where {DELETED_AT} is null"
        )
        objection = deletions.guard(approved).objection(lost, alive)
        if objection:
            name = self.resource.relation
            raise TooManyDeletes(
                f"the load of `{name}` would mark {lost:,} of its {alive:,} rows as deleted: {objection}",
                hint="nothing was loaded; see whether they are gone from the source for good, then load it with "
                f"`--approve-deletes {lost}`: a ceiling, which a later load with more to delete does not pass",
            )

    def mark(self, load: str) -> int:
        """Mark what is gone, let live what has returned, and return how many rows this run has marked.

        Args:
            load: The id of the load, by which a row that returns as it was counts as written.
        """
        deletions = self.resource.deletions
        if not self.resource.marks_deleted:
            return 0
        if not self._was_there:
            self._add_columns()
        if isinstance(deletions, DeletedFlag):
            flagged = self._flagged(deletions.column)
            self._delete(flagged)
            self._revive(f"not {flagged}", load)
        if isinstance(deletions, Snapshot) and self.by_keys:
            self._delete(f"not {self._in(self.seen)}")
        if isinstance(deletions, Tombstones):
            self._bury(deletions)
        if self.by_keys:
            self._revive(self._in(self.seen), load)
        relation = quote(self.resource.relation)
        return int(
            self.warehouse.fetch(f"select count(*) from {relation} where {DELETED_BY} = $1", [self.run_id])[0][0]
        )

    def close(self) -> None:
        """Drop what was only for this load."""
        for name in (self.seen, self.gone):
            self.warehouse.execute(f"drop table if exists {quote(name)}")

    def gather(self) -> None:
        """Read the keys that are gone, where a stream has them, once the load's rows are committed."""
        deletions = self.resource.deletions
        if not isinstance(deletions, Tombstones):
            return
        self._make(self.gone, changed=deletions.changed, at=deletions.at)
        columns = [*self.resource.key, *([deletions.at] if deletions.at else [])]
        for table in self.tombstones() if self.tombstones else ():
            self.warehouse.append_arrow(self.gone, table.select(columns))
        self.warehouse.analyze(self.gone)

    def _bury(self, deletions: Tombstones) -> None:
        if deletions.at is None or deletions.changed is None:
            # What the load has read is there, whatever was said of it before.
            if self.by_keys:
                self._delete(f"{self._in(self.gone)} and not {self._in(self.seen)}")
            return
        at, changed = quote_name(deletions.at), f"loaded.{quote_name(self._raw(deletions.changed))}"
        kind = self.resource.rows.schema.field(deletions.changed).type
        utc = " at time zone 'UTC'" if pa.types.is_timestamp(kind) and kind.tz else ""
        key = ", ".join(quote_name(name) for name in self.resource.key)
        self.warehouse.execute(
            f"update {quote(self.resource.relation)} as loaded "
            f"set {DELETED_AT} = cast(gone.{DELETED_AT}{utc} as timestamp), {DELETED_BY} = $1 "
            f"from (select {key}, max({at}) as {DELETED_AT} from {quote(self.gone)} group by {key}) as gone "
            f"where loaded.{DELETED_AT} is null and {self._same('gone')} and gone.{DELETED_AT} >= {changed}",
            [self.run_id],
        )

    def _make(self, name: str, *, changed: str | None = None, at: str | None = None) -> None:
        """Make a table of this session's for keys, and maybe a time, of the types that raw has."""
        columns = [f"{quote_name(self._raw(each))} as {quote_name(each)}" for each in self.resource.key]
        columns += [f"{quote_name(self._raw(changed))} as {quote_name(at)}"] if changed and at else []
        relation = quote(self.resource.relation)
        self.warehouse.execute(f"drop table if exists {quote(name)}")
        self.warehouse.execute(
            f"create temporary table {quote(name)} as select {', '.join(columns)} from {relation} limit 0"
        )

    def _add_columns(self) -> None:
        relation = quote(self.resource.relation)
        for name, kind in COLUMNS.items():
            self.warehouse.execute(f"alter table {relation} add column if not exists {name} {kind}")

    def _delete(self, condition: str) -> None:
        self.warehouse.execute(
            f"update {quote(self.resource.relation)} as loaded set {DELETED_AT} = $1, {DELETED_BY} = $2 "
            f"where {DELETED_AT} is null and {condition}",
            [utc_now(), self.run_id],
        )

    def _revive(self, condition: str, load: str) -> None:
        self.warehouse.execute(
            f"update {quote(self.resource.relation)} as loaded "
            f"set {DELETED_AT} = null, {DELETED_BY} = null, {LOAD} = $1 "
            f"where {DELETED_AT} is not null and {condition}",
            [load],
        )

    def _in(self, table: str) -> str:
        return f"exists (select 1 from {quote(table)} where {self._same(table)})"

    def _same(self, table: str) -> str:
        pairs = ((quote_name(name), quote_name(self._raw(name))) for name in self.resource.key)
        return " and ".join(f"{quote(table)}.{name} = loaded.{raw}" for name, raw in pairs)

    def _raw(self, name: str) -> str:
        return raw_name(name, self.resource.name)

    def _flagged(self, column: str) -> str:
        kind, name = self.resource.rows.schema.field(column).type, f"loaded.{quote_name(self._raw(column))}"
        if pa.types.is_boolean(kind):
            return f"coalesce({name}, false)"
        return f"(coalesce({name}, 0) <> 0)" if pa.types.is_integer(kind) else f"({name} is not null)"

    @property
    def _keys(self) -> RowChecker:
        fields = self.resource.model.model_fields
        key: dict[str, object] = {name: (fields[name].annotation, fields[name]) for name in self.resource.key}
        return RowChecker(create_model("Key", __base__=RowModel, **key))  # type: ignore[call-overload]


def row_of(bad: BadRow) -> dict[str, object]:
    """Return a bad row as it came, where it is one."""
    row = json.loads(bad.payload)
    return row if isinstance(row, dict) else {}
