"""What columns are called in raw, and which names are the platform's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from ingress.deletions import DELETED_AT, DELETED_BY
from shared.data_quality import POSITION
from shared.errors import InputError
from shared.postgres.limits import NAME_BYTES
from shared.utils.names import spelled_out

# A row's place while it is checked, its origin's place, and its load.
ORDER = "_order"
# What dlt leaves as it is.
PLAIN = re.compile(r"[a-z]+[0-9]*(_[a-z0-9]+)*")
OWN_COLUMNS = (POSITION, ORDER, "_dlt_load_id", DELETED_AT, DELETED_BY)


def raw_name(name: str, origin: str) -> str:
    """Return what a column is called in raw: as dlt names columns, which loaded into it once.

    dlt drops all letters beyond ASCII: those are written in Latin letters first.

    Raises:
        InputError: There is nothing to call it by, or the name is longer than every engine can hold.
    """
    found = name if PLAIN.fullmatch(name) else snake_case(in_latin(name)) if name.strip() else ""
    problem = None if found else "has no name"
    if len(found) > NAME_BYTES:
        problem = f"has a name of more than {NAME_BYTES} characters"
    if found in OWN_COLUMNS:
        problem = "has a name that the platform uses itself"
    if problem:
        raise InputError(f"a column of `{origin}` {problem}: `{name}`", hint="have it renamed where it comes from")
    return found


def raw_names(names: Iterable[str], origin: str) -> tuple[str, ...]:
    """Return what columns are called in raw.

    Raises:
        InputError: One of them cannot be there.
    """
    return tuple(raw_name(name, origin) for name in names)


def earlier_names(name: str) -> set[str]:
    """Return what a column was called in raw before: without letters beyond ASCII, then without accented ones."""
    letters = unicodedata.normalize("NFKC", "".join(filter(str.isalpha, name)))
    latin = all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return {snake_case(name)} | (set() if latin else {snake_case(_slug(name).lower())})


def in_latin(name: str) -> str:
    """Return a name in which letters and numbers beyond ASCII are written in Latin letters; all else stays."""
    parts = groupby(spelled_out(name), lambda sign: not sign.isascii() and unicodedata.category(sign)[0] in "LMN")
    texts = ((foreign, "".join(signs)) for foreign, signs in parts)
    # What no Latin letters are known for stays as it is.
    return "".join(_slug(text) or text if foreign else text for foreign, text in texts)


def _slug(text: str) -> str:
    # Few sources have such names.
    from slugify import slugify

    return slugify(text, separator="_", lowercase=False)


def snake_case(name: str) -> str:
    """Return a name in dlt's snake case, however long."""
    # dlt takes a moment to import.
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    # A limit that no name reaches.
    return NamingConvention(len(name) * 2 + 2).normalize_identifier(name)
