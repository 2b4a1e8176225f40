"""The variables and the Python that a command in an environment runs with, and how a command starts another.

For what starts a step in another environment than its own: directly, without `pixi run` in between, or as a task of
pixi.toml. Nothing is installed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from shared.errors import ConfigurationError
from shared.workspace.installed import is_current, lock_path, stub_folder, venv_path, venv_setting
from shared.workspace.manifest import MANIFEST, Environment, read_manifest

SET_BY_PIXI = (
    "PIXI_PROJECT_", "PIXI_WORKSPACE_", "PIXI_ENVIRONMENT_", "PIXI_PROMPT", "PIXI_IN_SHELL", "PIXI_EXE",
)  # fmt: skip
"""How variables of an activated environment begin; others with PIXI_ are the user's own settings of pixi."""
SET_BY_ACTIVATION = {"VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "CONDA_SHLVL", "PIXIW_CHECKED", "PIXIW_SET"}
SET = "PIXIW_SET"
"""Names the variables that `activation.env` has set, for whoever leaves the environment to take them out again."""


def interpreter(root: Path, environment: str) -> Path:
    """Return the Python of an environment that is installed and in line with its lock.

    Raises:
        ConfigurationError: There is no such environment, it is not installed as its lock wants it, or with another
            Python than pixi.toml names.
    """
    wanted = read_manifest(root).environment(environment).python()
    venv = venv_path(root.absolute(), environment)
    if not lock_path(root, environment).is_file():
        raise ConfigurationError(
            f"environment has no Python packages: `{environment}`", hint=f"run `./pixiw run lock {environment}`"
        )
    python = venv / "bin" / "python"
    if not os.access(python, os.X_OK):
        raise ConfigurationError(
            f"environment is not installed: `{environment}`", hint=f"run `./pixiw install -e {environment}`"
        )
    if not is_current(root.absolute(), environment):
        raise ConfigurationError(
            f"environment is not what locks/{environment}.txt says: `{environment}`",
            hint=f"run `./pixiw install -e {environment}`",
        )
    # What is written there, as starting its Python would take a moment.
    found = venv_setting(venv, "version_info") or venv_setting(venv, "version") or "unknown"
    if wanted and not f"{found}.".startswith(f"{wanted}."):
        raise ConfigurationError(
            f"environment has Python {found}, not {wanted}: `{environment}`",
            hint=f"remove `{venv}`, then run `./pixiw install -e {environment}`",
        )
    return python


def environment_variables(root: Path, environment: str) -> dict[str, str]:
    """Return this process's variables as `pixi run -e` would change them for a command in an environment.

    Of the activation scripts there is only what the platform's own does: the environment's packages come first on PATH.

    Raises:
        ConfigurationError: There is no such environment, or it sets a variable from another one.
    """
    root = root.absolute()
    manifest = read_manifest(root)
    found = manifest.environment(environment)
    venv, conda = venv_path(root, environment), conda_prefix(root, environment)
    # pixi's own environment holds its native tools; where there was no pixi, there is none.
    own = {"VIRTUAL_ENV": str(venv), **({"CONDA_PREFIX": str(conda)} if conda.is_dir() else {})}
    outer = outer_variables(root, os.environ)
    path = [str(venv / "bin"), str(stub_folder(root)), *([str(conda / "bin")] if conda.is_dir() else [])]
    return {
        **outer,
        **own,
        "PATH": os.pathsep.join([*path, outer["PATH"]]),
        **({"PIXI_EXE": os.environ["PIXI_EXE"]} if "PIXI_EXE" in os.environ else {}),
        "PIXI_PROJECT_ROOT": str(root),
        "PIXI_PROJECT_NAME": str(manifest.workspace.get("name", "")),
        "PIXI_PROJECT_MANIFEST": str(root / MANIFEST),
        "PIXI_ENVIRONMENT_NAME": environment,
        "PIXI_IN_SHELL": "1",
        **settings_of(found),
    }


def settings_of(environment: Environment) -> dict[str, str]:
    """Return what an environment's `activation.env` sets, and what names it for `outer_variables`."""
    given = environment.variables()
    return {**given, SET: " ".join(sorted(given))}


def outer_variables(root: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables as they were before an environment of this workspace was activated, so that one starts clean."""
    ours = [str(root / ".pixi" / folder) + os.sep for folder in ("venvs", "envs")]
    if "CONDA_PREFIX" in variables and "PIXI_IN_SHELL" in variables:
        # Where it lies with pixi's `detached-environments`.
        ours.append(variables["CONDA_PREFIX"] + os.sep)
    path = variables.get("PATH", os.defpath).split(os.pathsep)
    kept = [part for part in path if not part.startswith(tuple(ours)) and part != str(stub_folder(root))]
    set_by_us = {*SET_BY_ACTIVATION, *variables.get(SET, "").split()}
    outer = {
        name: value for name, value in variables.items() if name not in set_by_us and not name.startswith(SET_BY_PIXI)
    }
    return {**outer, "PATH": os.pathsep.join(kept)}


def conda_prefix(root: Path, environment: str) -> Path:
    """Return where pixi has put an environment: beside the one that this process runs in, else in the workspace."""
    here = Path(os.environ.get("CONDA_PREFIX", ""))
    of_this_root = os.environ.get("PIXI_PROJECT_ROOT") == str(root)
    beside = of_this_root and os.environ.get("PIXI_ENVIRONMENT_NAME") == here.name
    return (here.parent if beside else root / ".pixi" / "envs") / environment


def nested_run(root: Path, environment: str, *words: str) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the variables by which a task runs another one.

    The program that runs this task, pixi or pixiw, runs the other too. It names the environment and gets nothing of
    ours, as pixi looks for a task in the environment around it alone.
    """
    runner = os.environ.get("PIXI_EXE") or str(root / "pixiw")
    return [runner, "run", "-e", environment, *words], outer_variables(root, os.environ)
