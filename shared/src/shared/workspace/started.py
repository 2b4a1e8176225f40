"""Imported by `zz_workspace.pth` where a Python of a venv starts under pixi: is its environment current?

With `experimental.use-environment-activation-cache` pixi does not run the activation script again, so nobody else would
notice that the lock has changed since. Asked once for a command; the processes that it starts are its own affair.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shared.workspace.installed import is_current

CHECKED = "PIXIW_CHECKED"


def check() -> None:
    """End this process where its environment is not what its lock says: so early there is nothing to clear up."""
    root, environment = os.environ.get("PIXI_PROJECT_ROOT"), os.environ.get("PIXI_ENVIRONMENT_NAME", "")
    if not root or os.environ.get(CHECKED) == environment or Path(sys.prefix).name != environment:
        return
    if not is_current(Path(root), environment):
        sys.stderr.write(
            f"error: environment is not what locks/{environment}.txt says: `{environment}`\n"
            f"hint: run `pixi run --force-activate -e {environment} python --version`, which brings it in line\n"
        )
        sys.stderr.flush()
        os._exit(2)
    os.environ[CHECKED] = environment


check()
