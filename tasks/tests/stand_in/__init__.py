"""A pixi for tests: `install_pixi` puts it into a folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tasks.environments import search_path


def install_pixi(folder: Path) -> Path:
    """Put the stand-in into a folder as `pixi`, for a PATH to begin with; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    python = Path(sys.executable).resolve()
    script = Path(__file__).with_name("pixi.py")
    uv = shutil.which("uv", path=search_path())
    call = f'STAND_IN_EXE="$0" STAND_IN_UV="{uv}" exec "{python}" -sE "{script}" "$@"'
    (folder / "pixi").write_text(f"#!/bin/sh\n{call}\n")
    (folder / "pixi").chmod(0o755)
    return folder
