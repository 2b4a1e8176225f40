"""Turn a column as it comes into the type that a row model gives it, and say which values could be turned."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime

from shared.data_quality.fields import Field

Mask: TypeAlias = pa.BooleanArray | pa.BooleanScalar
MOMENTS = (datetime, AwareDatetime, date)
WIDEST = 76


def convertible(found: pa.DataType, field: Field) -> bool:
    """Tell whether a column of this type can become the field's; values of it may still be bad."""
    kind, types = field.kind.__name__, pa.types
    if types.is_dictionary(found):
        found = found.value_type
    accepted = {
        "int": types.is_integer(found) or (types.is_floating(found) and not field.choices),
        "float": types.is_floating(found) or types.is_integer(found),
        "str": types.is_string(found) or types.is_large_string(found) or types.is_string_view(found),
        "bool": types.is_boolean(found),
        "datetime": types.is_date32(found) or (types.is_timestamp(found) and found.tz is None),
        "AwareDatetime": types.is_timestamp(found) and found.tz is not None,
        "date": types.is_date(found),
        # Floating point is no exact amount, whatever its digits.
        "Decimal": types.is_decimal(found) or types.is_integer(found),
    }
    return bool(types.is_null(found) or accepted[kind])


def convert(batch: pa.RecordBatch, field: Field) -> tuple[pa.Array, Mask]:
    """Return a column in the field's type, and which of its values could be converted."""
    if field.name not in batch.schema.names:
        return pa.repeat(pa.scalar(field.default, field.arrow_type), batch.num_rows), everything()
    values = batch.column(field.name)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if values.type == field.arrow_type and field.kind not in MOMENTS:
        return values, everything()
    if field.kind is int and pa.types.is_floating(values.type):
        # Writers turn a column of integers with nulls into floating point; 2**63 is the first that does not fit.
        within = pc.and_(pc.greater_equal(values, -(2.0**63)), pc.less(values, 2.0**63))
        whole = pc.and_(pc.equal(values, pc.trunc(values)), within)
        return pc.cast(values, field.arrow_type, safe=False), whole
    if field.kind is int and values.type == pa.uint64():
        within = pc.invert(beyond_type(values))
        return pc.cast(pc.if_else(within, values, pa.scalar(None, pa.uint64())), field.arrow_type), within
    if field.kind is Decimal and not pa.types.is_null(values.type):
        return _to_decimal(values, field.arrow_type)
    if field.kind is float and pa.types.is_integer(values.type):
        return _to_float(values)
    converted = pc.cast(values, options=pc.CastOptions(field.arrow_type, allow_time_truncate=True))
    if field.kind in MOMENTS:
        return converted, pc.and_(in_calendar(converted), pc.invert(beyond_type(values)))
    return converted, everything()


def _to_float(values: pa.Array) -> tuple[pa.Array, Mask]:
    """Turn whole numbers into floating point; those that do not come back are false in the mask."""
    converted = pc.cast(values, pa.float64(), safe=False)
    back = pa.uint64() if values.type == pa.uint64() else pa.int64()
    # What the largest numbers become is beyond their type, and machines do not agree on the way back.
    within = pc.less(converted, 2.0**64 if back == pa.uint64() else 2.0**63)
    return converted, pc.and_(within, pc.equal(pc.cast(converted, back, safe=False), pc.cast(values, back)))


def beyond_type(values: pa.Array) -> Mask:
    """Tell which values have more than a column of raw holds: nanoseconds, a time of day, or a 64th bit."""
    if values.type == pa.uint64():
        return pc.greater(values, pa.scalar(2**63 - 1, pa.uint64()))
    if pa.types.is_date64(values.type):
        return pc.not_equal(pc.cast(pc.cast(values, pa.date32(), safe=False), values.type), values)
    if not pa.types.is_timestamp(values.type) or values.type.unit != "ns":
        return pa.scalar(False)
    return pc.not_equal(pc.cast(pc.cast(values, pa.timestamp("us", values.type.tz), safe=False), values.type), values)


def _to_decimal(values: pa.Array, target: pa.Decimal128Type) -> tuple[pa.Array, Mask]:
    """Rescale decimals; those that would lose digits are null, and false in the mask."""
    scale = values.type.scale if pa.types.is_decimal(values.type) else 0
    wide = pc.cast(values, pa.decimal256(WIDEST, scale))
    whole_digits = target.precision - target.scale
    fits = everything()
    if whole_digits + scale < WIDEST:
        fits = pc.less(pc.abs(wide), pa.scalar(Decimal(10**whole_digits), wide.type))
    if scale > target.scale:
        fits = pc.and_(fits, pc.equal(wide, pc.round(wide, ndigits=target.scale)))
    fitting = pc.if_else(pc.fill_null(fits, False), wide, pa.scalar(None, wide.type))
    # Twice: what fits has few digits, but arrow looks at the type's and would refuse to add zeros to 76 of them.
    narrow = pc.cast(fitting, pa.decimal256(WIDEST, min(scale, target.scale)))
    return pc.cast(narrow, target), fits


def everything() -> pa.BooleanScalar:
    """Return the mask that every value passes; no constant, since the first scalar makes arrow import pandas."""
    return pa.scalar(True)


def in_calendar(values: pa.Array) -> Mask:
    """Tell which dates and times are of the years 1 to 9999: Python knows no others, nor does every engine."""
    if pa.types.is_date(values.type):
        first, last = date.min, date.max
    elif values.type.unit == "ns":
        # From 1677 to 2262, and nothing else could be compared with it.
        return pa.repeat(True, len(values))
    else:
        zone = timezone.utc if values.type.tz else None
        first, last = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
    return pc.and_(
        pc.greater_equal(values, pa.scalar(first, values.type)), pc.less_equal(values, pa.scalar(last, values.type))
    )


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose dates and times Python can hold; a column with others becomes text."""
    for at, column in enumerate(batch.columns):
        is_moment = pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)
        if is_moment and pc.all(pc.and_(in_calendar(column), pc.invert(beyond_type(column)))).as_py() is False:
            name = batch.schema.field(at).name
            batch = batch.set_column(at, name, pc.cast(column, pa.string()))
    return batch
