"""Values as drivers return them, on their way into a row model's columns: none is changed.

Most columns become arrow as they are. A row with a value that does not, since SQLite holds anything in any column and
MariaDB dates that are none, is checked by itself, where pydantic says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime

from ingress.source import Resource
from ingress.values import Prepare, column_of, texts_of
from shared.data_quality import Checked
from shared.data_quality.fields import Field
from shared.data_quality.rows import as_text
from shared.data_quality.written import USUALLY, Unfit, reader

Rows = Sequence[Sequence[Any]]
read_time = reader(datetime, USUALLY)


def check(resource: Resource, names: Sequence[str], rows: Rows, prepare: Mapping[str, Prepare]) -> Iterator[Checked]:
    """Part good rows from bad ones: most in columns, those with an odd value one by one.

    Args:
        names: The columns of the rows.
        prepare: What to do with the values of some columns first.
    """
    fields = {field.name: field for field in resource.rows.fields}
    arrays: dict[str, pa.Array] = {}
    odd: set[int] = set()
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        if name in fields:
            arrays[name] = column_of(values, fields[name], prepare.get(name), odd)
        else:
            arrays[name] = texts_of(values, odd)
    if len(odd) < len(rows):
        batch = pa.RecordBatch.from_pydict(arrays)
        if odd:
            batch = batch.filter(pa.array([at not in odd for at in range(len(rows))]))
        yield resource.columns.check(batch, 0)
    if odd:
        extras = [name for name in names if name not in fields]
        yield resource.rows.check(
            [as_mapping(names, rows[at], prepare, extras) for at in sorted(odd)], [0] * len(odd), extras
        )


def as_mapping(
    names: Sequence[str], row: Sequence[Any], prepare: Mapping[str, Prepare], extras: Sequence[str]
) -> dict[str, Any]:
    """Return a row by its names."""
    return {
        name: as_text(value) if name in extras else prepare[name](value) if name in prepare else value
        for name, value in zip(names, row, strict=True)
    }


def prepared(field: Field, zone: tzinfo | None, *, bits: bool, mixed: bool) -> Prepare | None:
    """Return what to do with the values of a column before they are checked, where there is something to do.

    Args:
        zone: Of which zone its times are that have none.
        bits: Whether it is a column of bits, which come as bytes.
        mixed: Whether a column may have texts and bytes, so that these must not be spelled as one of those.
    """
    if field.kind is bool:
        # Neither SQLite nor MariaDB has truth values: they are 0 and 1.
        return lambda value: truth(number(value)) if bits else truth(value)
    if bits:
        return number
    if field.kind is str and not field.is_json and not mixed:
        return lambda value: as_text(value) if isinstance(value, bytes) else value
    if field.kind is AwareDatetime and zone is not None and field.written.is_usual:
        return lambda value: in_zone(value, zone)
    return None


def number(value: Any) -> Any:
    """Return bits as a number."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) else value


def truth(value: Any) -> Any:
    """Return 0 and 1 as the truth values that they are, anything else as it is."""
    return bool(value) if type(value) is int and value in (0, 1) else value


def in_zone(value: Any, zone: tzinfo) -> Any:
    """Return a time without a zone as one of this zone; one that the zone has twice, or never, stays as it is."""
    if isinstance(value, str):
        try:
            moment = read_time(value)
        except Unfit:
            return value
    else:
        moment = value
    if type(moment) is not datetime or moment.tzinfo is not None:
        return value
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return first if first.utcoffset() == second.utcoffset() else value


def from_cursor(rows: pa.RecordBatch, cursor: str, since: Any) -> pa.RecordBatch:
    """Return the good rows whose cursor is `since` or later, or null."""
    values = rows.column(cursor)
    later = pc.greater_equal(values, pa.scalar(since, values.type))
    return rows.filter(pc.fill_null(later, True))
