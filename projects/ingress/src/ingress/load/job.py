"""The load of one resource: its rows on their way, and what happened to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from ingress.load.corrections import corrected_later, read_again
from ingress.load.deletions import Marks
from ingress.load.duplicates import unique_rows
from ingress.raw_names import ORDER
from ingress.source import Batch, Input, Resource, Watermark
from shared.data_quality import POSITION, BadRow, Quarantine, arrow_schema
from shared.places import FileMark


@dataclass
class Job:
    """The load of one resource.

    Attributes:
        files: What is read, in order; none where the rows do not come from files.
        marks: Those of the rows that are gone.
        before: How many rows the table had.
        read: How many rows each origin had.
        counts: How many rows were `kept`, `quarantined`, … in all.
        reasons: How many rows went to quarantine for which reason.
    """

    resource: Resource
    files: Sequence[FileMark]
    input: Input
    quarantine: Quarantine
    marks: Marks
    before: int = 0
    read: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    _keys: list[pa.Table] = field(default_factory=list)

    def rows(self) -> Iterator[pa.Table]:
        """Return the rows to load, each key once; bad rows go to quarantine on the way."""
        # Without a row: so that there is a table also when nothing arrives.
        extras = [] if self.resource.contract == "report" else self.input.extras
        columns = [*arrow_schema(self.resource.model), *(pa.field(name, pa.string()) for name in extras)]
        yield pa.schema(columns).empty_table()
        key = self.resource.key
        # Rows may be many, so their keys are kept only where there is somebody to look for.
        by_key = self.input.since is not None or (bool(self.files) and not self.resource.reader.one_file)
        some_open = by_key and bool(self.quarantine.unresolved())
        for table in unique_rows(self._batches(), self.input.duplicated, key, self.counts, self.refuse):
            # A later file may correct what an earlier one of this load has brought.
            some_bad = by_key and len(self.files) > 1 and self.counts["bad"] + self.counts["conflict"] > 0
            if some_open or some_bad:
                self._keys.append(table.select([*key, ORDER]))
            yield table.drop_columns([POSITION, ORDER])

    def tombstones(self) -> Iterator[pa.Table]:
        """Return the rows of a stream of keys that are gone, and settle its bad ones."""
        yield from self.rows()
        self.resolve()

    def _batches(self) -> Iterator[Batch]:
        reported = self.resource.contract == "report" and bool(self.input.extras)
        known = [*self.resource.rows.schema.names]
        for batch in self.input.batches:
            self.read[batch.origin] += batch.good.num_rows + len(batch.bad)
            self.counts["bad"] += len(batch.bad)
            self.refuse(batch.origin, batch.bad)
            self.marks.see(batch.good, batch.bad)
            yield replace(batch, good=batch.good.select(known)) if reported else batch

    def refuse(self, origin: str, bad: Sequence[BadRow]) -> None:
        """Put rows into quarantine."""
        self.reasons.update(row.reason for row in bad)
        self.quarantine.add(origin, bad)

    def resolve(self) -> int:
        """Let go of quarantined rows that are not bad any more, once the good rows are committed."""
        files = [file.name for file in self.files]
        resolved = self.quarantine.resolve(None if self.input.sees_all else files)
        if not self._keys:
            return resolved
        loaded, key = pa.concat_tables(self._keys), self.resource.key
        if self.input.since is not None:
            before, now = self.quarantine.unresolved(own=False), self.quarantine.unresolved(own=True)
            return resolved + self.quarantine.resolve_ids(read_again(before, now, loaded, key))
        unresolved = self.quarantine.unresolved()
        if files and unresolved:
            resolved += self.quarantine.resolve_ids(corrected_later(unresolved, loaded, files, key))
        return resolved

    def summary(self) -> str:
        """Say in one line what became of the rows."""
        words = {
            "kept": "{:,} rows loaded",
            "bad": "{:,} bad rows in quarantine",
            "conflict": "{:,} rows in quarantine whose key occurs more than once",
            "copy": "{:,} copies dropped",
            "superseded": "{:,} rows superseded by a later file or page",
            "resolved": "{:,} quarantined rows resolved",
        }
        parts = [text.format(self.counts[name]) for name, text in words.items() if self.counts[name] or name == "kept"]
        if self.input.since is not None:
            parts[0] += f", all that changed since {shown(self.input.since)}"
        if self.counts["changed"] or self.counts["unchanged"] or self.counts["deleted"]:
            became = (f"{self.counts[name]:,} {name}" for name in ("new", "changed", "unchanged", "deleted"))
            parts[0] += f" ({', '.join(became)})"
        parts += self.input.notes
        left = "not loaded" if self.resource.contract == "report" else "loaded as it is"
        parts += [f"column `{name}` is not in the row model, {left}" for name in self.input.extras]
        return "; ".join(parts)


def shown(since: Watermark) -> str:
    """Return a watermark for people."""
    if isinstance(since, datetime):
        return f"{since:%Y-%m-%d %H:%M:%S}" + (" UTC" if since.tzinfo else "")
    return str(since)
