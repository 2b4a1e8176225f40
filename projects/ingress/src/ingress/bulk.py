"""Rows that come as mappings, from lines of JSON, APIs and dlt: checked in columns, the odd ones one by one.

Checking one by one is what is right; columns are only quicker. A row goes the quick way where each of its values is of
a plain type, becomes its column's without a change, and passes the check of columns. Of any other the quick way says
nothing, neither whether it is bad nor why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingress.source import Resource
from ingress.values import column_of, texts_of
from shared.data_quality import Checked, ColumnChecker
from shared.data_quality.fields import Field
from shared.data_quality.json_text import written_out
from shared.data_quality.rows import Row

# Of fewer rows each costs less by itself.
FEWEST_ROWS = 50
PLAIN = {str, int, float, bool, Decimal, date, datetime, type(None)}
NESTED = {dict, list}
ABSENT = object()


def check(resource: Resource, rows: Sequence[Row], positions: Sequence[int], extras: Sequence[str]) -> Checked:
    """Part good rows from bad ones, as the resource's `rows.check` does.

    Raises:
        RecursionError: A value is nested more deeply than can be written out.
    """
    checker = resource.columns_if_plain if len(rows) >= FEWEST_ROWS else None
    if checker is not None:
        try:
            return in_columns(resource, checker, rows, positions, extras)
        except RecursionError:
            # Only one by one it shows whether that value has to be written out at all.
            pass
    return resource.rows.check(rows, positions, extras)


def in_columns(
    resource: Resource, checker: ColumnChecker, rows: Sequence[Row], positions: Sequence[int], extras: Sequence[str]
) -> Checked:
    """Check rows in columns, and one by one those that are odd or refused; the good ones stay in their order."""
    odd: set[int] = set()
    arrays = {
        field.name: column_of(plain_values(resource, field, rows, odd), field, None, odd) for field in checker.fields
    }
    arrays |= {name: texts_of([row.get(name) for row in rows], odd) for name in extras}
    if len(odd) == len(rows):
        return resource.rows.check(rows, positions, extras)
    checked, is_good = checker.examine(pa.RecordBatch.from_pydict(arrays), pa.array(positions, pa.int64()))
    if odd:
        is_good = pc.and_(is_good, pa.array([at not in odd for at in range(len(rows))]))
    left = pc.indices_nonzero(pc.invert(is_good)).to_pylist()
    if not left:
        return Checked(checked, [])
    rest = resource.rows.check([rows[at] for at in left], [positions[at] for at in left], extras)
    return Checked(in_order(checked.filter(is_good), rest.good, len(checker.fields)), rest.bad)


def plain_values(resource: Resource, field: Field, rows: Sequence[Row], odd: set[int]) -> list[Any]:
    """Return a field's values; one that is not of a plain type is null, and its row noted as odd."""
    may_be_absent = field.nullable and resource.model.model_fields[field.name].default is None
    absent = None if may_be_absent else ABSENT
    values = [row.get(field.name, absent) for row in rows]
    if not set(map(type, values)) <= PLAIN:
        for at, value in enumerate(values):
            if type(value) in NESTED and field.is_json:
                values[at] = written_out(value)
            elif type(value) not in PLAIN:
                values[at] = None
                odd.add(at)
    return values


def in_order(one: pa.RecordBatch, other: pa.RecordBatch, by: int) -> pa.RecordBatch:
    """Return the rows of both in the order of a column, given by its number."""
    if not other.num_rows:
        return one
    both = pa.Table.from_batches([one, other]).combine_chunks()
    return both.take(pc.sort_indices(both.column(by))).combine_chunks().to_batches()[0]
