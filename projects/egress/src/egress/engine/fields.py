"""Which fields of a row differ from what a target has of it, as far as the send state knows: it has marks, no values.

A mark is 16 bits of a hash of a field's value and of the row's key, so that equal values of two rows have different
marks, and what is shown of the value: its first character and its length. Whether a row has changed its whole hash
says; marks say where, and what was there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import Self

from egress.engine.pending import LAST_MARKS, LAST_RECEIPT, ROW_KEY, model_columns
from shared.utils.calculator import calculator
from shared.utils.excerpts import excerpt
from shared.warehouse import quote
from shared.warehouse.sql.dialect import header

HASH_MASK, BYTE_BITS, MARK_DIGITS, HEADER_DIGITS = 0xFFFF, 8, 8, 8
Marks: TypeAlias = npt.NDArray[np.uint32]
# What begins a mark's header, to be changed with what a mark is made of.
FORM = "marks 2"
# In place of a first character: of a null, and of a value whose first character is not shown.
NULL, HIDDEN = 0, 1
# Of a shorter value the first character says too much; a longer one is as long as this.
LEAST_SHOWN, LONGEST = 4, 255
# Of the text `t` of a value and its hash `h`, as one number.
MARK = (
    f"cast((h{{0}} << {2 * BYTE_BITS}) + (case when t{{0}} is null then {NULL} "
    f"when length(t{{0}}) >= {LEAST_SHOWN} and unicode(t{{0}}) between {ord('!')} and {ord('~')} then unicode(t{{0}}) "
    f"else {HIDDEN} end << {BYTE_BITS}) + least(coalesce(length(t{{0}}), 0), {LONGEST}) as uinteger)"
)
# An array of texts holds 2 GiB at most.
CHUNK_ROWS = 500_000
SHOWN_FIELDS, SHOWN_ROWS, SHOWN_CHARACTERS = 10, 3, 40


def columns_of(rows: pa.Table) -> list[pa.Field]:
    """Return the model's columns in the order of marks, which does not depend on theirs."""
    return sorted(model_columns(rows), key=lambda column: column.name)


def header_of(columns: Sequence[pa.Field]) -> bytes:
    """Return what marks begin with: it differs where they cannot be compared, being of other columns or hashes."""
    # DuckDB promises its hashes for no other version of it.
    made = pa.field(f"{FORM} {duckdb.__version__}", pa.null())
    return header([*columns, made])[:HEADER_DIGITS].encode()


def marks_of(rows: pa.Table) -> pa.ChunkedArray:
    """Return the marks of each row, as the send state keeps them."""
    columns = columns_of(rows)
    begin = np.frombuffer(header_of(columns), np.uint8)
    names = [quote(column.name) for column in columns]
    hashes = [f"xor(hash({name}), hash({ROW_KEY})) & {HASH_MASK} as h{place}" for place, name in enumerate(names)]
    texts = [f"cast({name} as varchar) as t{place}" for place, name in enumerate(names)]
    marks = [f"{MARK.format(place)} as m{place}" for place in range(len(names))]
    with calculator() as duck:
        # In two steps, as DuckDB makes a text anew each time that a condition names it.
        found = duck.from_arrow(rows).project(", ".join(hashes + texts)).project(", ".join(marks)).fetchnumpy()
    digits = np.stack([found[f"m{place}"] for place in range(len(columns))], axis=1).astype(">u4")
    made = []
    for at in range(0, rows.num_rows, CHUNK_ROWS):
        some = digits[at : at + CHUNK_ROWS]
        hexadecimal = np.frombuffer(some.tobytes().hex().encode(), np.uint8).reshape(len(some), -1)
        text = np.hstack([np.broadcast_to(begin, (len(some), len(begin))), hexadecimal])
        ends = np.arange(len(some) + 1, dtype=np.int32) * text.shape[1]
        made.append(pa.StringArray.from_buffers(len(some), pa.py_buffer(ends), pa.py_buffer(text.tobytes())))
    return pa.chunked_array(made, pa.string())


