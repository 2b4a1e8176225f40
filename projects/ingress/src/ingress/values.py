"""Columns of values as Python has them, on their way into a row model's: none is changed.

Most columns become arrow as they are, and texts that are written as usual are read a column at a time. Where a value
does not become arrow, its row is noted as odd: only pydantic can say what is wrong with it, if anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime

from shared.data_quality.conversion import convertible
from shared.data_quality.fields import Field
from shared.data_quality.rows import as_text
from shared.data_quality.values import converter
from shared.data_quality.written import USUAL, Unfit

Prepare = Callable[[Any], Any]
# What a column of each kind is made from.
HELD: Mapping[type, tuple[type, ...]] = {
    int: (int,),
    float: (float, int),
    str: (str,),
    bool: (bool,),
    Decimal: (Decimal,),
    date: (date,),
    datetime: (datetime,),
    AwareDatetime: (datetime,),
}
# "YYYY-MM-DD", which may be followed by midnight.
DAY_LETTERS = 10
SIGNED_ZERO = "^-[0.]+$"


def column_of(values: Sequence[Any], field: Field, prepare: Prepare | None, odd: set[int]) -> pa.Array:
    """Return a column that can become the field's; where a value cannot it is null, and its row noted as odd.

    Args:
        prepare: What to do with a value first that does not become arrow as it is.
    """
    kinds = set(map(type, values)) - {type(None)}
    if len(kinds) <= 1 and not differ_in_zone(values, kinds):
        array = inferred(values)
        if array is not None and convertible(array.type, field):
            return array
    array = None if prepare else read_at_once(values, kinds, field)
    if array is None:
        convert = converter(field)
        kept = [fitting(prepare(value) if prepare else value, field, convert) for value in values]
        array = inferred(kept, None if field.kind is Decimal else field.arrow_type)
    if array is None or not convertible(array.type, field):
        odd.update(range(len(values)))
        return pa.nulls(len(values), field.arrow_type)
    if array.null_count:
        odd.update(at for at in pc.indices_nonzero(array.is_null()).to_pylist() if values[at] is not None)
    return array


def differ_in_zone(values: Sequence[Any], kinds: set[type]) -> bool:
    """Tell whether some times have a zone and others none, which arrow would take for UTC."""
    is_of_times = any(issubclass(kind, datetime) for kind in kinds)
    return is_of_times and len({value.tzinfo is None for value in values if value is not None}) > 1


def read_at_once(values: Sequence[Any], kinds: set[type], field: Field) -> pa.Array | None:
    """Return a column of the values that its texts say, null where they are not written plainly.

    None is returned where they are not read at once: they are no texts, declared to be written in another way, or what
    looks like a date is none.
    """
    if field.kind not in (Decimal, *USUAL) or not field.written.is_usual:
        return None
    if not kinds <= ({str, int, float, Decimal} if field.kind is Decimal else {str}):
        return None
    texts = inferred([None if value is None else str(value) for value in values], pa.string())
    if texts is None:
        return None
    fits = pc.match_substring_regex(texts, plain_pattern(field))
    if field.kind is Decimal:
        # As text it is no number; as floating point it is one.
        fits = pc.and_not(fits, pc.match_substring_regex(texts, SIGNED_ZERO))
    texts = pc.if_else(fits, texts, pa.nulls(len(texts), pa.string()))
    if field.kind is date:
        texts = pc.utf8_slice_codeunits(texts, 0, DAY_LETTERS)
    try:
        return pc.cast(texts, field.arrow_type)
    except pa.ArrowInvalid:
        return None


def plain_pattern(field: Field) -> str:
    """Return what texts look like that arrow reads as the platform does; decimals have the digits of their column."""
    pattern = USUAL.get(field.kind)
    if pattern is None:
        places = field.arrow_type.scale
        whole = f"[1-9][0-9]{{0,{field.arrow_type.precision - places - 1}}}"
        decimals = f"[.][0-9]{{1,{places}}}" if places else "[.]0"
        pattern = f"-?(?:0|{whole})(?:{decimals}0*)?"
    return f"^(?:{pattern})$"


def fitting(value: Any, field: Field, convert: Prepare) -> Any:
    """Return a value in the field's type, or None where it cannot be that without a change."""
    try:
        fit = convert(value)
    except Unfit:
        return None
    return fit if holds(fit, field) else None


def holds(value: Any, field: Field) -> bool:
    """Tell whether a column of the field can be made from a value."""
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    # Arrow would take a time without a zone for one of UTC.
    return type(value) in HELD[field.kind] and (field.kind is not AwareDatetime or value.tzinfo is not None)


def inferred(values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Array | None:
    """Return values as arrow, or None where it cannot hold them."""
    try:
        return pa.array(values, kind)
    # Arrow says of an infinite decimal that it is of a wrong type.
    except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
        return None


def texts_of(values: Sequence[Any], odd: set[int]) -> pa.Array:
    """Return a column that has no model as text."""
    texts = [as_text(value) for value in values]
    array = inferred(texts, pa.string())
    if array is None:
        odd.update(range(len(values)))
        return pa.nulls(len(values), pa.string())
    return array
