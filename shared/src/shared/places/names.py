"""What a place is called, and what files in it may be called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from urllib.parse import urlsplit

from shared.errors import ConfigurationError, InputError
from shared.redaction import redacted
from shared.utils.excerpts import excerpt

# By the package that each is read with.
PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "az": "adlfs", "abfss": "adlfs", "sftp": "paramiko"}
# dlt hands paramiko what its fifth version no longer takes.
REQUIREMENTS = {"paramiko": "paramiko<5"}
# Seconds, as S3's client has them: without, it waits a minute for each of many tries.
PATIENCE = {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}}
# A pattern in a place would name several.
WILD = frozenset("*?[]")
LONGEST_NAME = 1_024
SHOWN_NAME = 200
MOST_FILES = 100_000


def scheme_of(place: str) -> str | None:
    """Return the scheme of a place behind a server, `s3` of `s3://bucket/folder`, or None of a folder's name.

    Raises:
        ConfigurationError: It cannot be a place.
    """
    scheme, separator, rest = place.partition("://")
    shown = excerpt(redacted(place), SHOWN_NAME)
    if not separator:
        return None
    if scheme not in PACKAGES:
        raise ConfigurationError(
            f"no place that files are read from: `{shown}`",
            hint=f"a folder below data/landing, or {', '.join(f'{name}://' for name in PACKAGES)}",
        )
    if not rest.strip("/") or WILD & set(rest) or ".." in rest.split("/") or not place.isprintable():
        raise ConfigurationError(
            f"no name of a bucket and folder: `{shown}`",
            hint="write it as in s3://bucket/folder; which files of it are meant is for `pattern` to say",
        )
    return scheme


def shown(url: str) -> str:
    """Return a place's address without a login."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


def require_package(scheme: str, project: str) -> None:
    """Make sure that a project has the package that a place is read with.

    Raises:
        ConfigurationError: It is not installed.
    """
    package = PACKAGES[scheme]
    if find_spec(package) is None:
        added = REQUIREMENTS.get(package, package)
        raise ConfigurationError(
            f"a place of `{scheme}://` needs a package that is not installed: `{package}`",
            hint=f"add `{added}` to the dependencies in projects/{project}/pyproject.toml, then `./pixiw run lock`",
        )


def check_name(name: str, place: str) -> None:
    """Refuse a file's name that cannot be told or kept as it is.

    Raises:
        InputError: It leads elsewhere, is too long, or has what a terminal would obey.
    """
    parts: Sequence[str] = name.split("/")
    if len(name) > LONGEST_NAME or not name.isprintable() or {"", ".", ".."} & set(parts):
        raise InputError(
            f"a file in `{place}` with a name that cannot be kept: `{excerpt(name, SHOWN_NAME)}`",
            hint="nothing was loaded: have it renamed, with letters and digits and without `..`",
        )


def check_number(files: Collection[object], place: str) -> None:
    """Refuse a list of files that is too long.

    Raises:
        InputError: It is.
    """
    if len(files) > MOST_FILES:
        raise InputError(
            f"more than {MOST_FILES:,} files in `{place}`",
            hint="let `pattern` name fewer, or move away those that are loaded",
        )
