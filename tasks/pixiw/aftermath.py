"""After a command has failed: was it for a file of its environment?"""

from __future__ import annotations

import subprocess
import sys

from shared.workspace.installed import venv_path
from tasks import environments
from tasks.verification import damages, summary

# Ctrl-C, or somebody's signal.
ENDED = (129, 130, 143)


def look_for_damage(environment: str, code: int) -> None:
    """Where a command failed in a damaged environment, say so and take its stamp away: the next command mends it."""
    if code in (0, *ENDED) or not environments.is_current(environment):
        return
    venv = venv_path(environments.ROOT, environment)
    try:
        found = damages(venv)
    except subprocess.TimeoutExpired:
        return
    if not found:
        return
    hint = "run the same command again, which makes it anew first"
    try:
        (venv / ".stamp").unlink()
    except OSError:
        hint = f"run `./pixiw install -e {environment}` as the user who owns .pixi"
    print(f"error: environment is damaged: `{environment}`: {summary(found)}\nhint: {hint}", file=sys.stderr)
