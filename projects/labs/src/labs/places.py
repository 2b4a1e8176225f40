"""Places behind a server that a lab's raw tables come from, and their files in the lab's raw folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labs.elsewhere import keep_marks, names, read_marks, refuse_link
from shared.config.named import Setting, with_values
from shared.csv_monitor import ending_of
from shared.errors import ConfigurationError, InputError, SourceUnavailable
from shared.http.redaction import masked
from shared.monitoring.lineage import Dataset
from shared.places import FileMark, RemotePlace, copy_files, require_package, scheme_of
from shared.places.names import PACKAGES, PATIENCE, WILD, shown
from shared.redaction import guard
from shared.tables import Declared
from shared.utils.console import say
from shared.utils.excerpts import excerpt

# What fsspec's clients call what everybody may know; whatever else is text may be a secret.
PLAIN = frozenset({"endpoint_url", "region_name", "host", "username", "account_name", "project", "signature_version"})
KEYS = ("place", "pattern", "credentials")
LONGEST_NAME = 200


@dataclass(frozen=True)
class Place:
    """Files behind a server.

    Attributes:
        url: `s3://bucket/folder` or the like.
        pattern: The names of the files.
        credentials: What the place's client of fsspec takes; a secret is a `Setting`.
    """

    url: str
    pattern: str
    credentials: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Mapping[str, Any], where: str) -> Place | None:
        """Read it from a declaration, other keys left alone; None where it has none.

        Raises:
            ConfigurationError: It names no place, or holds what a setting should.
        """
        if "place" not in said:
            return None
        url, credentials = str(said["place"]), said.get("credentials") or {}
        if scheme_of(url) is None or shown(url).count("//") != 1:
            raise ConfigurationError(
                f"no place behind a server, in `{where}`: `{excerpt(url, LONGEST_NAME)}`",
                hint=f"write {', '.join(f'{name}://' for name in PACKAGES)}; files of this disk lie in data/raw",
            )
        if ":" in url.partition("://")[2].rpartition("@")[0]:
            raise ConfigurationError(
                f"a password in the place of `{where}`", hint="write `credentials: {password: {setting: VARIABLE}}`"
            )
        if not isinstance(credentials, dict):
            raise ConfigurationError(f"no credentials, in `{where}`", hint="write `{secret: {setting: VARIABLE}}`")
        given = {str(name): _given(value) for name, value in credentials.items()}
        if (name := next(_secrets(given), None)) is not None:
            raise ConfigurationError(
                f"what may be a secret stands in the file, in `{where}`: `{name}`",
                hint=f"write `{name}: {{setting: VARIABLE}}` below `credentials`",
            )
        return cls(url, str(said.get("pattern", "*.csv")), given)

    def as_declared(self) -> dict[str, Any]:
        """Return it as a declaration has it."""
        credentials = {
            name: {"setting": value.name} if isinstance(value, Setting) else value
            for name, value in self.credentials.items()
        }
        return {
            "place": self.url,
            "pattern": self.pattern,
            **({"credentials": credentials} if credentials else {}),
        }

    @property
    def described(self) -> str:
        """Where its files are, for people: without a login."""
        return f"{shown(self.url)}/{self.pattern}"

    @property
    def called(self) -> str:
        """The name that it gives a table: its file's, or its folder's where there may be several files."""
        return self.url.rstrip("/").rpartition("/")[2] if WILD & set(self.pattern) else self.pattern

    @property
    def dataset(self) -> Dataset:
        """What collectors of lineage know it as."""
        return Dataset.of_url(self.url)

    @property
    def form(self) -> Declared | None:
        """None: its files may be written in any way."""
        return None

    @property
    def settings(self) -> dict[str, bool]:
        """The settings that it needs, and whether each is set."""
        return {value.name: value.is_set for value in self.credentials.values() if isinstance(value, Setting)}

    def opened(self) -> RemotePlace:
        """Return the place, to list and copy.

        Raises:
            ConfigurationError: A setting or a package is missing, or the client does not take the credentials.
            SourceUnavailable: The server does not answer.
        """
        scheme = self.url.partition("://")[0]
        require_package(scheme, "labs")
        # Here and not above: it takes a moment to import.
        from fsspec import get_filesystem_class

        given = with_values(self.credentials)
        for name, value in self.credentials.items():
            if isinstance(value, Setting):
                guard(str(given[name]))
        patience = {"config_kwargs": dict(PATIENCE)} if scheme == "s3" else {}
        kind = get_filesystem_class(scheme)
        told = {**patience, **kind._get_kwargs_from_urls(self.url), **given}
        try:
            client = kind(**told, use_listings_cache=False, skip_instance_cache=True)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"no credentials for `{shown(self.url)}`: {masked(str(error))}",
                hint=f"`credentials` are what fsspec's client of `{scheme}://` takes",
            ) from None
        # Each client has its own.
        except Exception as error:
            raise SourceUnavailable(
                f"`{shown(self.url)}` cannot be reached: {masked(f'{type(error).__name__}: {error}')}",
                hint="run the command again; if it stays, correct place and credentials",
            ) from None
        return RemotePlace(client, str(kind._strip_protocol(self.url)).rstrip("/"), shown(self.url))

    def fetch(self, folder: Path) -> None:
        """Have its files in a table's folder: new and changed ones are copied, those that are gone removed.

        A file is known by what its server says changes with it; killed in between, what is missing comes the next
        time.

        Raises:
            InputError: There is no file, or one whose name is not that of a table.
            ConfigurationError, SourceUnavailable, StorageFull: It cannot be listed or copied; no file has changed.
        """
        refuse_link(folder)
        listed = self.opened().files(self.pattern)
        if not listed:
            raise InputError(
                f"no file at `{self.described}`", hint="deliver one there, or correct `place` and `pattern`"
            )
        before, local = read_marks(folder), _local_names(listed, self)
        new = [mark for mark in listed if before.get(mark.name) != _record(mark, folder / local[mark.name])]
        if not new and {*names(before)} <= {*local.values()}:
            return
        folder.mkdir(parents=True, exist_ok=True)
        _bring(new, local, folder)
        gone = keep_marks(folder, {mark.name: _record(mark, folder / local[mark.name]) for mark in listed})
        say(f"  {folder.name}: {len(new)} new files from {self.described}" + (f", {gone} gone" if gone else ""))


def _secrets(given: Mapping[str, object]) -> Iterator[str]:
    """Yield the names of texts that may be secrets, also of those within others."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _secrets(value)
        elif isinstance(value, (str, list)) and (name not in PLAIN or "@" in value):
            yield str(name)[:LONGEST_NAME]


