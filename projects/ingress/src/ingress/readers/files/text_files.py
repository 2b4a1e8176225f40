"""Rows of files of text: most are turned into values and checked in columns, the rest one by one.

DuckDB keeps the texts of one file at a time in a database of its own on disk, so memory does not grow with the file.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingress.duplicate_keys import Hashes, key_hash, twice
from ingress.source import Batch, Input, Resource
from shared.data_quality import POSITION, BadRow, Checked, ColumnChecker
from shared.places import LocalFile
from shared.tables import Column, Declared, Form, Scratch, Staged, look, staged
from shared.tables.rejected import REPEATED
from shared.tables.row_models import columns_of
from shared.utils.console import step
from shared.warehouse import quote, quote_name

# With what checking and loading take, a load stays below 1 GiB.
MEGABYTES = 400
BATCH_ROWS = 200_000
# Of a table with more columns than this, batches and chunks have fewer rows.
COLUMNS = 50
FIT = "_fit"
# Those that are checked one by one, in Python.
CHUNK_ROWS = 20_000


def read_tables(resource: Resource, files: Sequence[LocalFile], declared: Declared) -> Input:
    """Look at files, and return what is to be loaded.

    Raises:
        InputError: One holds no table, or not the columns of the row model.
    """
    extras: dict[str, None] = {}
    found: list[TextFile] = []
    with step(f"{resource.name}: looking at {len(files)} files"):
        for file in files:
            form = look(file.path, origin=file.name, declared=declared)
            form.check_names(file.name)
            unknown = resource.rows.extra_columns(form.header, file.name)
            resource.hold_to_contract(unknown, file.name)
            extras.update(dict.fromkeys(unknown))
            found.append(TextFile(file.path, file.name, file.order, form))
    rows = TextFiles(resource, found, list(extras))
    return Input(list(extras), rows.batches(), rows.duplicated)


@dataclass(frozen=True)
class TextFile:
    """A file and how it is written.

    Attributes:
        origin: Its name in messages.
        order: Its place among the files of a load.
    """

    path: Path
    origin: str
    order: int
    form: Form


class TextFiles:
    """The rows of a resource's files.

    Args:
        extras: The columns of any file that the row model does not know.
    """

    def __init__(self, resource: Resource, files: Sequence[TextFile], extras: Sequence[str]) -> None:
        self.resource = resource
        self.files = files
        self.extras = extras
        self._checker = resource.columns_if_plain
        self._open: tuple[TextFile, Scratch, Staged] | None = None
        self._closing = ExitStack()

    def batches(self) -> Iterator[Batch]:
        """Read and check the files; the rows' positions are the lines on which they begin."""
        try:
            for file in self.files:
                scratch, rows = self._staged(file)
                cut_wrong = [by_column(row, file.form) for row in rows.bad_rows()]
                yield Batch(file.origin, file.order, self._check([], []).good, cut_wrong)
                if self._checker is None:
                    yield from self._rest(file, rows.all_texts(position=POSITION))
                    continue
                failed: list[pa.Array] = []
                yield from self._in_columns(file, self._checker, failed)
                if failed:
                    scratch.connection.register("failed", pa.table({POSITION: pa.concat_arrays(failed)}))
                    texts = rows.all_texts(position=POSITION)
                    yield from self._rest(file, f"select * from ({texts}) semi join failed using ({POSITION})")
        finally:
            self._closing.close()

    def duplicated(self, duck: duckdb.DuckDBPyConnection) -> pa.Table:
        """Return the keys that occur more than once, and maybe a few that do not."""
        key = self.resource.key
        # Of rows that are bad it may be null.
        schema = pa.schema(
            [pa.field(field.name, field.arrow_type) for field in self.resource.rows.fields if field.name in key]
        )
        rare: list[pa.Table] = []
        hashes: list[Hashes] = []
        for file in self.files:
            scratch, rows = self._staged(file)
            keys = rows.all_rows(self._columns(file, key), position=POSITION, fit=FIT)
            read = scratch.connection.sql(keys).project(f"{key_hash(key)} as hash, {FIT}").fetchnumpy()
            hashes.append(read["hash"])
            if not read[FIT].all():
                hashes[-1] = read["hash"][read[FIT]]
                texts = rows.all_texts(position=POSITION)
                unread = f"select {POSITION} from ({keys}) where not {FIT}"
                for chunk, positions in self._texts(file, f"from ({texts}) semi join ({unread}) using ({POSITION})"):
                    rare.append(pa.Table.from_batches([self._check(chunk, positions).good]))
        # A copy is worth avoiding: it would be large.
        doubled = twice(hashes[0] if len(hashes) == 1 else np.concatenate(hashes))
        tables = [*rare, *(self._keys(file, doubled) for file in self.files if doubled.size)]
        return pa.concat_tables([schema.empty_table(), *(table.select(schema.names).cast(schema) for table in tables)])

    def _keys(self, file: TextFile, doubled: Hashes) -> pa.Table:
        """Return the keys of a file whose hashes occur more than once."""
        scratch, rows = self._staged(file)
        key = self.resource.key
        scratch.connection.register("doubled", pa.table({"hash": doubled}))
        relation = scratch.connection.sql(rows.all_rows(self._columns(file, key), position=POSITION, fit=FIT))
        names = ", ".join(quote(name) for name in key)
        doubles = relation.filter(f"{FIT} and {key_hash(key)} in (from doubled)")
        return doubles.project(names).distinct().to_arrow_table()

    def _in_columns(self, file: TextFile, checker: ColumnChecker, failed: list[pa.Array]) -> Iterator[Batch]:
        """Check the rows in columns; gather the positions of those that are bad, or have texts that are rarely seen."""
        scratch, rows = self._staged(file)
        known = [field.name for field in checker.fields if field.name in file.form.header]
        extras = [
            quote_name(name) if name in file.form.header else f"cast(null as varchar) as {quote_name(name)}"
            for name in self.extras
        ]
        names = ", ".join([*map(quote_name, known), *extras, POSITION, FIT])
        query = f"select {names} from ({rows.all_rows(self._columns(file), position=POSITION, fit=FIT)})"
        for batch in scratch.stream_arrow(query, batch_rows=rows_at_once(BATCH_ROWS, file)):
            positions, fit = batch.column(POSITION), batch.column(FIT)
            checked, good = checker.examine(batch.drop_columns([POSITION, FIT]), positions)
            good = pc.and_(good, fit)
            if good.false_count:
                failed.append(positions.filter(pc.invert(good)))
                checked = checked.filter(good)
            yield Batch(file.origin, file.order, checked, ())

    def _rest(self, file: TextFile, query: str) -> Iterator[Batch]:
        """Check the rows of a query one by one."""
        for chunk, positions in self._texts(file, query):
            checked = self._check(chunk, positions)
            yield Batch(file.origin, file.order, checked.good, checked.bad)

    def _check(self, rows: Sequence[Mapping[str, str | None]], positions: Sequence[int]) -> Checked:
        return self.resource.rows.check(rows, positions, self.extras)

    def _texts(self, file: TextFile, query: str) -> Iterator[tuple[list[dict[str, str | None]], list[int]]]:
        """Return the rows of a query as texts, and their positions."""
        scratch, _ = self._staged(file)
        for batch in scratch.stream_arrow(query, batch_rows=rows_at_once(CHUNK_ROWS, file)):
            positions: list[int] = batch.column(POSITION).to_pylist()
            yield batch.drop_columns([POSITION]).to_pylist(), positions

    def _columns(self, file: TextFile, names: Sequence[str] | None = None) -> dict[str, Column]:
        """Return what a file's columns become: all that the model knows, or those of these names."""
        fields = [field for field in self.resource.rows.fields if names is None or field.name in names]
        return columns_of(fields, file.form.header)

    def _staged(self, file: TextFile) -> tuple[Scratch, Staged]:
        """Have a file's texts in a database; those of the file before are forgotten."""
        if self._open is None or self._open[0] is not file:
            self._closing.close()
            with ExitStack() as opening:
                scratch = opening.enter_context(Scratch(MEGABYTES, columns=len(file.form.header), origin=file.origin))
                rows = opening.enter_context(staged(scratch, file.path, file.form, file.origin))
                self._closing = opening.pop_all()
            self._open = file, scratch, rows
        return self._open[1:]


def rows_at_once(usual: int, file: TextFile) -> int:
    """Return how many rows of a file are in memory at once, so that as many values are, whatever its width."""
    return usual * COLUMNS // max(COLUMNS, len(file.form.header))


def by_column(row: BadRow, form: Form) -> BadRow:
    """Return a line that has too few or too many fields with those that it has by their columns: one may be its key."""
    if row.reason == REPEATED:
        return row
    line = json.loads(row.payload)["line"]
    try:
        values = next(csv.reader([line], delimiter=form.delimiter), [])
    except csv.Error:
        # Python's reader takes less than DuckDB's: before 3.11 no NUL.
        return row
    if len(values) == len(form.header):
        return row
    named: dict[str, object] = {name: value or None for name, value in zip(form.header, values, strict=False)}
    if len(values) > len(form.header):
        named["_beyond_the_header"] = values[len(form.header) :]
    return BadRow.of(row.position, row.reason, named)
