"""Remove the installed environments, and with --data everything under data/ too."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tasks.environments import ROOT


def size(folder: Path) -> int:
    """The bytes that the folder's files take."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def remove(folder: Path, dry_run: bool) -> None:
    """Remove a folder and say how much it held."""
    if folder.exists():
        verb = "would remove" if dry_run else "removing"
        print(f"{verb} {folder.relative_to(ROOT)}: {size(folder) / 1e6:,.0f} MB", flush=True)
        if not dry_run:
            shutil.rmtree(folder)


def main(argv: Sequence[str] | None = None) -> int:
    """Remove what the flags name; asks nothing."""
    parser = argparse.ArgumentParser(prog="pixi run clean", description=__doc__)
    parser.add_argument("--data", action="store_true", help="remove data/ too: warehouse, landing, exports, state")
    parser.add_argument("--only-data", action="store_true", help="remove data/, keep the environments")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")
    arguments = parser.parse_args(argv)
    if arguments.data or arguments.only_data:
        remove(ROOT / "data", arguments.dry_run)
    if not arguments.only_data:
        remove(ROOT / ".pixi" / "venvs", arguments.dry_run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
