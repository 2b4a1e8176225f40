"""Rows of files of JSON, an object a line or one list of objects: checked, and kept on disk until all are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import escape
from os import SEEK_END
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingress import bulk
from ingress.gather.gathered import Gathered
from ingress.source import Batch, Input, Resource
from shared.config import get_settings
from shared.data_quality import BadRow, Checked
from shared.data_quality.json_lines import LONGEST_LINE, lines, parsed
from shared.errors import InputError
from shared.places import LocalFile
from shared.tables.containers import unpacked
from shared.tables.declared import NOTHING
from shared.utils.calculator import calculator
from shared.utils.console import say, step
from shared.utils.strict_json import NotJson

KEPT_CHARACTERS = 1_000
# Of rows that are checked at once.
MOST_ROWS, MOST_BYTES = 10_000, 8 << 20
# Of a list, had at once.
ELEMENTS = 100
# A list of objects, on one line or over several, whatever its file is called.
ARRAY, BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*[{\]]"), 1_000
# What DuckDB says of a list, without the path, which may be a temporary file's.
REASON = re.compile('at byte [^"]*')
TOO_DEEP = "it is nested too deeply"


def read_json_lines(resource: Resource, files: Sequence[LocalFile]) -> Input:
    """Read files to their ends, and return what is to be loaded.

    Raises:
        InputError: A file is not what it should be, or its names are not those of the row model.
    """
    rows = JsonLines(resource, resource.reader.where(get_settings()))
    with step(f"{resource.name}: reading {len(files)} files"):
        for file in files:
            rows.read(file)
    say(f"  {resource.name}: {rows.count:,} lines read")
    return rows.input()


@dataclass
class Chunk:
    """Lines that are checked at once: those that are objects, and those that are none.

    Attributes:
        size: Of the lines, in bytes.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    size: int = 0

    @property
    def count(self) -> int:
        """How many lines it has."""
        return len(self.rows) + len(self.bad)

    def add(self, position: int, line: bytes) -> None:
        """Add a line."""
        self.size += len(line)
        try:
            self.rows.append(parsed(line))
            self.positions.append(position)
        except NotJson as error:
            text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            self.bad.append(BadRow.of(position, str(error), {"line": text[:KEPT_CHARACTERS]}))


class JsonLines(Gathered):
    """The rows of a resource's files; memory holds a part of them."""

    count = 0

    def read(self, file: LocalFile) -> None:
        """Check a file's rows and keep them.

        Raises:
            InputError: It is no file of text, or its names are not those of the row model.
        """
        names: dict[str, None] = {}
        with opened(file) as text:
            for chunk in chunks(text):
                new = {name: None for row in chunk.rows for name in row}
                names |= new
                checked = self._checked(chunk, self.note(list(new)))
                self.keep(Batch(file.name, file.order, checked.good, [*chunk.bad, *checked.bad]))
                self.count += chunk.count
        if names:
            self.resource.hold_to_contract(self.resource.rows.extra_columns(list(names), file.name), file.name)

    def _checked(self, chunk: Chunk, extras: Sequence[str]) -> Checked:
        try:
            return bulk.check(self.resource, chunk.rows, chunk.positions, extras)
        except RecursionError:
            return self._one_by_one(chunk, extras)

    def _one_by_one(self, chunk: Chunk, extras: Sequence[str]) -> Checked:
        """Check rows of which one at least is nested more deeply than can be written out."""
        check = self.resource.rows.check
        good, bad = [check([], [], extras).good], list[BadRow]()
        for row, position in zip(chunk.rows, chunk.positions, strict=True):
            try:
                found = check([row], [position], extras)
            except RecursionError:
                bad.append(BadRow.of(position, TOO_DEEP, shallow(row)))
                continue
            good.append(found.good)
            bad += found.bad
        return Checked(pa.Table.from_batches(good).combine_chunks().to_batches()[0], bad)


@contextmanager
def opened(file: LocalFile) -> Iterator[Iterator[tuple[int, bytes]]]:
    """Open a file's objects with their numbers, out of its container."""
    limit = get_settings().tables_unpacked_limit
    with unpacked(file.path, file.name, NOTHING, limit, allowed=("JSON",)) as text:
        if text.container == "xlsx":
            raise InputError(f"not lines of JSON: `{file.name}` is a workbook", hint='declare `format="csv"` for it')
        with text.path.open("rb") as content:
            is_list = ARRAY.match(content.read(BEGINNING))
            # DuckDB takes a list for whole that breaks off behind a comma.
            content.seek(-min(BEGINNING, content.seek(0, SEEK_END)), SEEK_END)
            if is_list and not content.read().rstrip().endswith(b"]"):
                raise cut_off(file.name)
            content.seek(0)
            yield elements(text.path, file.name) if is_list else lines(content)


def elements(path: Path, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the elements of a list of JSON as they are written, each with its number.

    Raises:
        InputError: It is no list to its end.
    """
    with calculator() as duck:
        try:
            found = duck.execute(
                "select json::varchar as line from read_json_objects(?, format = 'array', maximum_object_size = ?)",
                [escape(str(path)), LONGEST_LINE],
            ).to_arrow_reader(ELEMENTS)
            texts = (text for batch in found for text in batch["line"].to_pylist())
            yield from ((number, text.encode()) for number, text in enumerate(texts, start=1))
        except (duckdb.Error, pa.ArrowException) as error:
            reason = REASON.search(str(error))
            raise cut_off(name, f", {reason[0].strip()}" if reason else "") from None


def cut_off(name: str, where: str = "") -> InputError:
    """Return the error for a list of JSON that is none to its end."""
    return InputError(
        f"no list of JSON to its end: `{name}`{where}", hint="have it delivered again; an object may have 16 MiB"
    )


def chunks(objects: Iterator[tuple[int, bytes]]) -> Iterator[Chunk]:
    """Yield objects in parts that memory holds; blank lines count but are no rows."""
    chunk = Chunk()
    for position, line in objects:
        if not line.isspace():
            chunk.add(position, line)
        if chunk.count >= MOST_ROWS or chunk.size >= MOST_BYTES:
            yield chunk
            chunk = Chunk()
    yield chunk


def shallow(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with nothing that is nested."""
    return {name: "…" if isinstance(value, (dict, list)) else value for name, value in row.items()}