@dataclass(frozen=True)
class Updates:
    """Rows that a target has otherwise, and where.

    Attributes:
        names: The model's columns.
        keys: The rows of which it is known.
        then, now: The marks of each field, row by row.
        unknown: How many rows there are besides.
    """

    names: Sequence[str]
    keys: Sequence[str]
    then: Marks
    now: Marks
    unknown: int

    @classmethod
    def of(cls, pending: pa.Table, updates: int) -> Self:
        """Compare rows that are to be sent, of which so many are updates, with the marks of what the target has."""
        columns = columns_of(pending)
        begin, width = header_of(columns).decode(), HEADER_DIGITS + MARK_DIGITS * len(columns)
        last = pending[LAST_MARKS]
        alike = pc.and_(pc.starts_with(last, begin), pc.equal(pc.binary_length(last), width))
        known = pending.filter(pc.and_(alike, pc.is_valid(pending[LAST_RECEIPT])))
        then, now = (numbers_of(marks, len(columns)) for marks in (known[LAST_MARKS], marks_of(known)))
        rows = np.any(then != now, axis=1)
        keys = known[ROW_KEY].filter(pa.array(rows)).to_pylist()
        names = [column.name for column in columns]
        return cls(names, keys, then[rows], now[rows], max(updates - len(keys), 0))

    @cached_property
    def differs(self) -> npt.NDArray[np.bool_]:
        """Which of its fields differ, row by row."""
        differs: npt.NDArray[np.bool_] = self.then != self.now
        return differs

    def of_rows(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the fields in which rows differ, each with its old and new value masked, by their keys."""
        wanted = set(keys)
        return {key: self._fields(place) for place, key in enumerate(self.keys) if key in wanted}

    def _fields(self, place: int) -> tuple[str, ...]:
        found = np.flatnonzero(self.differs[place])
        told = [
            f"{shown(self.names[at])} {masked(self.then[place, at])} -> {masked(self.now[place, at])}"
            for at in found[:SHOWN_FIELDS]
        ]
        return (*told, *more(len(found)))

    def describe(self) -> list[str]:
        """Say in which fields how many rows differ, and which some of them are."""
        counts = self.differs.sum(axis=0)
        order = [int(at) for at in np.argsort(-counts, kind="stable") if counts[at]]
        parts = [f"{shown(self.names[at])} {counts[at]:,}" for at in order[:SHOWN_FIELDS]]
        lines = [", ".join([*parts, *more(len(order))])] if parts else []
        lines += [f"`{shown(key)}`: {', '.join(self._fields(at))}" for at, key in enumerate(self.keys[:SHOWN_ROWS])]
        if self.unknown:
            lines.append(f"not known of {self.unknown:,} rows: sent with other columns, or by an earlier version")
        return [f"{'' if at else 'fields':11}{line}" for at, line in enumerate(lines)]


def numbers_of(marks: pa.ChunkedArray, fields: int) -> Marks:
    """Return marks as numbers, by row and field."""
    digits = [text[HEADER_DIGITS:] for text in marks.to_pylist()]
    return np.frombuffer(bytes.fromhex("".join(digits)), ">u4").reshape(len(marks), fields)


def masked(mark: np.uint32) -> str:
    """Return what a mark shows of a value: `a…(12)`, `…(2)`, or `null`."""
    first, length = (int(mark) >> BYTE_BITS) % (1 << BYTE_BITS), int(mark) % (1 << BYTE_BITS)
    if first == NULL:
        return "null"
    return f"{chr(first) if first > HIDDEN else ''}…({length}{'+' if length == LONGEST else ''})"


def shown(text: str) -> str:
    """Return a name or key as a line can hold it."""
    return excerpt(text, SHOWN_CHARACTERS)


def more(fields: int) -> list[str]:
    """Say how many fields are left out of a list that shows the first of so many."""
    return [f"{fields - SHOWN_FIELDS} more"] if fields > SHOWN_FIELDS else []
