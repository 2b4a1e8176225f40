"""Let editors find each project's own Python: settings for VS Code and direnv, which git ignores (task `editors`).

A project gets `.vscode/settings.json` with the interpreter of its environment and `.envrc`, which activates it; the
root gets a workspace file for VS Code that names all projects. What is there stays: settings of others are kept, an
`.envrc` that is not ours is left alone and named.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import InputError, UserError
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.workspace.installed import lock_path, venv_path
from shared.workspace.manifest import read_manifest

SETTING = "python.defaultInterpreterPath"
OURS = "# Made by `./pixiw run editors`."


def main(arguments: Sequence[str]) -> int:
    """Write the settings of every project."""
    if arguments:
        raise UserError(f"unknown argument: `{arguments[0]}`", hint="editors takes no arguments")
    root = get_settings().root
    projects = environments_of_projects(root)
    for folder, environment in projects.items():
        python = os.path.relpath(venv_path(root, environment) / "bin" / "python", root / folder)
        set_in(root / folder / ".vscode" / "settings.json", {SETTING: f"${{workspaceFolder}}/{python}"})
        write_envrc(root / folder, environment, root)
    name = read_manifest(root).workspace["name"]
    set_in(root / f"{name}.code-workspace", {"folders": [{"path": folder} for folder in (*projects, ".")]})
    print(f"{len(projects)} projects have settings; open {name}.code-workspace, or run `direnv allow` in a project")
    return 0


def environments_of_projects(root: Path) -> dict[str, str]:
    """The environment of each folder that a lock is made from: the one of its name, else the first."""
    found: dict[str, str] = {}
    for environment, source in read_manifest(root).lock_sources.items():
        folder = source["project"]
        if folder not in found or folder == f"projects/{environment}":
            found[folder] = environment
    return found


def set_in(path: Path, values: dict[str, object]) -> None:
    """Set values in a JSON file and keep what else it holds.

    Raises:
        InputError: It holds something that is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        content.update(values)
    except (ValueError, AttributeError) as error:
        told = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in values.items())
        raise InputError(f"no JSON object, left as it is: `{path}`", hint=f"set in it by hand: {told}") from error
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps(content, indent=2) + "\n")


def write_envrc(folder: Path, environment: str, root: Path) -> None:
    """Write the project's .envrc, but not over somebody else's."""
    path, up = folder / ".envrc", os.path.relpath(root, folder)
    if path.exists() and not path.read_text(encoding="utf-8").startswith(OURS):
        say(f"left alone, as it is not ours: {path}")
        return
    lock = os.path.relpath(lock_path(root, environment), folder)
    text = f'{OURS}\nwatch_file {up}/pixi.toml {lock}\neval "$({up}/pixiw shell-hook -e {environment})"\n'
    write_whole(path, text)


if __name__ == "__main__":
    sys.exit(command(main))
