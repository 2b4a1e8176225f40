"""Folders for what is needed for a while: gone afterwards, and where a process was killed, with the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.utils import locks

PREFIX = "data-platform-scratch-"
# One that is younger may be about to be locked.
OLD_SECONDS = 60


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder among the system's temporary files; those that killed processes have left there are removed."""
    sweep()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            locks.take(held, seconds=0)
            yield Path(name)
        finally:
            os.close(held)


def sweep() -> None:
    """Remove our folders that nobody holds."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                status = os.fstat(held)
                old = time.time() - status.st_mtime > OLD_SECONDS
                if status.st_uid == os.getuid() and old and locks.take(held, seconds=0):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(held)
