"""The environment of each lab: the runner's own, or another one of pixi.toml, in which its steps then run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from shared.config import Settings
from shared.config.labs import Lab
from shared.workspace.environments import environment_variables, interpreter


def is_here(lab: Lab) -> bool:
    """Tell whether this process runs in the lab's environment."""
    return os.environ.get("PIXI_ENVIRONMENT_NAME") == lab.environment


def lab_command(lab: Lab, settings: Settings, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command and the variables with which the runner runs in the lab's environment.

    Raises:
        ConfigurationError: There is no such environment, or it is not installed.
    """
    if is_here(lab):
        return [sys.executable, "-m", "labs", *arguments], dict(os.environ)
    python = interpreter(settings.root, lab.environment)
    return [str(python), "-m", "labs", *arguments], environment_variables(settings.root, lab.environment)
