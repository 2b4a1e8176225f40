"""How a supplier writes what a catalog has: names abbreviated, mistyped and turned round, sizes in other units.

Every function takes the generator that decides, and asks it for nothing but `random()`, whose numbers are the same on
every Python.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import TypeVar

T = TypeVar("T")

# Shares of the words, names, sizes and groups that are altered so.
WORD_ABBREVIATED = 0.25
NAME_MISTYPED, NAME_SHORTENED, NAME_TURNED = 0.12, 0.12, 0.15
SIZE_CONVERTED, SIZE_TURNED, SIZE_MISTYPED, SIZE_LEFT_OUT = 0.15, 0.3, 0.01, 0.01
UNIT_RESPELLED, UNIT_JOINED, NUMBER_TIDIED = 0.6, 0.35, 0.7
GROUP_LEFT_OUT = 0.1

ABBREVIATIONS = {
    "ACCESSORIES": "ACC", "ASSORTED": "ASST", "BISCUITS": "BISC", "BREAKFAST": "BRKFST", "CHEESE": "CHS",
    "CHICKEN": "CHKN", "CHOCOLATE": "CHOC", "CRACKERS": "CRKRS", "CREAM": "CRM", "DINNERS": "DNRS", "DRINKS": "DRNKS",
    "FLAVORED": "FLVRD", "FROZEN": "FRZN", "JUICE": "JCE", "LIQUID": "LIQ", "MISCELLANEOUS": "MISC",
    "NATURAL": "NAT", "ORGANIC": "ORG", "PACKAGED": "PKGD", "POWDER": "PWDR", "PREMIUM": "PREM", "PREPARED": "PREP",
    "REFRIGERATED": "REFRIG", "REGULAR": "REG", "SANDWICHES": "SNDWCHS", "SAUCES": "SCES", "SEASONAL": "SEAS",
    "SPECIALTY": "SPCLTY", "TRADITIONAL": "TRAD", "VEGETABLES": "VEG", "VITAMIN": "VIT", "WATER": "WTR",
}  # fmt: skip
WRITTEN_OUT = {short: word for word, short in ABBREVIATIONS.items()}
MEASURED = ("g", "ml", "mm")
# A unit by the spellings that suppliers have for it, and how much it is of what is measured or counted by.
UNITS: dict[str, tuple[Sequence[str], str, float]] = {
    "OZ": (("OZ", "OZ.", "OUNCE", "OZS"), "g", 28.349523),
    "LB": (("LB", "LBS", "LB.", "POUND"), "g", 453.592370),
    "G": (("G", "GR", "GRAM"), "g", 1),
    "ML": (("ML", "ML."), "ml", 1),
    "L": (("L", "LTR", "LITER"), "ml", 1000),
    "FL OZ": (("FL OZ", "FL.OZ", "FLOZ"), "ml", 29.573530),
    "PT": (("PT", "PINT"), "ml", 473.176473),
    "QT": (("QT", "QUART", "QT."), "ml", 946.352946),
    "GAL": (("GAL", "GALLON", "GAL."), "ml", 3785.411784),
    "SQ FT": (("SQ FT", "SQFT", "SQ.FT"), "sqft", 1),
    "IN": (("IN", "INCH", "IN."), "mm", 25.4),
    "FT": (("FT", "FEET", "FT."), "mm", 304.8),
    "CT": (("CT", "COUNT", "CNT", "EA"), "ct", 1),
    "PK": (("PK", "PACK", "PKS"), "pk", 1),
    "PC": (("PC", "PCS", "PIECE"), "pc", 1),
}
UNIT_OF = {spelling: unit for unit, (spellings, _, _) in UNITS.items() for spelling in spellings} | {"GM": "G"}
QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)[ -]*(FL\.? ?OZ|SQ FT|[A-Z]+)?")
WORD = re.compile(r"[A-Z0-9%']+")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def altered_name(draw: Random, name: str) -> str:
    """Return the name of a product as a supplier writes it, in capitals at the beginning of words alone."""
    words = WORD.findall(name)
    words = [abbreviated(draw, word) if draw.random() < WORD_ABBREVIATED else word for word in words]
    if draw.random() < NAME_SHORTENED and len(words) > 2:
        words.remove(pick(draw, words))
    if draw.random() < NAME_TURNED and len(words) > 1:
        words = [*words[1:], words[0]]
    if draw.random() < NAME_MISTYPED:
        at = int(draw.random() * len(words))
        words[at] = mistyped(draw, words[at], LETTERS)
    return " ".join(words).title()


def altered_size(draw: Random, size: str) -> str:
    """Return a size in a supplier's units and spelling; what is no number with its unit is not told."""
    quantities = quantities_of(size)
    if draw.random() < SIZE_LEFT_OUT:
        return ""
    if not quantities:
        return size
    if draw.random() < SIZE_TURNED:
        quantities.reverse()
    if len(quantities) == 1 and draw.random() < SIZE_CONVERTED:
        quantities = [converted(draw, *quantities[0])]
    written = [written_quantity(draw, number, unit) for number, unit in quantities]
    text = pick(draw, ("/", " X ", " ")).join(written)
    return mistyped(draw, text, "0123456789") if draw.random() < SIZE_MISTYPED else text


