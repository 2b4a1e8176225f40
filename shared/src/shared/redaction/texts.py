"""Texts without what is secret in them: the login of a URL, tokens, and what secret settings hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from shared.redaction.secret_values import ADDRESS_SETTING, LOGIN, SHORTEST_SECRET, is_secret, secrets_of_settings

HIDDEN = "***"
# As hints have it.
EXAMPLE = "://user:password@"
# What is named a secret, by what any text with such a name has in it: most of what is logged has none of these.
NAMES = {
    "passw": r"passw\w{0,9}",
    **{word: word for word in ("passphrase", "passcode", "token", "secret", "signature", "jwt")},
    "key": "(?:api|access|private)[_-]?key",
    "credential": "credentials?",
}
NAME = f"(?:{'|'.join(NAMES.values())})"
IS = r"\s{0,9}[=:]\s{0,9}"
# A quotation within a JSON text has backslashes before its marks.
MARK = r"\\{0,3}[\"'`]"
BARELY = r"(?:[^\s&`\"\\]|\\(?![\"'`]))+"
QUOTED = re.compile(rf"({NAME}(?:{MARK})?{IS})({MARK})(?:(?!\2)(?:\\.|[^\\])){{0,2000}}\2", re.IGNORECASE | re.DOTALL)
# Beside a quoted name stands no secret without quotes, but a number of JSON.
BARE = re.compile(rf"({NAME}(?:{MARK}(?={IS}{MARK}))?{IS})(?!{MARK}\*\*\*)(?:{MARK})?{BARELY}", re.IGNORECASE)
SCHEMES = ("bearer", "basic", "digest")
# Words that say nothing in a sentence, but much behind the ? of a URL.
PARAMETER = re.compile(r"([?&;](?:key|pass|auth|authorization|sig|code|session|sid)=)[^\s&#`\"]+", re.IGNORECASE)
BEARER = re.compile(rf"\b((?:{'|'.join(SCHEMES)})\s{{1,9}})[\w.~+/=-]{{8,}}", re.IGNORECASE)


def redacted(text: str) -> str:
    """Return a text, or a URL, without what may be secret in it.

    `***` stands for user and password of each URL, for values whose name says that they are secret (in a URL's query,
    as `name=value` or as `"name": "value"`), and for the values of secret environment variables.
    """
    if "://" in text:
        text = LOGIN.sub(lambda login: EXAMPLE if login.group() == EXAMPLE else f"://{HIDDEN}@", text)
    text, lower = PARAMETER.sub(rf"\1{HIDDEN}", text), text.lower()
    if any(word in lower for word in NAMES):
        text = BARE.sub(rf"\1{HIDDEN}", QUOTED.sub(rf"\1\2{HIDDEN}\2", text))
    if any(word in lower for word in SCHEMES):
        text = BEARER.sub(rf"\1{HIDDEN}", text)
    return without(text, secrets_of_settings())


def redacted_values(value: Any) -> Any:
    """Return a value as JSON has it in which each text is redacted, however deep it lies."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {name: redacted_values(each) for name, each in value.items()}
    return [redacted_values(each) for each in value] if isinstance(value, (list, tuple)) else value


def shown_setting(name: str, value: str) -> str:
    """Return the value of an environment variable as a message may show it."""
    is_login = "@" in value and "://" not in value and ADDRESS_SETTING.search(name)
    return HIDDEN if value and (is_secret(name) or is_login) else redacted(value)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which `***` stands for each of these secrets that is long enough to be one."""
    # A secret may be part of another one.
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text
