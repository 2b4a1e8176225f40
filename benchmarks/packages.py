"""Packages that a benchmark fetches for itself, beside those of the environment that it runs in."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.utils.processes import run

ROOT = Path(__file__).parents[1]
SECONDS = 600.0


def files_of(package: str, folder: Path) -> Path:
    """Put a package's files, without what it needs, into a folder, and return that."""
    _run("pip", "install", "--no-deps", f"--python={sys.executable}", f"--target={folder}", package)
    return folder


def environment_with(folder: Path, packages: Sequence[str]) -> Path:
    """Make an environment with packages, of the newest Python that there is here; return the folder of its commands."""
    python = ROOT / ".pixi" / "venvs" / "py312-research" / "bin" / "python"
    if not python.exists():
        raise SystemExit("it needs a newer Python: `./pixiw run -e py312-research python --version` makes one")
    _run("venv", f"--python={python}", str(folder))
    _run("pip", "install", f"--python={folder}/bin/python", *packages)
    return folder / "bin"


def uv_command() -> str:
    """Return where uv is."""
    found = shutil.which("uv")
    if found is None:
        raise SystemExit("no uv on PATH: run this by ./pixiw run")
    return found


def _run(*arguments: str) -> None:
    done = run([uv_command(), "--quiet", *arguments], seconds=SECONDS)
    if done.returncode:
        raise SystemExit(done.stderr)