def altered_group(draw: Random, department: str) -> str:
    """Return a department as the group of a price list, where the supplier has given it one."""
    return "" if draw.random() < GROUP_LEFT_OUT else department.title()


def abbreviated(draw: Random, word: str) -> str:
    """Return a word in short, or a short one written out."""
    known = ABBREVIATIONS.get(word) or WRITTEN_OUT.get(word)
    if known or len(word) < 6:
        return known or word
    if draw.random() < 0.5:
        return word[: 4 + int(draw.random() * 2)]
    return word[0] + re.sub("[AEIOU]", "", word[1:])


def mistyped(draw: Random, text: str, signs: str) -> str:
    """Return a text with one edit: a sign changed, left out, put in, or two changed round."""
    at = int(draw.random() * len(text))
    sign, kind = pick(draw, signs), int(draw.random() * 4)
    edits = (
        text[:at] + sign + text[at + 1 :],
        text[:at] + text[at + 1 :] or sign,
        text[:at] + sign + text[at:],
        text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
    )
    return edits[kind]


def quantities_of(size: str) -> list[tuple[float, str]]:
    """Return the numbers of a size, each with the unit that follows it, if any does."""
    found = QUANTITY.findall(size)
    return [(float(number), UNIT_OF.get(unit.replace(".", ""), unit)) for number, unit in found]


@lru_cache(maxsize=10_000)
def same_size(size: str) -> str:
    """Return a size in a form in which two spellings are one: measures to three digits, whatever the unit."""
    told = []
    for number, unit in quantities_of(size):
        _, dimension, amount = UNITS.get(unit, ((), unit, 1.0))
        digits = 3 if dimension in MEASURED else 10
        told.append(f"{number * amount:.{digits}g} {dimension}")
    return ", ".join(sorted(told)) or size


def converted(draw: Random, number: float, unit: str) -> tuple[float, str]:
    """Return a quantity in another unit, where suppliers use one."""
    if unit == "OZ" and number % 16 == 0:
        return number / 16, "LB"
    if unit == "LB":
        return (round(number * 16, 2), "OZ") if draw.random() < 0.5 else (round(number * UNITS["LB"][2]), "G")
    if unit == "OZ" and number >= 4:
        return round(number * UNITS["OZ"][2]), "G"
    if unit == "L":
        return round(number * 1000), "ML"
    return number, unit


def written_quantity(draw: Random, number: float, unit: str) -> str:
    """Return a number with its unit."""
    text = f"{number:.10g}"
    if draw.random() >= NUMBER_TIDIED:
        text = text.removeprefix("0") if "." in text else f"{text}.0"
    respelled = draw.random() < UNIT_RESPELLED
    spelling = pick(draw, UNITS[unit][0]) if respelled and unit in UNITS else unit
    return f"{text}{spelling}" if draw.random() < UNIT_JOINED else f"{text} {spelling}".rstrip()


def pick(draw: Random, choices: Sequence[T]) -> T:
    """Return one of several."""
    return choices[int(draw.random() * len(choices))]
