"""What the shared library says of an environment is what pixiw makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from shared.workspace.environments import environment_variables, interpreter
from tasks.tests.pixiw.conftest import Workspace

MANIFEST = """
[environments]
small = ["one", "two"]

[activation.env]
COMMON = "all"

[feature.one.activation.env]
COLOUR = "red"

[feature.two.activation.env]
COLOUR = "blue"
COMMON = "two"
"""
DUMP = "import json, os, sys; print(json.dumps([sys.executable, dict(os.environ)]))"
# How and where it was started, and what only people and other tools read.
OF_PIXIW = {
    "INIT_CWD",
    "OLDPWD",
    "PIXIW_BACKEND",
    "PIXI_ENVIRONMENT_PLATFORMS",
    "PIXI_EXE",
    "PIXI_PROJECT_VERSION",
    "PIXI_PROMPT",
    "PWD",
    "SHLVL",
    "_",
}


def test_same_python_and_variables(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command gets the same Python and variables by `pixiw run -e` and from the shared library."""
    workspace.manifest(MANIFEST)
    workspace.lock("small", "markupsafe")
    result = workspace.pixiw("run", "-e", "small", "python", "-c", DUMP)
    assert result.returncode == 0, result.stderr
    python, expected = json.loads(result.stdout)
    user = workspace.variables()
    # Activation has taken it out for whoever runs in an environment.
    user.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in [*os.environ]:
        monkeypatch.delenv(name)
    for name, value in user.items():
        monkeypatch.setenv(name, value)
    found = environment_variables(workspace.root, "small")
    assert interpreter(workspace.root, "small") == Path(python)
    for variables in (expected, found):
        for name in OF_PIXIW:
            variables.pop(name, None)
    assert found == expected
