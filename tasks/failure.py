"""What a failed installation leaves: commands that end with its message, so that none runs in another Python.

Standard library, Python 3.9, as `tasks/environments.py`.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from shared.utils.files import write_whole
from shared.workspace.installed import failure_folder, lock_path, stub_folder


def leave_stubs(root: Path, environment: str, message: str, said: str) -> None:
    """Leave what ends every command with the message, by every name that a command of the environment may have."""
    folder = failure_folder(root, environment)
    write_whole(folder / ".message", message)
    write_whole(folder / ".uv.log", said)
    stub = stub_folder(root) / "python"
    # Links stay from an earlier failure, whose commands may still be about to begin.
    for name in command_names(root, environment) - {path.name for path in folder.iterdir()}:
        with suppress(FileExistsError):
            (folder / name).symlink_to(stub)


def command_names(root: Path, environment: str) -> set[str]:
    """Every command on PATH, every word of pixi.toml, of which some are tasks' programs, and the lock's packages."""
    names = set()
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        with suppress(OSError):
            names |= {path.name for path in Path(folder or ".").iterdir()}
    for file in (root / "pixi.toml", lock_path(root, environment)):
        with suppress(OSError):
            names |= {*re.findall(r"[A-Za-z0-9][\w.+-]*", re.sub("--hash=\\S+", "", file.read_text(encoding="utf-8")))}
    return {name for name in names if not name.startswith(".")} | {"python", "python3", "pytest"}
