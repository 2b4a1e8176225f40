"""A pixi for tests: `install_pixi` puts it into a folder."""

from __future__ import annotations

import sys
from pathlib import Path


def install_pixi(folder: Path) -> Path:
    """Put the stand-in into a folder as `pixi`, for a PATH to begin with; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable).resolve()
    script = Path(__file__).with_name("pixi.py")
    (folder / "pixi").write_text(f'#!/bin/sh\nSTAND_IN_EXE="$0" exec "{python}" -sE "{script}" "$@"\n')
    (folder / "pixi").chmod(0o755)
    return folder
