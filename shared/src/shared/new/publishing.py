"""Files that are all there or none: noted before they are made, so that a later call takes away what a killed one left.

Drafts and the note lie in `.pixi`, which git ignores; the last file makes the others count.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.config import Settings
from shared.errors import UserError
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.utils.private import as_caller_has_it
from shared.warehouse.lock import FileLock

NOTE, DRAFT = "note.json", "draft"


@contextmanager
def alone(settings: Settings, command: str) -> Iterator[Path]:
    """Keep a command's other calls out, take back what a killed one left, and yield a folder for notes and drafts."""
    folder = settings.root / ".pixi" / command
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder, command, timeout=settings.warehouse_lock_timeout, on_wait=say).held():
        take_back(folder)
        yield folder


def hold_free(paths: Iterable[Path]) -> None:
    """Refuse to write where there is something.

    Raises:
        UserError: There is.
    """
    for path in paths:
        if path.exists() or path.is_symlink():
            raise UserError(
                f"there is something of this name: `{path}`", hint="choose another name, or remove what is there first"
            )


def publish(folder: Path, files: Mapping[Path, str], copied: tuple[Path, Path] | None = None) -> None:
    """Put files into their places, all of them or none.

    Args:
        folder: Of `alone`.
        files: What each is to hold; the last one is the one that makes them count.
        copied: A file, and where a copy of it goes besides.

    Raises:
        UserError: There is something in a place.
    """
    hold_free(files)
    made = [parent for path in files for parent in missing_parents(path)]
    note = {
        "files": {str(path): text for path, text in files.items()},
        "folders": [str(path) for path in dict.fromkeys(made)],
        "copy": str(copied[1]) if copied else None,
    }
    if copied:
        hold_free([copied[1]])
    write_whole(folder / NOTE, json.dumps(note))
    try:
        if copied:
            copied[1].parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(*copied)
        with as_caller_has_it():
            for path, text in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = folder / DRAFT
                draft.write_text(text, encoding="utf-8")
                draft.rename(path)
    except BaseException:
        take_back(folder, whole=False)
        raise
    (folder / NOTE).unlink()


def missing_parents(path: Path) -> Iterator[Path]:
    """Yield the folders that have to be made for a file, the inner ones first."""
    parent = path.parent
    while not parent.exists():
        yield parent
        parent = parent.parent


def take_back(folder: Path, *, whole: bool = True) -> None:
    """Remove what a call has made that did not come to its end, where it is still as it was made.

    Args:
        folder: Of `alone`.
        whole: Whether what is all there stays.
    """
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    files = [(Path(path), text) for path, text in note["files"].items()]
    if not (whole and files[-1][0].exists()):
        for path, text in reversed(files):
            with suppress(FileNotFoundError):
                if path.read_bytes() == text.encode():
                    path.unlink()
        if note["copy"]:
            Path(note["copy"]).unlink(missing_ok=True)
            with suppress(OSError):
                Path(note["copy"]).parent.rmdir()
        for path in note["folders"]:
            with suppress(OSError):
                Path(path).rmdir()
    (folder / NOTE).unlink(missing_ok=True)
