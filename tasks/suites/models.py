"""Which layers a change of a dbt project's files reaches, by its models' references, without running dbt."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from tasks.doctor.repo import Repo

PROJECT_FILE = "dbt_project.yml"
KINDS = {"models": "model-paths", "seeds": "seed-paths", "snapshots": "snapshot-paths"}
NODES = (".sql", ".csv")
REFERENCE = re.compile(r"""\bref\(\s*(?:['"]\w+['"]\s*,\s*)?['"](\w+)['"]""")


def layers_touched(repo: Repo, folder: str, changed: Iterable[str]) -> set[str]:
    """Return the schemas of the nodes that come of what has changed.

    A node's own file, or the YAML of its name, reaches what refers to it and so on; anything else that dbt reads
    (macros, sources, settings) reaches every node.

    Args:
        repo: The workspace as it is after the change.
        folder: The dbt project's, from the root.
        changed: Paths from the root.
    """
    settings = yaml.safe_load(repo.texts[f"{folder}/{PROJECT_FILE}"])
    nodes = nodes_of(repo, folder, settings)
    read_by_dbt = {f"{folder}/{path}/" for key, paths in settings.items() if key.endswith("-paths") for path in paths}
    names = set()
    for file in changed:
        name = PurePosixPath(file).stem
        if file == f"{folder}/{PROJECT_FILE}" or (file.startswith(tuple(read_by_dbt)) and name not in nodes):
            return set(nodes.values())
        if file.startswith(tuple(read_by_dbt)):
            names.add(name)
    return {nodes[name] for name in downstream(names, references(repo, folder, nodes))}


def nodes_of(repo: Repo, folder: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the schema of every model, seed and snapshot, by its name."""
    found = {}
    for kind, key in KINDS.items():
        for path in settings.get(key, []):
            for file in repo.files:
                inside = PurePosixPath(file)
                if file.startswith(f"{folder}/{path}/") and inside.suffix in NODES:
                    places = inside.relative_to(f"{folder}/{path}").parts[:-1]
                    found[inside.stem] = schema_of(settings.get(kind, {}).get(settings["name"], {}), places)
    return found


def schema_of(settings: Mapping[str, Any], places: Iterable[str]) -> str:
    """Return the `+schema` of the innermost folder that has one."""
    schema = settings.get("+schema", "")
    for place in places:
        settings = settings.get(place, {})
        schema = settings.get("+schema", schema)
    return str(schema)


def references(repo: Repo, folder: str, nodes: Iterable[str]) -> dict[str, set[str]]:
    """Return which nodes refer to a node, by its name."""
    known, found = set(nodes), defaultdict(set)
    for file, text in repo.texts.items():
        name = PurePosixPath(file).stem
        if file.startswith(f"{folder}/") and file.endswith(".sql") and name in known:
            for referred in REFERENCE.findall(text):
                found[referred].add(name)
    return found


def downstream(names: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    """Return names, and all that edges lead to from them."""
    found, coming = set(), list(names)
    while coming:
        name = coming.pop()
        if name not in found:
            found.add(name)
            coming.extend(edges.get(name, ()))
    return found
