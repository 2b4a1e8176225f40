"""Remove the installed environments, and with --data everything in the data folder too.

Run with whatever Python is at hand, as it removes its own: standard library.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from shared.errors import PlatformError, UserError
from shared.utils.own_folder import MARK, is_marked, unused
from tasks.environments import ROOT

INSTALLED = ("venvs", "uv-cache", "uv-python")
PID_FILES = "postgres17/*/postmaster.pid"


def main(argv: Sequence[str] | None = None) -> int:
    """Remove what the flags name, once somebody has said yes; 2 where it is not to be removed, 1 where it is in use."""
    parser = argparse.ArgumentParser(prog="pixi run clean", description=__doc__)
    parser.add_argument("--data", action="store_true", help="remove DATA_DIR too: warehouse, landing, exports, state")
    parser.add_argument("--only-data", action="store_true", help="remove DATA_DIR, keep the environments")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args(argv)
    try:
        clean(
            data=arguments.data or arguments.only_data,
            environments=not arguments.only_data,
            dry_run=arguments.dry_run,
            yes=arguments.yes,
        )
    except PlatformError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


def clean(*, data: bool, environments: bool, dry_run: bool, yes: bool) -> None:
    """Remove the data folder, the environments or both.

    Raises:
        UserError: The data folder is not the platform's, or nobody said that it is to be removed.
        FolderInUse: A command of the platform runs.
    """
    installed = [ROOT / ".pixi" / name for name in INSTALLED]
    folders = [*([data_folder()] if data else []), *(installed if environments else [])]
    folders = [folder for folder in folders if folder.is_dir()]
    with ExitStack() as held:
        if not dry_run:
            # A command of this workspace may be about to make the data folder, and runs in one of these.
            for folder in (*folders, *(ROOT / ".pixi" / "venvs").glob("*")):
                held.enter_context(unused(folder))
        for folder in folders:
            verb = "would remove" if dry_run else "to remove"
            print(f"{verb} {shown(folder)}: {size(folder) / 1e6:,.0f} MB", flush=True)
        if folders and not dry_run:
            confirm(yes)
            for folder in folders:
                remove(folder)


def data_folder() -> Path:
    """Return the data folder that DATA_DIR names, below the root where it is relative.

    Raises:
        UserError: The platform has not made it, or its PostgreSQL server runs.
    """
    folder = ROOT / (os.environ.get("DATA_DIR") or "data")
    if folder.is_dir() and not is_marked(folder):
        raise UserError(
            f"not marked as made by the platform: `{folder}`",
            hint=f"correct DATA_DIR, or remove it yourself; `./pixiw run status` marks `{ROOT / 'data'}` alone",
        )
    if any(is_running(file) for file in folder.glob(PID_FILES)):
        hint = "run `./pixiw run -e postgres postgres-stop` first"
        raise UserError(f"the PostgreSQL server runs: `{folder}`", hint=hint)
    return folder


def is_running(pid_file: Path) -> bool:
    """Tell whether the process that a file names lives."""
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8").split()[0]), 0)
    except (OSError, ValueError, IndexError) as error:
        return isinstance(error, PermissionError)
    return True


def confirm(yes: bool) -> None:
    """Ask whether to go on.

    Raises:
        UserError: The answer is no, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("nothing removed: there is no terminal to ask on", hint="add --yes")
    if input("Remove all of that? [y/N] ").strip().lower() not in ("y", "yes"):
        raise UserError("nothing removed", hint="answer `y` to remove it")


def remove(folder: Path) -> None:
    """Remove a folder, its mark at the very end: whoever is killed before can do it again."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MARK):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    # A link to it, or a folder that others let us write in, stays.
    with suppress(OSError):
        folder.rmdir()


def size(folder: Path) -> int:
    """The bytes that the folder's files take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def shown(folder: Path) -> Path:
    """The folder as it is called from the root."""
    return folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder


if __name__ == "__main__":
    sys.exit(main())
