"""The environments that pixi.toml names: their Python, and the variables that a command in one of them runs with.

For what starts a step in another environment than its own, without `pixi run` in between. Nothing is installed here.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from shared.config.settings import MANIFEST
from shared.errors import ConfigurationError
from shared.utils.names import suggestion

Table = dict[str, Any]


def interpreter(root: Path, environment: str) -> Path:
    """Return the Python of an environment that is installed and in line with its lock.

    Raises:
        ConfigurationError: There is no such environment, it is not installed as its lock wants it, or with another
            Python than pixi.toml names.
    """
    tables = _tables(read_manifest(root), environment)
    venv, lock = _venv(root, environment), root / "locks" / f"{environment}.txt"
    if not lock.is_file():
        raise ConfigurationError(
            f"environment has no Python packages: `{environment}`", hint=f"run `./pixiw run lock {environment}`"
        )
    python = venv / "bin" / "python"
    if not os.access(python, os.X_OK):
        raise ConfigurationError(
            f"environment is not installed: `{environment}`", hint=f"run `./pixiw install -e {environment}`"
        )
    if not _in_line(root, venv, lock):
        raise ConfigurationError(
            f"environment is not what locks/{environment}.txt says: `{environment}`",
            hint=f"run `./pixiw install -e {environment}`",
        )
    wanted, found = _wanted_python(tables), _installed_python(venv)
    if wanted and not f"{found}.".startswith(wanted):
        raise ConfigurationError(
            f"environment has Python {found}, not {wanted}*: `{environment}`",
            hint=f"remove `{venv}`, then run `./pixiw install -e {environment}`",
        )
    return python


def environment_variables(root: Path, environment: str) -> dict[str, str]:
    """Return this process's variables as `pixi run -e` would change them for a command in an environment.

    Of the activation scripts there is only what the platform's own does: the environment's packages come first on PATH.

    Raises:
        ConfigurationError: There is no such environment, or it sets a variable from another one.
    """
    manifest = read_manifest(root)
    given = _given(_tables(manifest, environment), environment)
    venv, conda = _venv(root, environment), root.absolute() / ".pixi" / "envs" / environment
    # pixi's own environment holds its native tools; where there was no pixi, there is none.
    own = {"VIRTUAL_ENV": str(venv), **({"CONDA_PREFIX": str(conda)} if conda.is_dir() else {})}
    outer = _outer_variables(root)
    path = [*(str(Path(folder) / "bin") for folder in own.values()), outer["PATH"]]
    return {
        **outer,
        **own,
        "PATH": os.pathsep.join(path),
        "PIXI_PROJECT_ROOT": str(root.absolute()),
        "PIXI_PROJECT_NAME": str(manifest.get("workspace", {}).get("name", "")),
        "PIXI_PROJECT_MANIFEST": str(root.absolute() / MANIFEST),
        "PIXI_ENVIRONMENT_NAME": environment,
        "PIXI_IN_SHELL": "1",
        **given,
        # So that pixiw, run by the command, takes them out again.
        "PIXIW_SET": " ".join(sorted(given)),
    }


def read_manifest(root: Path) -> Table:
    """Return what pixi.toml says.

    Raises:
        ConfigurationError: It is not there or no TOML, or this Python cannot read TOML.
    """
    path = root / MANIFEST
    try:
        # tomli is the same for 3.10, where an environment has it.
        toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
        manifest: Table = toml.loads(path.read_text(encoding="utf-8"))
    except ImportError as error:
        raise ConfigurationError(
            f"this Python cannot read {MANIFEST}: `{sys.executable}`", hint="run it in an environment with Python 3.11"
        ) from error
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cannot read: `{path}`: {error}", hint="correct the file or name its folder"
        ) from error
    return manifest


def _venv(root: Path, environment: str) -> Path:
    return root.absolute() / ".pixi" / "venvs" / environment


def _tables(manifest: Table, environment: str) -> list[Table]:
    """Return the tables of pixi.toml that an environment is made of; a later one wins."""
    environments: Table = {"default": [], **manifest.get("environments", {})}
    if environment not in environments:
        raise ConfigurationError(f"unknown environment: `{environment}`", hint=suggestion(environment, environments))
    entry = environments[environment]
    made_of: Table = {"features": entry} if isinstance(entry, list) else entry
    features = [manifest.get("feature", {}).get(name, {}) for name in made_of.get("features", [])]
    return [*([] if made_of.get("no-default-feature") else [manifest]), *reversed(features)]


def _given(tables: list[Table], environment: str) -> dict[str, str]:
    given = {name: str(value) for table in tables for name, value in table.get("activation", {}).get("env", {}).items()}
    for name, value in given.items():
        if "$" in value:
            raise ConfigurationError(
                f"environment `{environment}` sets a variable from another one: `{name} = {value}`",
                hint=f"write its value out in the activation.env of {MANIFEST}",
            )
    return given


def _wanted_python(tables: list[Table]) -> str:
    """Return how the version of Python in pixi.toml begins: of `3.10.*` it is `3.10.`, of other forms it is empty."""
    specs = [str(table["dependencies"]["python"]) for table in tables if "python" in table.get("dependencies", {})]
    return specs[-1].removesuffix("*") if specs and specs[-1].endswith(".*") else ""


def _installed_python(venv: Path) -> str:
    """Return the version that is written in an environment, as starting its Python would take a moment."""
    lines = (venv / "pyvenv.cfg").read_text("utf-8").splitlines() if (venv / "pyvenv.cfg").is_file() else []
    versions = [
        line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip().startswith("version")
    ]
    return versions[0] if versions else "unknown"


def _in_line(root: Path, venv: Path, lock: Path) -> bool:
    """Tell whether an environment was installed from the files that are there now: its stamp holds all of them.

    The stamp begins with a line on its interpreter, and before it one more where the lock was out of date then.
    """
    project = next((line for line in lock.read_text("utf-8").splitlines() if line.startswith("# project: ")), "")
    files = [lock, root / project.partition(": ")[2] / "pyproject.toml", root / "shared" / "pyproject.toml"]
    try:
        stamp = (venv / ".stamp").read_bytes().removeprefix(b"stale\n")
    except OSError:
        return False
    return stamp.partition(b"\n")[2] == b"".join(file.read_bytes() for file in files if file.is_file())


def _outer_variables(root: Path) -> dict[str, str]:
    """Return this process's variables without what its own environment has set."""
    ours = tuple(str(root.absolute() / ".pixi" / folder) + os.sep for folder in ("venvs", "envs"))
    path = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if not part.startswith(ours)]
    set_by_us = {"VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", *os.environ.get("PIXIW_SET", "").split()}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in set_by_us and (not name.startswith("PIXI_") or name == "PIXI_EXE")
    }
    return {**kept, "PATH": os.pathsep.join(path)}
