"""What `--from` names: an API, a place, a file or a database, and by which setting the source will find it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from shared.config.named import Setting
from shared.errors import ConfigurationError, UserError
from shared.http.redaction import shortened
from shared.places.names import PACKAGES, WILD
from shared.redaction.secret_values import SECRET_PARAMETER

VARIABLE = re.compile(r"([A-Z][A-Z0-9_]*)(?:/(.*))?", re.DOTALL)
SCHEME = re.compile(r"([a-z][a-z0-9+]*):/")
SHOWN = 100
Kind = Literal["api", "database", "file", "place"]


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Attributes:
        kind: What it is.
        address: The API's address, the database's URL, the place, or the file's path.
        rest: The list below an API, or the names of the files in a place.
        setting: The variable that has the address; for a place, only where the user named one.
        is_set: Whether the variable is set.
    """

    kind: Kind
    address: str
    rest: str = ""
    setting: str = ""
    is_set: bool = False


def origin_of(given: str, name: str) -> Origin:
    """Return what is meant.

    Args:
        given: An address, a path, or the name of a variable that has one, maybe with a path behind it.
        name: The source's name, after which a variable is called that has none yet.

    Raises:
        UserError: It is nothing that can be looked at, or has a password that would get into a file.
    """
    variable = VARIABLE.fullmatch(given)
    if variable and not as_called(given).exists():
        setting = Setting(variable[1])
        if not setting.is_set:
            raise ConfigurationError(f"{variable[1]} is not set", hint="set it, or name an address or a file")
        return _behind(setting.value(), variable[2] or "", variable[1])
    scheme = SCHEME.match(given)
    if scheme is None:
        return Origin("file", given)
    if scheme[1] in ("http", "https"):
        parts = urlsplit(given)
        _refuse_login(parts.username or parts.password, f"{name.upper()}_API_URL")
        query = f"?{parts.query}" if parts.query else ""
        return Origin("api", f"{parts.scheme}://{parts.netloc}", parts.path + query, f"{name.upper()}_API_URL")
    if scheme[1] in PACKAGES:
        _refuse_login("@" in urlsplit(given).netloc, f"{name.upper()}_PLACE")
        place, pattern = parted(given)
        return Origin("place", place, pattern)
    setting_name = f"{name.upper()}_DATABASE_URL"
    parts = urlsplit(given)
    _refuse_login(
        parts.password or any(SECRET_PARAMETER.search(each) for each, _ in parse_qsl(parts.query)), setting_name
    )
    return Origin("database", given, "", setting_name)


def _behind(address: str, rest: str, setting: str) -> Origin:
    """Return what a variable's value leads to."""
    scheme = SCHEME.match(address)
    if scheme and scheme[1] in ("http", "https"):
        return Origin("api", address.rstrip("/"), f"/{rest}" if rest else "", setting, is_set=True)
    if scheme is None or scheme[1] in PACKAGES:
        if not rest:
            raise UserError(
                f"which files of the place in {setting} are meant is not said",
                hint=f"write a pattern behind it, as in {setting}/*.jsonl.gz",
            )
        return Origin("place", address, rest, setting, is_set=True)
    if rest:
        raise UserError(f"nothing can stand behind a database's variable: `{setting}`", hint="name a table by --table")
    return Origin("database", address, "", setting, is_set=True)


def parted(path: str) -> tuple[str, str]:
    """Return a path's folder and the pattern of names in it.

    Raises:
        UserError: It names no files.
    """
    parts = path.split("/")
    first = next((at for at, part in enumerate(parts) if WILD & set(part)), len(parts) - 1)
    folder, pattern = "/".join(parts[:first]), "/".join(parts[first:])
    if not pattern or not folder.rstrip("/").partition("://")[2 if "://" in path else 0]:
        raise UserError(
            f"no names of files: `{shortened(path, SHOWN)}`",
            hint="write one, or a pattern as in s3://bucket/folder/*.jsonl.gz",
        )
    return folder, pattern


def parameters_of(rest: str) -> tuple[str, Mapping[str, object]]:
    """Return a list's path and what its first request asks for; what is secret may not stand there.

    Raises:
        UserError: Something is secret by its name.
    """
    path, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    secret = next((each for each, _ in pairs if SECRET_PARAMETER.search(each)), None)
    if secret is not None:
        raise UserError(
            f"a secret in the address: `{shortened(secret, SHOWN)}`",
            hint=f"set a variable to it and write --login api-key:{shortened(secret, SHOWN)}:query:VARIABLE",
        )
    if len({each for each, _ in pairs}) < len(pairs):
        return rest, {}
    return path, {each: whole(value) for each, value in pairs}


def whole(value: str) -> object:
    """Return a whole number as such, another text as it is."""
    return int(value) if re.fullmatch("0|[1-9][0-9]{0,8}", value) else value


def _refuse_login(found: object, setting: str) -> None:
    if found:
        raise UserError(
            "an address with a login, which would be written into files",
            hint=f"set a variable to it, as {setting}, and name that: --from {setting}",
        )


def as_called(given: str) -> Path:
    """Return a path as whoever calls sees it."""
    return Path(os.environ.get("INIT_CWD", "."), given)
