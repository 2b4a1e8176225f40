"""The load of one resource: its rows on their way, and what happened to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from ingress.duplicates import ORDER, unique_rows
from ingress.source import Batch, Input, Resource
from shared.data_quality import POSITION, Quarantine, arrow_schema
from shared.data_quality.rows import as_text
from shared.warehouse import quote


@dataclass(frozen=True)
class FileMark:
    """A file as it was before it was read."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass
class Job:
    """The load of one resource.

    Attributes:
        files: What is read, in order; none where the rows do not come from files.
        read: How many rows each origin had.
        counts: How many rows were `kept`, `quarantined`, … in all.
    """

    resource: Resource
    files: Sequence[FileMark]
    input: Input
    quarantine: Quarantine
    read: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    _keys: list[pa.Table] = field(default_factory=list)

    def rows(self) -> Iterator[pa.Table]:
        """Return the rows to load, each key once; bad rows go to quarantine on the way."""
        # Without a row: so that there is a table also when nothing arrives.
        yield arrow_schema(self.resource.model).empty_table()
        key = self.resource.key
        for table in unique_rows(self._batches(), self.input.duplicated, key, self.counts, self.quarantine.add):
            if not self.resource.reader.in_columns or self.resource.reader.cursor:
                self._keys.append(table.select([*key, ORDER]))
            yield table.drop_columns([POSITION, ORDER])

    def _batches(self) -> Iterator[Batch]:
        for batch in self.input.batches:
            self.read[batch.origin] += batch.good.num_rows + len(batch.bad)
            self.counts["bad"] += len(batch.bad)
            self.quarantine.add(batch.origin, batch.bad)
            yield batch

    def resolve(self) -> int:
        """Let go of quarantined rows that are not bad any more, once the good rows are committed."""
        everything = self.resource.reader.sees_all
        resolved = self.quarantine.resolve(None if everything else [file.name for file in self.files])
        return resolved + self.quarantine.resolve_ids(self._corrected())

    def _corrected(self) -> list[str]:
        """Return the quarantined rows for whose key a later file, or a later reading of a table, has a good row."""
        unresolved = self.quarantine.unresolved()
        by_file = self.resource.reader.cursor is None
        if not unresolved or not self._keys or (by_file and not self.files):
            return []
        key = self.resource.key
        identifiers, origins, payloads = zip(*unresolved, strict=True)
        content = [json.loads(payload) for payload in payloads]
        keys = {name: pa.array([as_text(row.get(name)) for row in content], pa.string()) for name in key}
        bad = pa.table({"identifier": identifiers, "origin": origins, **keys})
        loaded = pa.concat_tables(self._keys)
        corrects = " and ".join(f"bad.{quote(name)} = loaded.{quote(name)}::varchar" for name in key)
        if by_file:
            names = pa.array([file.name for file in self.files])
            loaded = loaded.append_column("origin", names.take(loaded[ORDER].combine_chunks()))
            corrects += " and bad.origin < loaded.origin"
        with duckdb.connect() as duck:
            duck.register("bad", bad)
            duck.register("loaded", loaded)
            rows = duck.execute(f"select distinct identifier from bad join loaded on {corrects}").fetchall()
        return [identifier for (identifier,) in rows]

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
        parts += [f"column `{name}` is not in the row model, loaded as it is" for name in self.input.extras]
        return "; ".join(parts)
