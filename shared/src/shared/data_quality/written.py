"""How a value is written as text, in a field of a CSV file or a string of JSON, and what text is a value.

Text is a value where it says that value and nothing else: what Python or a database would also take (`1_000`, ` 12 `,
`20240131` as seconds since 1970, `1e400` as infinity) is not, and goes to quarantine. Ingress' README has the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache, partial

from pydantic import AwareDatetime

Reader = Callable[[str], object]

DAY = r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
TIME = r"(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:[.](?P<fraction>[0-9]{1,6})0*)?)?"
OFFSET = r"(?:Z|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])(?::?(?P<minutes>[0-5][0-9]))?)"
USUAL: dict[type, str] = {
    date: rf"{DAY}(?:[ T]00:00(?::00(?:[.]0+)?)?)?",
    datetime: f"{DAY}(?:[ T]{TIME})?",
    AwareDatetime: f"{DAY}[ T]{TIME}{OFFSET}",
}
USUAL_FORM: dict[type, str] = {
    date: "YYYY-MM-DD",
    datetime: "YYYY-MM-DD HH:MM:SS.FFFFFF",
    AwareDatetime: "YYYY-MM-DD HH:MM:SS.FFFFFF+HH:MM",
}
NAMES: dict[type, str] = {date: "date", datetime: "date and time", AwareDatetime: "date and time with an offset"}
DAY_LETTERS, TIME_LETTERS = {"y", "m", "d"}, {"H", "M", "S", "f"}
DIRECTIVES = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "H": "[0-9]{1,2}",
    "M": "[0-9]{2}",
    "S": "[0-5][0-9]",
    "f": "[0-9]{1,6}",
    # Python's strptime wants the minutes.
    "z": "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])",
    "%": "%",
}
NUMBERS = (int, float, Decimal)
NO_NUMBERS = re.compile("nan|[+-]?inf(inity)?", re.IGNORECASE)
# With its sign; a number of as many digits without one may be beyond 64 bits all the same.
LONGEST_INT = 20
BEYOND_DOUBLE = "a number with more digits than floating point holds, or too large for it"
BEYOND_INT = "a whole number beyond 64 bits"
# The most that a double can be written with and still be told apart.
DOUBLE_DIGITS = 17


class Unfit(ValueError):
    """A value that a field cannot take; says why without saying the value."""


@dataclass(frozen=True)
class Written:
    """Says how a field's text is written, where not in the usual way: `Annotated[date, Written("%d.%m.%Y")]`.

    Attributes:
        format: Dates and times, by %Y, %y (1969 to 2068), %m, %d, %H, %M, %S, %f and %z.
        decimal: The sign before a number's decimals.
        thousands: The sign between its groups of three digits; a number may do without.
        true: The words for true, in any case.
        false: The words for false.
    """

    format: str | None = None
    decimal: str = "."
    thousands: str | None = None
    true: tuple[str, ...] = ("true",)
    false: tuple[str, ...] = ("false",)

    @property
    def is_usual(self) -> bool:
        """Whether nothing is declared."""
        return self == Written()

    def defect(self, kind: type) -> str | None:
        """Say why a field of this kind cannot be written so, or return None."""
        if self.format is not None:
            letters = sorted(re.findall("%(.?)", self.format.replace("%%", "")))
            year_once = {"y" if letter == "Y" else letter for letter in letters}
            needed = DAY_LETTERS | ({"z"} if kind is AwareDatetime else set())
            possible = needed if kind is date else needed | TIME_LETTERS
            if kind not in USUAL or len(year_once) < len(letters) or not needed <= year_once <= possible:
                return f"format {self.format!r}"
        if kind not in NUMBERS and (self.decimal, self.thousands) != (USUALLY.decimal, None):
            return "signs in numbers"
        if len(self.decimal) != 1 or self.thousands == self.decimal or len(self.thousands or ".") != 1:
            return "signs in numbers"
        return "words" if kind is not bool and (self.true, self.false) != (USUALLY.true, USUALLY.false) else None


USUALLY = Written()


def reader(kind: type, written: Written, *, no_numbers: bool = False) -> Reader:
    """Return what reads the value that a text says, or raises `Unfit` where it says none of this kind.

    Args:
        kind: What to read, one of a row model's.
        written: How it is written.
        no_numbers: Whether floating point may be NaN or infinite.
    """
    if kind is bool:
        return partial(_boolean, written=written)
    if kind in USUAL:
        return partial(_moment, kind=kind, form=written.format, fits=moment_pattern(kind, written.format).fullmatch)
    return _number_reader(kind, written, no_numbers)


def _number_reader(kind: type, written: Written, no_numbers: bool) -> Reader:
    fits, value_of = number_pattern(kind, written).fullmatch, {int: _whole, float: double, Decimal: _decimal}[kind]
    unfit = "not a whole number" if kind is int else "not a number"
    may_be_none = kind is float and no_numbers

    def read(text: str) -> object:
        if may_be_none and NO_NUMBERS.fullmatch(text):
            return float(text)
        if not fits(text):
            raise Unfit(unfit)
        ungrouped = text.replace(written.thousands, "") if written.thousands else text
        return value_of(ungrouped.replace(written.decimal, "."))

    return read


@lru_cache
def number_pattern(kind: type, written: Written) -> re.Pattern[str]:
    """Return what a number looks like: no sign but a minus, no zero in front, digits on both sides of the point."""
    whole = "0|[1-9][0-9]*"
    if written.thousands is not None:
        whole += f"|[1-9][0-9]{{0,2}}(?:{re.escape(written.thousands)}[0-9]{{3}})+"
    decimals = f"(?:{re.escape(written.decimal)}{'0' if kind is int else '[0-9]'}+)?"
    exponent = "(?:[eE][+-]?[0-9]{1,5})?" if kind is float else ""
    return re.compile(f"-?(?:{whole}){decimals}{exponent}")


def double(plain: str) -> float:
    """Return a number as a double that is written with the same digits.

    Raises:
        Unfit: It has more digits than a double keeps, or is too large or too near zero for one.
    """
    value = float(plain)
    if repr(value) == plain:
        return value
    digits = len(re.sub("[eE].*|[-.]", "", plain).strip("0")) or 1
    if digits > DOUBLE_DIGITS or Decimal(f"{value:.{digits - 1}e}") != Decimal(plain):
        raise Unfit(BEYOND_DOUBLE)
    return value


def _whole(plain: str) -> int:
    _no_signed_zero(plain)
    whole = plain.partition(".")[0]
    if len(whole) > LONGEST_INT:
        raise Unfit(BEYOND_INT)
    return int(whole)


def _decimal(plain: str) -> Decimal:
    _no_signed_zero(plain)
    return Decimal(plain)


def _no_signed_zero(plain: str) -> None:
    if plain.startswith("-") and not plain.strip("-0."):
        raise Unfit("a zero with a sign")


def _boolean(text: str, written: Written) -> bool:
    word = text.lower()
    if word in map(str.lower, written.true):
        return True
    if word in map(str.lower, written.false):
        return False
    raise Unfit("neither true nor false" if written.is_usual else "no word for true or false")


def _moment(text: str, kind: type, form: str | None, fits: Callable[[str], re.Match[str] | None]) -> date | datetime:
    try:
        if found := fits(text):
            if form is not None:
                value = datetime.strptime(text, form)
                return value.date() if kind is date else value
            return date.fromisoformat(text[:10]) if kind is date else _at(found.groupdict())
    except ValueError:
        pass
    raise Unfit(f"not a {NAMES[kind]} written {form or USUAL_FORM[kind]}")


def _at(parts: dict[str, str | None]) -> datetime:
    fraction = f"{parts['fraction'] or '':0<6}"
    value = datetime.fromisoformat(f"{parts['day']} {parts['time'] or '00:00'}:{parts['second'] or '00'}.{fraction}")
    if "sign" not in parts:
        return value
    offset = timedelta(hours=int(parts["hours"] or 0), minutes=int(parts["minutes"] or 0))
    return value.replace(tzinfo=timezone(-offset if parts["sign"] == "-" else offset))


@lru_cache
def moment_pattern(kind: type, form: str | None) -> re.Pattern[str]:
    """Return what a date or time looks like, before its numbers are looked at."""
    if form is None:
        return re.compile(USUAL[kind])
    return re.compile(
        "".join(
            DIRECTIVES[part[1]] if part.startswith("%") else re.escape(part) for part in re.findall("%.|[^%]+", form)
        )
    )
