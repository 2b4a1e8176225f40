"""The variables of an activated environment: scripts run, `activation.env` set, native tools on PATH."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys

from shared.errors import ConfigurationError
from shared.workspace.environments import outer_variables, settings_of
from shared.workspace.installed import failure_folder, lock_path, venv_path
from shared.workspace.manifest import MANIFEST, Environment, Manifest
from tasks.environments import is_current
from tasks.pixiw.steps import WITH_PIXI

NOT_UNDERSTOOD = ("target", "pypi-dependencies", "build-dependencies", "host-dependencies", "dev")
DUMP = "import json, os; print(json.dumps(dict(os.environ)))"
# Set by the shell that runs the scripts, not by the scripts.
OF_THE_SHELL = ("_", "SHLVL", "PWD", "OLDPWD")


class ActivationError(Exception):
    """An activation script failed; empty where it has said why."""


def pixi_variables(manifest: Manifest, environment: str) -> dict[str, str]:
    """What pixi tells every script and task about where it runs."""
    name = manifest.workspace["name"]
    return {
        "PIXI_PROJECT_ROOT": str(manifest.root),
        "PIXI_PROJECT_NAME": name,
        "PIXI_PROJECT_MANIFEST": str(manifest.root / MANIFEST),
        "PIXI_PROJECT_VERSION": str(manifest.workspace.get("version", "")),
        "PIXI_ENVIRONMENT_NAME": environment,
        "PIXI_ENVIRONMENT_PLATFORMS": ",".join(manifest.workspace.get("platforms", [])),
        "PIXI_PROMPT": f"({name}) " if environment == "default" else f"({name}:{environment}) ",
        "PIXI_IN_SHELL": "1",
        "PIXI_EXE": str(manifest.root / "pixiw"),
        # A pixiw within a task goes the same way.
        "PIXIW_BACKEND": "uv",
    }


def activate(manifest: Manifest, name: str, *, install: bool = True) -> dict[str, str]:
    """The variables for commands of an environment; brings the environment in line with its lock first.

    Args:
        manifest: The workspace's.
        name: The environment's.
        install: Whether it may be installed; otherwise one that is not in line is an error.

    Raises:
        ConfigurationError: There is no such environment, or it uses what pixiw doesn't understand.
        ActivationError: An activation script failed.
    """
    environment = manifest.environment(name)
    check_understood(environment)
    if not install and lock_path(manifest.root, name).exists() and not is_current(name):
        message = f"environment is not what locks/{name}.txt says: `{name}`"
        raise ConfigurationError(message, hint=f"run `./pixiw install -e {name}`")
    before = {**outer_variables(manifest.root, os.environ), **pixi_variables(manifest, name)}
    variables = run_scripts(manifest, environment, before)
    native = native_folders(manifest, environment, variables["PATH"])
    venv_bin, separator, rest = variables["PATH"].partition(os.pathsep)
    variables["PATH"] = os.pathsep.join([venv_bin, *native]) + separator + rest
    return {**variables, **settings_of(environment)}


def check_understood(environment: Environment) -> None:
    """Refuse by name what the environment uses and pixiw can't do."""
    for table in environment.tables:
        for key in NOT_UNDERSTOOD:
            if table.get(key):
                message = f"environment `{environment.name}` uses what pixiw does not understand: `{key}`"
                raise ConfigurationError(message, hint=WITH_PIXI)
    environment.variables()


def run_scripts(manifest: Manifest, environment: Environment, before: dict[str, str]) -> dict[str, str]:
    """Source the activation scripts and see which variables there are then; their output goes to standard error."""
    sourced = [f". {shlex.quote(str(manifest.root / script))}" for script in environment.scripts()]
    dump = shlex.join(["exec", sys.executable, "-ISc", DUMP])
    text = f"{{ {' && '.join(sourced) or ':'}; }} >&2 && {dump}"
    result = subprocess.run(["sh", "-c", text], cwd=manifest.root, env=before, stdout=subprocess.PIPE, check=False)
    if result.returncode:
        told = (failure_folder(manifest.root, environment.name) / ".message").exists()
        message = f"cannot activate `{environment.name}`: an activation script ended with {result.returncode}"
        raise ActivationError("" if told else message)
    after: dict[str, str] = json.loads(result.stdout)
    kept = {key: value for key, value in before.items() if key in OF_THE_SHELL}
    return {key: value for key, value in after.items() if key not in OF_THE_SHELL} | kept


def native_folders(manifest: Manifest, environment: Environment, path: str) -> list[str]:
    """The folders that hold the commands of the environment's conda packages.

    Raises:
        ConfigurationError: Nothing is known to stand in for a conda package, or it is not there.
    """
    folders = []
    for package in sorted(set(environment.merged("dependencies")) - {"python", "uv"}):
        entry = manifest.native.get(package)
        if entry is None:
            message = f"environment `{environment.name}` needs what [tool.pixiw.native] does not know: `{package}`"
            raise ConfigurationError(message, hint=WITH_PIXI)
        if "command" in entry and shutil.which(entry["command"], path=path):
            continue
        if entry.get("optional"):
            # What needs it says so: the environment has work that does without.
            continue
        packages = venv_path(manifest.root, environment.name).glob("lib/python3*/site-packages")
        found = [folder / entry["wheel"] for folder in packages if "wheel" in entry]
        if not (found and found[0].is_dir()):
            message = f"environment `{environment.name}` needs `{package}`, which is not here"
            raise ConfigurationError(message, hint=entry.get("hint", WITH_PIXI))
        folders.append(str(found[0]))
    return folders
