"""What a program says of itself: the summaries of its docstrings, and where its code stands."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType


def summary(thing: object) -> str:
    """Return the first paragraph of a docstring in one line; nothing where there is none of its own."""
    return " ".join((thing.__doc__ or "").strip().partition("\n\n")[0].split())


def path_of(module: ModuleType) -> str:
    """Return where a project's module stands, from the root of the platform: `projects/sales/src/sales/load.py`."""
    path = Path(inspect.getfile(module)).resolve()
    project = next(folder for folder in path.parents if (folder / "pyproject.toml").is_file())
    return path.relative_to(project.parents[1]).as_posix()
