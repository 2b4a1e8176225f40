"""What the platform makes is its owner's alone, whatever the umask of whoever starts it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OTHERS = 0o077
PASS = 0o010
# What a folder of earlier versions may hold; of more, what lies below its first level is out of others' reach anyhow.
MOST = 200_000

_umask_of_caller: int | None = None


def keep_private() -> None:
    """From now on this process and those that it starts make files and folders for their owner alone."""
    global _umask_of_caller
    before = os.umask(OTHERS)
    if _umask_of_caller is None:
        _umask_of_caller = before


@contextmanager
def as_caller_has_it() -> Iterator[None]:
    """Make files with the umask from before `keep_private`: those of the repository, which is shared in other ways."""
    if _umask_of_caller is None:
        yield
        return
    within = os.umask(_umask_of_caller)
    try:
        yield
    finally:
        os.umask(within)


def tighten(data: Path, server: Path) -> None:
    """Take from others what an earlier version has left them of the data folder; costs nothing where it has not.

    Nothing is followed, and what is not ours stays as it is.

    Args:
        data: The data folder, which may be missing.
        server: The local PostgreSQL server's folder in it. Where it is another user's, its group may pass through.
    """
    with suppress(OSError):
        allowed = PASS if of_another(server, data) else 0
        if data.stat().st_mode & OTHERS & ~allowed == 0:
            return
        _tighten_below(data)
        # Last: whoever is killed before does it all again.
        data.chmod(data.stat().st_mode & 0o7700)
        if allowed:
            let_through(data, server)


def _tighten_below(data: Path) -> None:
    seen = 0
    for folder, folders, files in os.walk(data):
        for name in (*folders, *files):
            path = Path(folder, name)
            with suppress(OSError):
                mode = path.lstat().st_mode
                if mode & OTHERS and not stat.S_ISLNK(mode):
                    path.chmod(mode & 0o7700)
            seen += 1
            if seen >= MOST:
                return


def of_another(server: Path, data: Path) -> bool:
    """Tell whether the server's folder is another user's than the data folder."""
    try:
        return server.stat().st_uid != data.stat().st_uid
    except FileNotFoundError:
        return False


def let_through(folder: Path, inner: Path) -> None:
    """Let the group of a folder pass through the one around it, which it still cannot list."""
    mode = folder.stat().st_mode
    if mode & 0o001:
        return
    os.chown(folder, -1, inner.stat().st_gid)
    folder.chmod((mode & 0o7777) | PASS)
