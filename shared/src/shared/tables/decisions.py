"""Which type a column gets of those that all its values fit, and why it stays text where that is not certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.tables.conventions import PLAIN, Convention
from shared.tables.conversion import Column

TEXT = Column("varchar")
# A number of more digits after the point is no amount.
AMOUNT_DIGITS, SHORT_DIGITS, MOST_DIGITS = 6, 18, 38
Decision = tuple[Column, str]


@dataclass(frozen=True)
class Answer:
    """What a scan says of one candidate of a column.

    Attributes:
        holds: Whether every value fits.
        misfit: A value that does not.
        sure: Whether some value can mean nothing else.
        whole: The most digits before the point.
        fraction: The most digits after it.
        small: Whether every value fits 64 bits.
    """

    kind: str
    convention: Convention
    holds: bool
    misfit: str | None
    sure: bool
    whole: int
    fraction: int
    small: bool


def decide(answers: Sequence[Answer], delimiter: str) -> Decision:
    """Return a column's type, and a note where it stays text though all its values fit something else.

    Args:
        answers: What was asked about the column.
        delimiter: Where it is a comma, the point in numbers is that of decimals.
    """
    holding = [one for one in answers if one.holds]
    if not holding:
        return TEXT, ""
    kind = holding[0].kind
    if kind == "boolean":
        return _truth(holding[0])
    numbers = [one for one in holding if one.kind == "number"]
    if numbers:
        return _number(numbers, any(one.kind == "double" for one in holding), delimiter)
    if kind == "double" or holding[0].convention == PLAIN:
        return Column("timestamp with time zone" if kind == "timestamptz" else kind), ""
    return _moment(holding)


def _truth(found: Answer) -> Decision:
    if found.sure:
        return Column("boolean", found.convention), ""
    yes, no = found.convention.truth or ("true", "false")
    return (
        TEXT,
        f"only one of `{yes}` and `{no}` is there: declare boolean with `truth: ['{yes}', '{no}']` if it is one",
    )


def _number(found: Sequence[Answer], is_double: bool, delimiter: str) -> Decision:
    certain = [one for one in found if _is_certain(one, delimiter)]
    if len(certain) != 1:
        ways = " or ".join(_said(one.convention) for one in found)
        return TEXT, f"numbers whose signs may mean more than one thing: declare a type of numbers {ways}"
    one = certain[0]
    kind = _number_type(one, is_double)
    if kind is None:
        return TEXT, "numbers of more digits than a type keeps: ids, if they are any, are best as text"
    return Column(kind, one.convention), ""


def _is_certain(one: Answer, delimiter: str) -> bool:
    plain_signs = not one.convention.thousands and (one.fraction == 0 or one.sure)
    if one.convention.negative != "leading":
        # A list's marks or ranges look so too.
        return one.sure and (one.fraction > 0 or bool(one.convention.thousands or one.convention.unit))
    return plain_signs or one.sure or (delimiter == "," and one.convention == PLAIN)


def _said(convention: Convention) -> str:
    said = ", ".join(f"{name}: '{value}'" for name, value in convention.as_declared().items())
    return f"with `{said}`" if said else "as it is"


def _number_type(one: Answer, is_double: bool) -> str | None:
    if one.fraction == 0:
        return "bigint" if one.small else None
    if one.fraction > AMOUNT_DIGITS and is_double:
        return "double"
    digits = one.whole + one.fraction
    if digits > MOST_DIGITS:
        return None
    return f"decimal({SHORT_DIGITS if digits <= SHORT_DIGITS else MOST_DIGITS}, {one.fraction})"


def _moment(found: Sequence[Answer]) -> Decision:
    formats = [one.convention.format for one in found]
    if len(formats) > 1 or "%y" in formats[0]:
        ways = " or ".join(f"`format: '{pattern}'`" for pattern in formats)
        kind = "the century is not written" if "%y" in formats[0] and len(formats) == 1 else "day or month first"
        return TEXT, f"dates, but {kind}: declare `{found[0].kind}` with {ways}"
    return Column(found[0].kind, found[0].convention), ""
