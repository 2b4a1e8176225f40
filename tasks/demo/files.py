"""Files that are either whole or not there, whenever the process is killed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import PlatformError
from shared.utils import locks
from shared.utils.console import say

# As long as the slowest download.
LOCK_SECONDS = 1800.0


def write_atomically(path: Path, content: bytes) -> None:
    """Put `content` at `path`: under a temporary name first, synced to disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        # A full disk needs the room.
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`, after whoever holds it now. The system frees it when the process ends.

    Raises:
        PlatformError: It is held for too long.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if not locks.take(
            file.fileno(), seconds=LOCK_SECONDS, on_wait=lambda: say(f"waiting for another process that holds: {path}")
        ):
            raise PlatformError(
                f"another process held it for {LOCK_SECONDS:.0f} s: {path}", hint="end that process, then run it again"
            )
        yield
