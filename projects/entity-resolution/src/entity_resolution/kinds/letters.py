"""The one form in which spellings are compared: what of a text is a letter of its own, and what is writing alone.

Case goes everywhere, accents go from Latin letters alone: they are habits of writing there, where the marks of other
scripts make other letters (й is no и, が no か, and a vowel of Devanagari is nothing but a mark).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

# Of the basic plane; scripts with cases beyond it have no living users.
CODE_POINTS = range(0x41, 0x10000)
# Latin letters that Unicode does not take apart.
LIKE = {"ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŧ": "t", "ƀ": "b", "ɨ": "i", "ŀ": "l"}
# These become two letters.
APART = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ĳ": "ij"}
# Typographic signs for those of a keyboard.
SIGNS = {**dict.fromkeys("\u2018\u2019\u02bc\u00b4\u0060", "'"), **dict.fromkeys("\u2010\u2011\u2013\u2014", "-")}
SIGNS |= dict.fromkeys("\u00a0\u2007\u202f\u3000", " ")
BLANKS = " \t\r\n"
MARKS = "\u0300-\u036f"


@cache
def tables() -> tuple[tuple[str, str], ...]:
    """Return what becomes of single characters: groups of the same script, each as characters and their successors.

    In groups, since both engines look through the whole of a table for each character.
    """
    groups: dict[str, dict[str, str]] = {}
    for code in CODE_POINTS:
        letter = chr(code)
        plain = _plain(letter)
        if plain != letter:
            groups.setdefault(_group(code), {})[letter] = plain
    return tuple(("".join(each), "".join(each.values())) for each in ({"signs": SIGNS} | groups).values())


def ranges(letters: str) -> str:
    """Return characters as what stands between the brackets of a regular expression."""
    return "".join(_between(first, last) for first, last in _runs(sorted(map(ord, letters))))


def _plain(letter: str) -> str:
    lower = letter.lower()
    parts = unicodedata.normalize("NFKD", letter)
    if "a" <= parts[0].lower() <= "z" and all(map(unicodedata.combining, parts[1:])):
        return parts[0].lower()
    if lower == "ς":
        return "σ"
    return LIKE.get(lower, lower if len(lower) == 1 else letter)


def _group(code: int) -> str:
    block = code >> 8
    return {0: "latin", 1: "extended latin", 3: "greek", 0x1F: "greek", 4: "cyrillic", 5: "cyrillic"}.get(block, "rare")


def _runs(codes: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = -2
    for code in codes:
        if code != last + 1:
            if first >= 0:
                yield first, last
            first = code
        last = code
    if first >= 0:
        yield first, last


def _between(first: int, last: int) -> str:
    # A dash between others would stand for a range.
    escaped = [rf"\{chr(code)}" if chr(code) in r"-\]^" else chr(code) for code in (first, last)]
    return escaped[0] if first == last else "-".join(escaped)