def _given(value: object) -> object:
    return Setting(str(value["setting"])) if isinstance(value, dict) and set(value) == {"setting"} else value


def place_of(url: str, credentials: Mapping[str, str]) -> Place:
    """Return the place of the file, or of the files of a pattern, at an address.

    Args:
        credentials: The environment variable of each.
    """
    folder, _, pattern = url.rpartition("/")
    settings = {name: {"setting": variable} for name, variable in credentials.items()}
    place = Place.of({"place": folder, "pattern": pattern, "credentials": settings}, excerpt(url, LONGEST_NAME))
    assert place is not None
    return place


def _bring(new: Sequence[FileMark], names: Mapping[str, str], folder: Path) -> None:
    """Copy files, and put them in the places of others once all of them are here."""
    # Hidden, so that nobody takes them for files of the table.
    drafts = [(mark, folder / f".{number}.fetched") for number, mark in enumerate(new)]
    try:
        copy_files(drafts)
        for mark, draft in drafts:
            draft.replace(folder / names[mark.name])
    finally:
        for _, draft in drafts:
            draft.unlink(missing_ok=True)


def _local_names(listed: Sequence[FileMark], place: Place) -> dict[str, str]:
    """Return what each file is called in the table's folder: the name that it has there, folders and all."""
    names: dict[str, str] = {}
    for mark in listed:
        there = mark.name.removeprefix(f"{shown(place.url)}/")
        ending = ending_of(there)
        # No two files become one, and none is hidden.
        name = there[: len(there) - len(ending)].replace("%", "%25").replace("/", "%2F") + ending
        name = f"%2E{name[1:]}" if name.startswith(".") else name
        if not ending or len(name.encode()) > LONGEST_NAME or name in names.values():
            raise InputError(
                f"not called as a file of a table: `{excerpt(mark.name, LONGEST_NAME)}`",
                hint="let `pattern` name those that are: *.csv, *.csv.gz, *.xlsx, …",
            )
        names[mark.name] = name
    return names


def _record(mark: FileMark, path: Path) -> dict[str, object]:
    """Return what is kept of a file: what it was there, and what it is here."""
    try:
        status = path.stat()
        here = [status.st_size, status.st_mtime_ns]
    except FileNotFoundError:
        here = []
    return {"file": path.name, "version": mark.version, "here": here}
