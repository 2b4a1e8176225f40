"""The .pth files of an environment, which lead to the workspace's own packages: standard library, Python 3.9."""

from __future__ import annotations

import os
from pathlib import Path

from shared.utils.files import write_whole
from tasks.verification import record_digest

# A Python that pixi starts from its cache of activations has not come by `activate.sh`: it looks for itself.
STARTED = 'import os; "CONDA_PREFIX" in os.environ and __import__("shared.workspace.started")\n'


def settle(venv: Path, root: Path) -> None:
    """Let a venv's .pth files name the workspace from where they lie, and Python look at the venv where it starts."""
    for folder in venv.glob("lib/python3*/site-packages"):
        for file in folder.glob("*.pth"):
            make_relative(file, root)
        (folder / "zz_workspace.pth").write_text(STARTED, encoding="ascii")


def make_relative(file: Path, root: Path) -> None:
    """Let a .pth file name the workspace from where it lies, and its package's RECORD list it as it is then.

    Python 3.11 and 3.12 read such files in the locale's encoding, UTF-8 mode or not: with an umlaut in the path and
    LC_ALL=C no interpreter starts.
    """
    text = file.read_text(encoding="utf-8")
    relative = text.replace(str(root), os.path.relpath(root, file.parent)).encode()
    if relative == text.encode():
        return
    # In the place of what is there: that may be a link to a file in uv's cache.
    write_whole(file, relative)
    for record in file.parent.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines()
        entry = f"{file.name},{record_digest(relative)},{len(relative)}"
        listed = [entry if line.startswith(f"{file.name},") else line for line in lines]
        if listed != lines:
            write_whole(record, "\n".join([*listed, ""]))
