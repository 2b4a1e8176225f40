"""What decides the content of a lock: standard library, Python 3.9, as `tasks/environments.py`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from shared.workspace.manifest import toml_reader


def inputs_digest(root: Path, header: dict[str, str]) -> str | None:
    """The digest of all that decides a lock's content: a lock with another one was made from other pyproject files.

    None where this Python can't read TOML (3.10 without tomli): then `doctor` checks it.
    """
    toml = toml_reader()
    if toml is None:
        return None
    inputs: list[Any] = [header["python"]]
    for directory in (header["project"], "shared"):
        with (root / directory / "pyproject.toml").open("rb") as file:
            document = toml.load(file)
        project, groups = document["project"], document.get("dependency-groups", {})
        inputs.append([project.get("requires-python"), project.get("dependencies", [])])
        if directory == header["project"]:
            inputs.append({name: groups.get(name) for name in header.get("groups", "").split()})
            extras = project.get("optional-dependencies", {})
            inputs.append({name: extras.get(name) for name in header.get("extras", "").split()})
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]
