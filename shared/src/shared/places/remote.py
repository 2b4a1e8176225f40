"""Places behind a server, by a client of fsspec: what is listed is what is copied, or that is an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from shared.errors import ConfigurationError, InputError, PlatformError, SourceUnavailable
from shared.http.redaction import masked
from shared.places.files import FileMark
from shared.places.names import check_name, check_number
from shared.utils.excerpts import excerpt

BLOCK_BYTES = 8 << 20
WITHOUT_LOGIN = ("NoCredentialsError", "PartialCredentialsError")


@dataclass(frozen=True)
class RemotePlace:
    """A folder behind a server.

    Attributes:
        client: An fsspec file system that keeps no listings.
        root: The folder as the client names it.
        url: The folder as people do, without a login.
    """

    client: Any = field(repr=False)
    root: str
    url: str

    def is_empty(self, pattern: str) -> bool:
        """Tell whether there is no file of a pattern.

        Raises:
            InputError: The bucket is not there.
            ConfigurationError: The login is refused.
            SourceUnavailable: The server does not answer as it should.
        """
        with self._told(self.url):
            return not any(self._found(pattern))

    def files(self, pattern: str) -> list[FileMark]:
        """Return the files of a pattern, in the order of their names; nothing is copied.

        A server that does not say what changes with a file has it read instead, for its SHA-256.

        Raises:
            InputError: The bucket is not there, a name cannot be kept, or there are too many files.
            ConfigurationError: The login is refused.
            SourceUnavailable: The server does not answer as it should.
        """
        found: dict[str, dict[str, Any]] = {}
        with self._told(self.url):
            for name, said in self._found(pattern):
                check_name(name, self.url)
                found[name] = said
                check_number(found, self.url)
        return [self._mark(name, said) for name, said in sorted(found.items())]

    def _found(self, pattern: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the names of files below the root with what the server says of them."""
        # Who has a client has the package; `shared` itself does without.
        from fsspec.utils import glob_translate

        matches = re.compile(glob_translate(pattern)).match
        depth = None if "**" in pattern else pattern.count("/") + 1
        try:
            # Not the client's own glob: it passes over what it may not list.
            for _, _, files in self.client.walk(self.root, maxdepth=depth, detail=True, on_error="raise"):
                for said in files.values():
                    name = str(said["name"]).removeprefix(f"{self.root}/")
                    if said["type"] == "file" and matches(name):
                        yield name, said
        except FileNotFoundError:
            # A folder without files is none to many servers, but a bucket is there or is not.
            self.client.info(self.root.partition("/")[0] or "/")

    def _mark(self, name: str, said: dict[str, Any]) -> FileMark:
        path, shown = str(said["name"]), f"{self.url}/{name}"
        version = etag(said)
        if version is None:
            with self._told(shown):
                version = self._read(path, None, int(said["size"]), lambda count: None)
        mark = FileMark(shown, version, int(said["size"]))
        return replace(mark, copy=partial(self._copy, path, mark))

    def _copy(self, path: str, mark: FileMark, target: Path, came: Callable[[int], None]) -> None:
        with self._told(mark.name), target.open("wb") as file:
            try:
                content = self._read(path, file, mark.size, came)
            except Exception as error:
                if isinstance(error, _Grown) or self._version(path, mark, "") != mark.version:
                    raise changed(mark) from error
                raise
            if self._version(path, mark, content) != mark.version or file.tell() != mark.size:
                raise changed(mark)

    def _version(self, path: str, mark: FileMark, content: str) -> str | None:
        """Return what changes with a file, as it is now; where the server does not say, of what was read."""
        if not mark.version.startswith("etag:"):
            return content or mark.version
        with suppress(FileNotFoundError):
            return etag(self.client.info(path))
        return None

    def _read(self, path: str, target: IO[bytes] | None, size: int, came: Callable[[int], None]) -> str:
        """Read a file, write it where it is to go, and return its SHA-256."""
        digest, read = hashlib.sha256(), 0
        with self.client.open(path, "rb", block_size=BLOCK_BYTES) as source:
            while block := source.read(BLOCK_BYTES):
                read += len(block)
                if read > size:
                    raise _Grown
                digest.update(block)
                if target is not None:
                    target.write(block)
                came(len(block))
        return digest.hexdigest()

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Name what was asked for in whatever the client raises."""
        name = excerpt(name, 300)
        try:
            yield
        except PlatformError:
            raise
        except FileNotFoundError as error:
            raise InputError(
                f"not there, or not for this login to see: `{name}`",
                hint="correct the name of the bucket or folder, or make it",
            ) from error
        # Each client has its own; they say no more than that something went wrong.
        except Exception as error:
            refused = isinstance(error, PermissionError) or type(error).__name__ in WITHOUT_LOGIN
            said = masked(f"{type(error).__name__}: {error}")
            if refused:
                raise ConfigurationError(
                    f"no access to `{name}`: {said}",
                    hint="correct the credentials, or let their owner list and read there",
                ) from error
            raise SourceUnavailable(
                f"`{name}` cannot be read: {said}",
                hint="nothing was loaded: run the command again; if it stays, correct place and credentials",
            ) from error


class _Grown(Exception):
    """A file has more bytes than were listed."""


def etag(said: dict[str, Any]) -> str | None:
    """Return what a server says changes with a file's content, if it says so."""
    found = said.get("ETag") or said.get("etag")
    return f"etag:{str(found).strip(chr(34))}" if found else None


def changed(mark: FileMark) -> SourceUnavailable:
    """Return the error for a file that is not any more the one that was listed."""
    return SourceUnavailable(
        f"changed while it was read: `{excerpt(mark.name, 300)}`",
        hint="nothing was loaded: run the command again once nobody writes there",
    )
