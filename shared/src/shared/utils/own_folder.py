"""Folders that the platform has made, and that `clean` may remove: marked as its own, and used by no command.

Standard library alone: it is read before anything is installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import PlatformError
from shared.utils import locks

MARK = ".data-platform"
TEXT = "The data platform has made this folder: `./pixiw run clean --data` removes it with all that is in it.\n"


class FolderInUse(PlatformError):
    """A command uses a folder that another one would remove."""

    code = "folder_in_use"
    retryable = True


def is_marked(folder: Path) -> bool:
    """Tell whether the platform has made the folder."""
    return (folder / MARK).is_file()


@contextmanager
def made_by_us(folder: Path, *, place: Path) -> Iterator[None]:
    """Mark a folder as the platform's, at the end of the block, if it was missing or empty before.

    Args:
        folder: It may hold what others have put there: then it stays without a mark.
        place: Where the folder is the platform's whatever it holds.
    """
    ours = folder == place or _is_empty(folder)
    try:
        yield
    finally:
        # Of a folder that cannot be written to, nothing could be removed either.
        with suppress(OSError):
            if ours and folder.is_dir() and not is_marked(folder):
                (folder / MARK).write_text(TEXT, encoding="utf-8")


def _is_empty(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False


@contextmanager
def used(folder: Path) -> Iterator[None]:
    """Keep a folder, if it is there, from being removed for the block.

    Raises:
        FolderInUse: It is being removed.
    """
    with _locked(folder, shared=True) as free:
        if not free:
            raise FolderInUse(f"`clean` is removing it: `{folder}`", hint="run it again when that has ended")
        yield


@contextmanager
def unused(folder: Path) -> Iterator[None]:
    """Keep commands from beginning to use a folder for the block.

    Raises:
        FolderInUse: One uses it.
    """
    with _locked(folder, shared=False) as free:
        if not free:
            raise FolderInUse(
                f"a command uses it: `{folder}`", hint="end that command, or wait for it; then run it again"
            )
        yield


@contextmanager
def _locked(folder: Path, *, shared: bool) -> Iterator[bool]:
    held = None
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    # Not within `except`: it would become the context of what is raised in the block.
    if held is None:
        yield True
        return
    free = True
    try:
        # Not every network's file system has locks on folders.
        with suppress(OSError):
            free = locks.take(held, seconds=0, shared=shared)
        yield free
    finally:
        os.close(held)
