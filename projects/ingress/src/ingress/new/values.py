"""What the columns of rows are, by the values that they have, and what identifies a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ingress.new.found import KEYS, MOST_COLUMNS, Column
from ingress.new.names import can_be_field
from ingress.readers.sql.reflection import MOMENTS, all_read
from shared.data_quality.json_text import as_json
from shared.errors import InputError, UserError
from shared.http.redaction import shortened
from shared.utils.excerpts import listed

SHOWN = 40
MEASURES = re.compile(
    r"(obs(ervation)?)?values?|amount|price|rate|score|total|sum|average|avg|min|max|open|high|low|close"
)
INT64 = range(-(2**63), 2**63)
SURE, LIKELY, POSSIBLE, UNLIKELY = range(4)


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return the columns of rows of JSON, those that were looked at.

    Raises:
        InputError: There are too many columns.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_number(names)
    return [column_of(name, [row[name] for row in rows if name in row], len(rows)) for name in names]


def column_of(name: str, values: Sequence[Any], rows: int) -> Column:
    """Return a column; one of no certain type is of the kind `""`."""
    present = [value for value in values if value is not None]
    absent = len(values) < rows
    kind, note = kind_of(present)
    example = example_of(present[0]) if present else ""
    nullable = absent or len(present) < len(values)
    return Column(name, kind, nullable, absent=absent, example=example, note=note)


def example_of(value: Any) -> str:
    """Return a value as it may be shown."""
    try:
        return shortened(value if isinstance(value, str) else as_json(value), SHOWN)
    except RecursionError:
        return "…"


def kind_of(values: Sequence[Any]) -> tuple[str, str]:
    """Return the row model's type for values of JSON, or none and why it is uncertain."""
    kinds = {type(value) for value in values}
    if not kinds:
        return "", "null in every row: comes as text; declare its type once it is known"
    if kinds == {bool}:
        return "bool", ""
    if kinds == {int}:
        inside = all(value in INT64 for value in values)
        return ("int", "") if inside else ("", "whole numbers beyond 64 bits: come as text")
    if kinds <= {int, float}:
        return "float", ""
    if kinds <= {int, float, Decimal}:
        return "", "numbers with more digits than floating point has: come as text; declare a Decimal with its digits"
    if kinds == {str}:
        return next((name for name, kind in MOMENTS if all_read(values, kind)), "str"), ""
    if kinds <= {dict, list}:
        return "JsonText", ""
    said = {str: "text", int: "numbers", float: "numbers", Decimal: "numbers", bool: "truth values", dict: "objects"}
    words = " and ".join(sorted({said.get(kind, "lists") for kind in kinds}))
    return "", f"{words} in one column: comes as text, objects as JSON"


def check_number(names: Sequence[str]) -> None:
    """Refuse what has too many columns.

    Raises:
        InputError: It has.
    """
    if len(names) > MOST_COLUMNS:
        raise InputError(
            f"more than {MOST_COLUMNS:,} columns: {len(names):,}",
            hint="names that are values, maybe: have such rows delivered as rows, or write the source by hand",
        )
    if not names:
        raise InputError("rows without a column", hint="see whether this is what was meant")


def key_of(
    table: str,
    columns: Sequence[Column],
    given: Sequence[str],
    is_unique: Callable[[Sequence[str]], bool],
    rows: int,
    candidates: Collection[str] | None = None,
) -> tuple[tuple[str, ...], str]:
    """Return the columns that identify a row, and why; none where that cannot be told.

    Args:
        table: What the rows are called.
        columns: All of them.
        given: What the user says it is.
        is_unique: Tells whether no two rows have the same in columns.
        rows: How many were looked at.
        candidates: Which columns to ask about where nothing is given, if not all.

    Raises:
        UserError: What the user says is no key.
    """
    fitting = {
        each.name: each for each in columns if each.kind in KEYS and not each.nullable and can_be_field(each.name)
    }
    if given:
        missing = [name for name in given if name not in fitting]
        if missing:
            raise UserError(
                f"no column that a key can have: `{shortened(missing[0], SHOWN)}`",
                hint=f"columns of text, whole numbers or days with a value in each row: {shown(fitting)}",
            )
        if not is_unique(given):
            raise UserError(
                f"rows are not told apart by: {shown(given)}", hint="name more columns with --key a,b, as in `--key id`"
            )
        return tuple(given), "as given"
    asked = fitting if candidates is None else [name for name in fitting if name in candidates]
    # What is measured of a day or of anything else tells no rows apart, though it may be different in all.
    single = [name for name in asked if fitting[name].kind != "date" and not (len(columns) > 1 and measures(name))]
    ranked = sorted((rank(name, table), at, name) for at, name in enumerate(single))
    for place, _, name in ranked:
        # One row alone proves nothing but by its column's name.
        if (place < POSSIBLE or rows > 1) and is_unique([name]):
            told = f"no two of {rows:,} rows have the same"
            return (name,), told if place < POSSIBLE else f"{told}, though its name does not say so: see --key"
    days = [name for name in asked if fitting[name].kind == "date"]
    if any(measures(each.name) for each in columns) and rows > 1:
        day = next((name for name in days if is_unique([name])), None)
        if day is not None:
            return (day,), f"no two of {rows:,} rows have the same, as of what is measured each day: see --key"
    return (), ""


def measures(name: str) -> bool:
    """Tell whether a column is called as what is measured or counted."""
    return MEASURES.fullmatch(re.sub(r"[^a-z]", "", name.lower())) is not None


def no_key(table: str, names: Iterable[str]) -> UserError:
    """Return the error for rows that nothing identifies."""
    return UserError(
        f"no column identifies a row of `{table}`", hint=f"say which do with --key a,b; it has {shown(list(names))}"
    )


def rank(name: str, table: str) -> int:
    """Tell how much a column's name says that it is the key."""
    plain = name.lower().replace("_", "").replace("-", "").replace(" ", "")
    if not name[:1].isalnum():
        # As what OData says of a row, `@odata.etag`.
        return UNLIKELY
    singular = table.replace("_", "").rstrip("s")
    if plain in ("id", f"{singular}id", f"{singular}sid", "key", "uuid", "guid"):
        return SURE
    return LIKELY if plain.endswith(("id", "key", "code", "uuid", "number", "no", "name", "sku")) else POSSIBLE


def is_unique_in(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Tell whether no two rows have the same in columns."""
    return len({tuple(row.get(name) for name in names) for row in rows}) == len(rows)


def shown(names: Iterable[str]) -> str:
    """Return names from outside as they may be shown."""
    return listed([shortened(name, SHOWN) for name in names])
