"""What is secret among the settings of this process, and the forms in which a text may have it."""

from __future__ import annotations

import json
import os
import re
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

# A shorter one is found in ordinary words, and cannot guard anything.
SHORTEST_SECRET = 6
# Of a secret address each part that is as long as tokens are.
SHORTEST_PART = 12
SECRET_SETTING = re.compile(r"PASSW|SECRET|TOKEN|(API|ACCESS|PRIVATE)_?KEY|CREDENTIAL|SIGNATURE|WEBHOOK", re.IGNORECASE)
ADDRESS_SETTING = re.compile(r"_(URL|URI|DSN)$", re.IGNORECASE)
# Each repetition has a bound, so that a long text from outside takes no time that grows with its square. Up to the last
# @, where the host's place has one, or a colon that no port follows: then a password holds a / or #.
LOGIN = re.compile(
    r"://(?:[^\s/?#@]{0,300}@|[^\s/?#@:]{0,300}:(?!\d{1,5}(?:[/?#]|$))[^\s@]{0,600}@)(?:[^\s/?#@]{0,300}@){0,9}"
)
SECRET_PARAMETER = re.compile(
    r"pass(?:w\w*|phrase|code)?$|pwd$|token|secret|key$|credential|sig(?:nature)?$|jwt|^auth|^code$|^sid$|session", re.I
)

# What no setting of this process holds: of files, and of servers that give out tokens.
_guarded: set[str] = set()


def guard(secret: str) -> None:
    """Have a secret redacted that this process has learned otherwise than by a setting, until it ends."""
    _guarded.update(forms(secret, whole=True))


def secrets_of_settings() -> tuple[str, ...]:
    """Return the secrets of this process's environment and those it guards besides, in each form they may have."""
    return (*_secrets_of(tuple(os.environ.items()), declared_secrets()), *_guarded)


# Everything that is logged is asked about, and hardly any of it after a change.
@lru_cache(maxsize=4)
def _secrets_of(variables: tuple[tuple[str, str], ...], declared: frozenset[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for name, value in variables:
        if is_secret(name, declared):
            found.update(forms(value, whole=True))
        elif "://" in value or ("@" in value and ADDRESS_SETTING.search(name)):
            found.update(forms(value, whole=False))
    return tuple(found)


def is_secret(name: str, declared: frozenset[str] | None = None) -> bool:
    """Tell whether an environment variable is a secret, by its name or as settings declare it."""
    return bool(SECRET_SETTING.search(name)) or name.upper() in (declared_secrets() if declared is None else declared)


def declared_secrets() -> frozenset[str]:
    """Return the variables of all settings that are declared as secret by what has been imported."""
    settings = sys.modules.get("pydantic_settings")
    return _secret_fields(settings.BaseSettings) if settings is not None else frozenset()


def _secret_fields(kind: type) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    subclasses: list[type] = kind.__subclasses__()
    for each in subclasses:
        found |= _own_secret_fields(cast("Hashable", each)) | _secret_fields(each)
    return found


@lru_cache(maxsize=256)
def _own_secret_fields(kind: Hashable) -> frozenset[str]:
    fields = getattr(kind, "model_fields", {})
    return frozenset(name.upper() for name, field in fields.items() if "SecretStr" in str(field.annotation))


@lru_cache(maxsize=256)
def forms(value: str, *, whole: bool) -> tuple[str, ...]:
    """Return the secrets in the value of a setting, in each form.

    Args:
        value: A secret, or an address that holds one.
        whole: Whether all of it is secret, an address with its longer parts.
    """
    found = {value} if whole else set()
    found |= set(secrets_in(value))
    if whole and "://" in value:
        found |= {part for part in re.split(r"[/?&=#]", value) if len(part) >= SHORTEST_PART and "." not in part}
    return tuple(form for secret in found if len(secret) >= SHORTEST_SECRET for form in written(secret))


def secrets_in(address: str) -> Iterator[str]:
    """Yield what is secret in an address: its password, or the user where there is none, and secret parameters."""
    login = LOGIN.search(address)
    user, _, password = (login.group()[3:-1] if login else address.rpartition("@")[0]).partition(":")
    if login or "://" not in address:
        # Alone it is a token on the web, and a name elsewhere.
        yield password or (user if address.startswith("http") else "")
    try:
        parts = urlsplit(address)
        yield parts.password or ""
        yield from (value for name, value in parse_qsl(parts.query) if SECRET_PARAMETER.search(name))
    except ValueError:
        return


def written(secret: str) -> Iterator[str]:
    """Yield a secret in each form: as it is, percent-encoded, in the quotes of programs, and in base64."""
    for plain in dict.fromkeys((secret, unquote(secret), unquote_plus(secret))):
        yield from (plain, quote(plain, safe=""), quote(plain), quote_plus(plain))
        yield from (json.dumps(plain)[1:-1], repr(plain)[1:-1])
        raw = plain.encode(errors="surrogateescape")
        # Within a longer text, as `user:password`, it begins at one of three places of a group.
        for before in range(3):
            begin, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            for encode in (b64encode, urlsafe_b64encode):
                yield encode(b"\0" * before + raw).decode()[begin:end]
