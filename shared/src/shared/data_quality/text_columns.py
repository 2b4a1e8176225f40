"""Text in columns turned into values by DuckDB: what `written` reads one by one, for as many rows as there are.

An expression is null where text is unusual, and never a value that `written.read` would not give: what it leaves out is
for `written.read` to decide. So most rows never pass through Python, and what is a value is said in one place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import AwareDatetime

from shared.data_quality.fields import Field
from shared.data_quality.written import moment_pattern, number_pattern
from shared.warehouse import literal

# Every number of so few digits has a double that is written with them.
CERTAIN_DIGITS = 15
TIMES: dict[type, str] = {date: "date", datetime: "timestamp", AwareDatetime: "timestamptz"}


def value_of(field: Field, column: str) -> str:
    """Return the SQL expression for a field's value.

    Args:
        field: What the value has to be.
        column: The SQL expression for its text.
    """
    if field.kind is str:
        return column
    if field.kind is bool:
        true, false = (_words(words) for words in (field.written.true, field.written.false))
        return f"case when lower({column}) in {true} then true when lower({column}) in {false} then false end"
    return _moment(field, column) if field.kind in TIMES else _number(field, column)


def _words(words: Iterable[str]) -> str:
    return f"({', '.join(literal(word.lower()) for word in words)})"


def _number(field: Field, column: str) -> str:
    written, plain = field.written, column
    if written.thousands is not None:
        plain = f"replace({plain}, {literal(written.thousands)}, '')"
    if written.decimal != ".":
        plain = f"replace({plain}, {literal(written.decimal)}, '.')"
    usual = written.thousands is None and written.decimal == "."
    if field.kind is int:
        # Comes back as it was written, which is cheaper to see than a pattern.
        same = f"cast(try_cast({plain} as bigint) as varchar) = {plain}"
        return (
            f"case when {same if usual else _like(field, column) + ' and ' + same} then try_cast({plain} as bigint) end"
        )
    if field.kind is float:
        short = f"length(replace({plain}, '.', '')) <= {CERTAIN_DIGITS} and {plain} not ilike '%e%'"
        same = f"({short} or cast(try_cast({plain} as double) as varchar) = {plain})"
        return f"case when {_like(field, column)} and {same} then try_cast({plain} as double) end"
    kind = f"decimal({field.arrow_type.precision}, {field.arrow_type.scale})"
    # A cast would round what has more decimals.
    few = f"length({plain}) - coalesce(nullif(instr({plain}, '.'), 0), length({plain})) <= {field.arrow_type.scale}"
    positive = f"not starts_with({plain}, '-') or try_cast({plain} as {kind}) <> 0"
    return f"case when {_like(field, column)} and {few} and ({positive}) then try_cast({plain} as {kind}) end"


def _moment(field: Field, column: str) -> str:
    kind, form = TIMES[field.kind], field.written.format
    parsed = f"try_cast({column} as {kind})"
    usual = f"cast({parsed} as varchar) = {column}" if kind == "date" and form is None else _like(field, column)
    if form is not None:
        parsed = f"try_cast(try_strptime({column}, {literal(form)}) as {kind})"
    return (
        f"case when {usual} and {parsed} between {kind} '0001-01-01' and {kind} '9999-12-31 23:59:59' then {parsed} end"
    )


def _like(field: Field, column: str) -> str:
    if field.kind in TIMES:
        pattern = moment_pattern(field.kind, field.written.format)
    else:
        pattern = number_pattern(field.kind, field.written)
    return f"regexp_full_match({column}, {literal(pattern.pattern)})"
