"""Which letters beyond ASCII a language is written with: what tells code pages apart that all read any bytes."""

from __future__ import annotations

import itertools
import re
import unicodedata

# Lower case, the letters of usual foreign names among them.
ALPHABETS = {
    name: frozenset(letters)
    for name, letters in {
        "Danish, Norwegian": "æøåéèêóòôäöü",
        "Dutch": "áäàéèëêíïîóöôúüû",
        "Finnish, Swedish": "åäöéèáàüšž",
        "French": "àâæçéèêëîïôœùûüÿ",
        "German": "äöüßéèàêç",
        "Icelandic": "áðéíóúýþæö",
        "Italian": "àèéìíîòóùú",
        "Portuguese": "áâãàçéêíóôõúü",
        "Spanish, Catalan": "áéíñóúüçàèïò",
        "Albanian": "ëçâ",
        "Croatian, Slovene, Bosnian": "čćđšž",
        "Czech": "áčďéěíňóřšťúůýž",
        "Hungarian": "áéíóöőúüű",
        "Polish": "ąćęłńóśźż",
        "Romanian": "ăâîșțşţ",
        "Slovak": "áäčďéíĺľňóôŕšťúýž",
        "Estonian": "äõöüšž",
        "Latvian": "āčēģīķļņšūž",
        "Lithuanian": "ąčęėįšųūž",
        "Turkish": "âçğıîöşüûi̇",
        "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
        "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя'",
        "Bulgarian, Serbian": "абвгдђежзијклљмнњопрстћуфхцчџшщъьюя",
        "Hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
        "Arabic": "ابةتثجحخدذرزسشصضطظعغفقكلمنهوىيءآأؤإئپچژگ",
    }.items()
}
SYMBOLS = frozenset("€£¥¢§°²³µ½¼¾«»„“”‘’‚–—…•·®©™±×÷¿¡ºª‰†№\u00a0\u202f")
# What may stand within a word.
JOINTS = frozenset("’‘·-–")
# What stands beside digits or blanks, and never beside a letter.
APART = frozenset("£¥¢½¼¾")
# What opens a quotation or a question, and never follows a letter.
OPENING = frozenset("„‚¡¿")
WORD = re.compile(r"\w+")


def plausible(text: str) -> bool:
    """Tell whether a text could be somebody's: no stray signs, no words of mixed scripts, letters of one language."""
    letters: set[str] = set()
    for sign in {sign for sign in text if not sign.isascii()}:
        if sign.isalpha() and sign not in SYMBOLS:
            letters |= {part for part in sign.lower() if not part.isascii()}
        elif sign not in SYMBOLS:
            return False
    if letters and not is_east_asian(text) and not any(letters <= one for one in ALPHABETS.values()):
        return False
    return not any(map(_odd_word, WORD.findall(text))) and not _stray_symbol(text)


def is_east_asian(text: str) -> bool:
    """Tell whether a text has letters of Chinese, Japanese or Korean."""
    return any(_script(sign) in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL") for sign in text if not sign.isascii())


def _odd_word(word: str) -> bool:
    """Tell whether a word mixes scripts, or has a capital beyond ASCII after a small letter."""
    if word.isascii():
        return False
    letters = [sign for sign in word if sign.isalpha()]
    scripts = {_script(sign) for sign in letters}
    if "LATIN" in scripts and len(scripts) > 1:
        return True
    pairs = itertools.pairwise(letters)
    return any(before.islower() and after.isupper() and not after.isascii() for before, after in pairs)


def _stray_symbol(text: str) -> bool:
    signs = zip(text, text[1:], text[2:], strict=False)
    return any(
        (sign in APART and (before.isalpha() or after.isalpha()))
        or (sign in OPENING and before.isalpha())
        or (not sign.isascii() and sign in SYMBOLS and sign not in JOINTS and before.isalpha() and after.isalpha())
        for before, sign, after in signs
    )


def _script(sign: str) -> str:
    return unicodedata.name(sign, "NONE").partition(" ")[0]
