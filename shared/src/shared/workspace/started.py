"""Imported by `zz_workspace.pth` where a Python of a venv starts under pixi: is its environment current, and whole?

With `experimental.use-environment-activation-cache` pixi does not run the activation script again, so nobody else would
notice that the lock has changed since. Asked once for a command; the processes that it starts are its own affair.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from shared.workspace.installed import is_current

CHECKED = "PIXIW_CHECKED"


def check() -> None:
    """End this process where its environment is not what its lock says: so early there is nothing to clear up."""
    root, environment = os.environ.get("PIXI_PROJECT_ROOT"), os.environ.get("PIXI_ENVIRONMENT_NAME", "")
    if not root or Path(sys.prefix).name != environment:
        return
    sys.excepthook = show
    if os.environ.get(CHECKED) == environment:
        return
    if not is_current(Path(root), environment):
        sys.stderr.write(
            f"error: environment is not what locks/{environment}.txt says: `{environment}`\n"
            f"hint: run `pixi run --force-activate -e {environment} python --version`, which brings it in line\n"
        )
        sys.stderr.flush()
        os._exit(2)
    os.environ[CHECKED] = environment


def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Show an error as always; where a module of an installed package was not found, say what looks for it."""
    sys.__excepthook__(kind, error, traceback)
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ImportError) or not name:
        return
    spec = find_spec(name)
    if spec and (spec.origin or "").startswith(sys.prefix):
        environment = Path(sys.prefix).name
        sys.stderr.write(f"hint: `./pixiw install -e {environment}` mends it where a file of the environment is gone\n")


check()
