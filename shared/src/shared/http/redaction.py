"""Texts without what is secret in them: the login of a URL, tokens, and what secret settings hold."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from shared.utils.excerpts import excerpt

LONGEST_ERROR = 500
HIDDEN = "***"
# A shorter one is found in ordinary words, and cannot guard anything.
SHORTEST_SECRET = 6
SECRET_SETTING = re.compile(r"PASSW|SECRET|TOKEN|(API|ACCESS|PRIVATE)_?KEY|CREDENTIAL|SIGNATURE|WEBHOOK", re.IGNORECASE)
# Up to the last @, where the host's place has one, or a colon that no port follows: then a password holds a / or #.
LOGIN = re.compile(r"://(?:[^\s/?#]*@|[^\s/?#@:]*:(?!\d+(?:[/?#]|$))\S*@)(?:[^\s/?#]*@)*")
NAME = r"[\w.-]*(?:pass(?:w\w*|phrase|code)?|token|secret|(?:api|access|private)[_-]?key|credentials?|signature|jwt)"
VALUE = r"""(?:"[^"]*"|'[^']*'|`[^`]*`|["'`]?[^\s&`"]+)"""
ASSIGNED = re.compile(rf"({NAME}[\"']?\s*[=:]\s*){VALUE}", re.IGNORECASE)
# Words that say nothing in a sentence, but much behind the ? of a URL.
PARAMETER = re.compile(r"([?&;](?:key|auth|authorization|sig|code|session|sid)=)[^\s&#`\"]+", re.IGNORECASE)
BEARER = re.compile(r"\b((?:bearer|basic|digest)\s+)[\w.~+/=-]{8,}", re.IGNORECASE)


def masked(error: str) -> str:
    """Return the first line of an error's text as it may be shown: redacted, short and printable."""
    return excerpt(redacted(error.strip().partition("\n")[0]), LONGEST_ERROR)


def redacted(text: str) -> str:
    """Return a text, or a URL, without what may be secret in it.

    `***` stands for user and password of each URL, for values whose name says that they are secret (in a URL's query,
    as `name=value` or as `"name": "value"`), and for the values of secret environment variables.
    """
    text = LOGIN.sub(f"://{HIDDEN}@", text)
    text = ASSIGNED.sub(rf"\1{HIDDEN}", PARAMETER.sub(rf"\1{HIDDEN}", text))
    return without(BEARER.sub(rf"\1{HIDDEN}", text), secrets_of_settings())


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which `***` stands for each of these secrets that is long enough to be one."""
    # A secret may be part of another one.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text


def secrets_of_settings() -> Iterator[str]:
    """Yield the values of environment variables whose name says that they are secret, and the passwords in URLs."""
    for name, value in os.environ.items():
        if SECRET_SETTING.search(name):
            yield value
        elif "://" in value and "@" in value:
            try:
                password = urlsplit(value).password or ""
            except ValueError:
                continue
            yield from (password, unquote(password))
