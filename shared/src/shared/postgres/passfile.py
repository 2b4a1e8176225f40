"""Passwords in a file that only its owner can read, in the form that every PostgreSQL client knows (`.pgpass`)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from shared.errors import ConfigurationError

OWNER_ONLY = 0o600
ANY = "*"


@dataclass(frozen=True)
class Entry:
    """One line: the password of a user at a server; `*` stands for any host, port, database or user."""

    host: str
    port: str
    database: str
    user: str
    password: str

    def matches(self, host: str, port: str, database: str, user: str) -> bool:
        """Tell whether the line is about this login."""
        pairs = zip((self.host, self.port, self.database, self.user), (host, port, database, user), strict=True)
        return all(own in (ANY, asked) for own, asked in pairs)

    def __str__(self) -> str:
        return ":".join(re.sub(r"([\\:])", r"\\\1", part) for part in astuple(self))


def find_password(file: Path, *, host: str, port: int, database: str, user: str) -> str | None:
    """Return the password of the first line that matches, as libpq does; None where none does or there is no file.

    Raises:
        ConfigurationError: Others than its owner can read the file.
    """
    if not file.is_file():
        return None
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(f"others can read the file with passwords: `{file}`", hint=f"chmod 600 {file}")
    found = (entry.password for entry in read(file) if entry.matches(host, str(port), database, user))
    return next(found, None)


def read(file: Path) -> Iterator[Entry]:
    """Return the lines of a file; what is no line of five parts is passed over, as libpq does."""
    for line in file.read_text(encoding="utf-8").splitlines():
        parts = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"((?:\\.|[^:\\])*)(?::|$)", line)[:5]]
        if len(parts) == 5 and not line.startswith("#"):
            yield Entry(*parts)


def write(file: Path, entries: Iterable[Entry]) -> None:
    """Put lines into a file, in place of those for the same logins; nobody else can read it at any moment."""
    entries = list(entries)
    new = {astuple(entry)[:4] for entry in entries}
    kept = [entry for entry in read(file) if astuple(entry)[:4] not in new] if file.is_file() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.writelines(f"{entry}\n" for entry in [*entries, *kept])
    draft.replace(file)
