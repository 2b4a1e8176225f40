"""Checks on projects: what each must have, and who may import whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

EVERY_PROJECT_HAS = ("pyproject.toml", ".python-version", "README.md")


def projects_are_whole(repo: Repo) -> Iterator[Finding]:
    """Every project has pyproject.toml, .python-version, README.md and an environment.

    Copy another project's file and edit it; name the project in [tool.pixiw.environments] of pixi.toml.
    """
    for project in repo.projects:
        for name in EVERY_PROJECT_HAS:
            if not repo.exists(f"{project}/{name}"):
                yield Finding(f"{project}/{name}", "does not exist")
        if project not in {source["project"] for source in repo.manifest.lock_sources.values()}:
            yield Finding("pixi.toml", f"no environment is made from the project: `{project}`")


def projects_stay_apart(repo: Repo) -> Iterator[Finding]:
    """No project imports another, `shared` imports none, and the demo needs only the standard library and `shared`.

    Move what both need to `shared`, or hand it over through the warehouse.
    """
    sources = [name.split("/") for name in repo.files if name.startswith("projects/") and "/src/" in name]
    packages = {parts[3]: "/".join(parts[:2]) for parts in sources if len(parts) > 4}
    for file, place, module in imports(repo):
        owner, top = "/".join(file.split("/")[:2]), module.split(".")[0]
        if file.startswith(("projects/", "shared/")) and packages.get(top, owner) != owner:
            yield Finding(place, f"imports the project: `{packages[top]}`")
        elif "/src/" in file and top == "tasks":
            yield Finding(place, f"imports the workspace's own: `{module}`")
        elif file.startswith("tasks/demo/") and not for_the_demo(module):
            yield Finding(place, f"the demo imports what not every environment has: `{module}`")


def for_the_demo(module: str) -> bool:
    """Whether every environment has the module."""
    return module.split(".")[0] in {"shared", *sys.stdlib_module_names} or module.startswith("tasks.demo")


def imports(repo: Repo) -> Iterator[tuple[str, str, str]]:
    """Every module that a Python file imports: file, `file:line`, dotted name."""
    for file in repo.files:
        for node in ast.walk(ast.parse(repo.texts[file], file)) if file.endswith(".py") else ():
            if isinstance(node, ast.Import):
                yield from ((file, f"{file}:{node.lineno}", alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield file, f"{file}:{node.lineno}", node.module


CHECKS = (projects_are_whole, projects_stay_apart)
