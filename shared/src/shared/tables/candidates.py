"""What a column could be, going by some of its values: every kind and convention that all of them fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import product
from typing import Literal

from shared.tables.conventions import BLANKS, PLAIN, Convention, moment_shape, number_shape
from shared.tables.conversion import CLOCK, DAY, SCIENTIFIC

Kind = Literal["boolean", "number", "double", "date", "timestamp", "timestamptz"]
Candidate = tuple[Kind, Convention]

TRUTHS = (
    *(("yes", "no"), ("on", "off"), ("ja", "nein"), ("wahr", "falsch"), ("oui", "non"), ("vrai", "faux")),
    *(("sí", "no"), ("si", "no"), ("verdadero", "falso"), ("vero", "falso"), ("sim", "não"), ("ja", "nee")),
    *(("tak", "nie"), ("ano", "ne"), ("да", "нет"), ("evet", "hayır"), ("ja", "nej"), ("kyllä", "ei")),
)
CURRENCIES = (
    "€ $ £ ¥ ₹ ₽ ₩ ₺ ₴ zł Kč kr R$ EUR USD GBP CHF JPY CNY SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH INR BRL AUD CAD "
    "NZD MXN ZAR SGD HKD"
)
UNITS = frozenset([*CURRENCIES.split(), "%", "‰"])
GROUP = re.compile(r"(?<=[0-9])\D(?=[0-9]{3}(?![0-9]))")
UNIT = re.compile(r"[^\d\s.,'’()+-]+")
# Of dates with points and a whole year, the day stands first.
DAYS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%y.%m.%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")


def candidates(values: Sequence[str]) -> list[Candidate]:
    """Return what a column of these values, of which there is at least one, could be besides text."""
    return [*_truths(values), *_numbers(values), *_plain_moments(values), *_moments(values)]


def _all(values: Sequence[str], shape: str) -> bool:
    pattern = re.compile(shape, re.ASCII)
    return all(pattern.fullmatch(value) for value in values)


def _truths(values: Sequence[str]) -> Iterator[Candidate]:
    words = set(values)
    if {word.lower() for word in words} <= {"true", "false"}:
        yield "boolean", PLAIN
    for yes, no in TRUTHS:
        for written in (str.lower, str.capitalize, str.upper):
            pair = (written(yes), written(no))
            if words <= set(pair):
                yield "boolean", Convention(truth=pair)
                return


def _numbers(values: Sequence[str]) -> Iterator[Candidate]:
    if not any(sign.isdigit() for sign in values[0]):
        return
    if any("e" in value or "E" in value for value in values) and _all(values, rf"{SCIENTIFIC}|-?[\d.]+(e[+-]?\d+)?"):
        yield "double", PLAIN
    found = UNIT.findall(values[0])
    unit = found[0] if len(found) == 1 and found[0] in UNITS else ""
    signs = set("".join(values))
    groups = set(GROUP.findall("\n".join(values)))
    negatives = ["leading", *(["trailing"] if any(value[-1] == "-" for value in values) else [])]
    negatives += ["brackets"] if "(" in signs else []
    for decimal, thousands, negative in product(".,", ("", ",", ".", " ", "'"), negatives):
        if decimal == thousands or not _is_used(thousands, groups):
            continue
        # Where there is no fraction, a point is taken for granted, but where it groups.
        if decimal == "," and decimal not in signs and thousands != ".":
            continue
        convention = Convention(decimal, thousands, unit, negative)
        if _all(values, number_shape(convention)):
            yield "number", convention


def _is_used(thousands: str, groups: set[str]) -> bool:
    kinds = {" ": set(BLANKS), "'": set("'’")}.get(thousands, {thousands})
    return not thousands or bool(kinds & groups)


def _plain_moments(values: Sequence[str]) -> Iterator[Candidate]:
    if _all(values, DAY):
        yield "date", PLAIN
    elif _all(values, f"{DAY}(?:[ T]{CLOCK})?"):
        yield "timestamp", PLAIN
    # Any other offset would be lost.
    elif _all(values, f"{DAY}[ T]{CLOCK}Z"):
        yield "timestamptz", PLAIN


def _moments(values: Sequence[str]) -> Iterator[Candidate]:
    for day in DAYS:
        if _all(values, moment_shape(day)) and _all_moments(values, day):
            yield "date", Convention(format=day)
        for joint, clock in product((" ", "T"), TIMES):
            pattern = f"{day}{joint}{clock}"
            if _all(values, moment_shape(pattern)) and _all_moments(values, pattern):
                yield "timestamp", Convention(format=pattern)


def _all_moments(values: Sequence[str], pattern: str) -> bool:
    with suppress(ValueError):
        for value in values:
            datetime.strptime(value, pattern)
        return True
    return False
