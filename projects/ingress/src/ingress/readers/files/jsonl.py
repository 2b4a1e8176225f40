"""Rows of files that have an object of JSON a line: checked, and kept on disk until all are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import pyarrow as pa

from ingress import bulk
from ingress.gather.gathered import Gathered
from ingress.source import Batch, Input, Resource
from shared.config import get_settings
from shared.data_quality import BadRow, Checked
from shared.data_quality.json_lines import lines, parsed
from shared.errors import InputError
from shared.places import LocalFile
from shared.tables.containers import unpacked
from shared.tables.declared import NOTHING
from shared.utils.console import say, step
from shared.utils.strict_json import NotJson

KEPT_CHARACTERS = 1_000
# Of rows that are checked at once.
MOST_ROWS, MOST_BYTES = 10_000, 8 << 20
# A list of objects, on one line or over several, whatever its file is called.
ARRAY, BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\{"), 1_000
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
def opened(file: LocalFile) -> Iterator[IO[bytes]]:
    """Open a file's text, out of its container."""
    limit = get_settings().tables_unpacked_limit
    with unpacked(file.path, file.name, NOTHING, limit, allowed=("JSON",)) as text:
        if text.container == "xlsx":
            raise InputError(f"not lines of JSON: `{file.name}` is a workbook", hint='declare `format="csv"` for it')
        with text.path.open("rb") as content:
            if ARRAY.match(content.read(BEGINNING)):
                raise InputError(
                    f"not lines of JSON: `{file.name}` is one list of them",
                    hint="have it delivered with an object a line, as `jq -c '.[]'` writes them",
                )
            content.seek(0)
            yield content


def chunks(file: IO[bytes]) -> Iterator[Chunk]:
    """Yield the lines of a file in parts that memory holds; blank ones count but are no rows."""
    chunk = Chunk()
    for position, line in lines(file):
        if not line.isspace():
            chunk.add(position, line)
        if chunk.count >= MOST_ROWS or chunk.size >= MOST_BYTES:
            yield chunk
            chunk = Chunk()
    yield chunk


def shallow(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with nothing that is nested."""
    return {name: "…" if isinstance(value, (dict, list)) else value for name, value in row.items()}
