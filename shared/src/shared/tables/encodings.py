"""Which encoding a file is in: marks, UTF-8, two or four bytes a character, then code pages by their letters."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable, Sequence

from shared.errors import InputError
from shared.tables.alphabets import is_east_asian, plausible
from shared.tables.survey import Survey
from shared.utils.excerpts import excerpt

# The longest first: the mark of UTF-16 begins that of UTF-32.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# Where two of them read the same, the first gives the name. Of DOS those alone that are met yet: the others would cast
# doubt on letters that Windows' pages leave none about.
CODE_PAGES = (
    *("cp1252", "cp1250", "iso8859_15", "iso8859_2", "cp1254", "cp1257", "iso8859_9", "iso8859_13", "iso8859_16"),
    *("cp437", "mac_roman"),
    *("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5"),
    *("cp1253", "iso8859_7", "cp1255", "iso8859_8", "cp1256", "iso8859_6"),
    *("cp932", "euc_jp", "gb18030", "big5", "euc_kr"),
)
EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
# What switches the letters in encodings of seven bits, such as ISO-2022-JP: all their bytes are ASCII.
SWITCH = b"\x1b$"
# Beyond this share of what is not ASCII, broken bytes mean another encoding; below the rest of it, the same.
FEW_BROKEN = 0.2
# How likely charset-normalizer must find a reading of an East Asian encoding, and how far the next one must be away.
MESS, APART = 0.2, 0.02
SHOWN, SHOWN_CHARACTERS = 4, 40


def encoding_of(found: Survey, origin: str, declared: str | None) -> str:
    """Return the encoding that a file is in.

    Raises:
        InputError: Several fit and read differently, or none does; the message says how each would read it.
    """
    marked = next((name for mark, name in MARKS.items() if found.head.startswith(mark)), None)
    if declared is not None:
        plain = codecs.lookup(declared).name
        return marked if marked and plain in (marked.removesuffix("-sig"), *UNMARKED) else plain
    if marked:
        return marked
    if found.nul and (wide := _without_mark(found.head)):
        return wide
    if found.nul > found.size * FEW_BROKEN:
        raise InputError(f"no text: `{origin}` is full of NUL bytes", hint="have it delivered as text")
    if SWITCH in found.head:
        raise InputError(
            f"encoding not known: `{origin}` switches its letters by escape signs",
            hint="say which one it is with --encoding, or declare `encoding:`: `iso2022_jp`, `iso2022_kr`, …",
        )
    if found.broken <= FEW_BROKEN * (found.continued + found.broken):
        return "utf-8"
    readings = _readings(found.foreign)
    # As many whole characters as broken ones may be chance, or two encodings in one file.
    both = found.continued > FEW_BROKEN * (found.continued + found.broken)
    if both and (not readings or plausible(found.foreign.decode("utf-8", "ignore"))):
        readings = {"utf-8": found.foreign.decode("utf-8", "backslashreplace"), **readings}
    if len(set(readings.values())) == 1 and "utf-8" not in readings:
        return next(iter(readings))
    raise _unclear(origin, readings or _any_reading(found.foreign), known=bool(readings))


def _without_mark(head: bytes) -> str | None:
    """Return the one encoding of two or four bytes a character that gives lines of known characters."""
    fitting = []
    for name in UNMARKED:
        width = 4 if "32" in name else 2
        try:
            text = head[: len(head) // width * width].decode(name)
        except UnicodeDecodeError as error:
            # The head may end within a character.
            if error.start < len(head) - 2 * width:
                continue
            text = head[: error.start].decode(name)
        ends = any(end in text for end in "\r\n")
        if ends and all(sign in "\t\r\n" or unicodedata.category(sign)[0] not in "C" for sign in set(text)):
            fitting.append(name)
    return fitting[0] if len(fitting) == 1 else None


def _readings(sample: bytes) -> dict[str, str]:
    """Return what each encoding makes of the lines with bytes beyond ASCII, where it makes sense."""
    found: dict[str, str] = {}
    for name in CODE_PAGES:
        text = _decoded(sample, name)
        if text is not None and plausible(text):
            found[name] = text
    eastern = [name for name in found if name in EAST_ASIAN and is_east_asian(found[name])]
    likely = _likely(sample, eastern) if eastern else []
    return {name: text for name, text in found.items() if name not in EAST_ASIAN or name in likely}


def _likely(sample: bytes, names: Sequence[str]) -> list[str]:
    # It takes a moment, and few files are in none of the usual encodings.
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=list(names), threshold=MESS, enable_fallback=False))
    least = min((match.chaos for match in matches), default=0.0)
    return [match.encoding for match in matches if match.chaos <= least + APART]


def _decoded(sample: bytes, name: str) -> str | None:
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return None
    return None if any(unicodedata.category(sign) in ("Cc", "Cn", "Co") for sign in set(text) - set("\t\r\n")) else text


def _any_reading(sample: bytes) -> dict[str, str]:
    return {name: text for name in CODE_PAGES[:SHOWN] if (text := _decoded(sample, name)) is not None}


def _unclear(origin: str, readings: dict[str, str], *, known: bool) -> InputError:
    different: dict[str, str] = {}
    for name, text in readings.items():
        if text not in different.values():
            different[name] = text
    shown = list(different)[:SHOWN]
    texts = [different[name] for name in shown]
    place = _first_difference(texts) if len(texts) > 1 else max(0, *(text.find("\\x") for text in texts))
    said = "; ".join(f"`{name}`: {_excerpt(different[name], place)}" for name in shown)
    what = "encoding not certain" if known else "encoding not known"
    return InputError(
        f"{what}: `{origin}`" + (f" would read {said}" if said else ""),
        hint="say which one it is with --encoding, or declare `encoding:`; best have it delivered as UTF-8",
    )


def _first_difference(texts: Iterable[str]) -> int:
    for at, signs in enumerate(zip(*texts, strict=False)):
        if len(set(signs)) > 1:
            return at
    return 0


def _excerpt(text: str, place: int) -> str:
    start = max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1
    start = max(start, place - SHOWN_CHARACTERS // 2)
    return excerpt(text[start : start + SHOWN_CHARACTERS].splitlines()[0], SHOWN_CHARACTERS)
