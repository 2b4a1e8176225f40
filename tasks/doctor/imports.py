"""Checks on imports: who may import whom, and that nothing goes round in a circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from sys import stdlib_module_names
from typing import NamedTuple

from tasks.doctor.repo import Finding, Repo


class Import(NamedTuple):
    """A module that a Python file imports, and what it takes from it."""

    file: str
    line: int
    module: str
    names: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}"


def projects_stay_apart(repo: Repo) -> Iterator[Finding]:
    """No project imports another, `shared` imports none, and the demo needs only the standard library and `shared`.

    Move what both need to `shared`, or hand it over through the warehouse.
    """
    sources = [name.split("/") for name in repo.files if name.startswith("projects/") and "/src/" in name]
    packages = {parts[3]: "/".join(parts[:2]) for parts in sources if len(parts) > 4}
    for one in imports(repo):
        owner, top = "/".join(one.file.split("/")[:2]), one.module.split(".")[0]
        if one.file.startswith(("projects/", "shared/")) and packages.get(top, owner) != owner:
            yield Finding(one.place, f"imports the project: `{packages[top]}`")
        elif "/src/" in one.file and top == "tasks":
            yield Finding(one.place, f"imports the workspace's own: `{one.module}`")
        elif one.file.startswith("tasks/demo/") and not for_the_demo(one.module):
            yield Finding(one.place, f"the demo imports what not every environment has: `{one.module}`")


def for_the_demo(module: str) -> bool:
    """Whether every environment has the module."""
    return module.split(".")[0] in {"shared", *stdlib_module_names} or module.startswith("tasks.demo")


def imports_run_one_way(repo: Repo) -> Iterator[Finding]:
    """Inside each package, no modules or packages import one another in a circle.

    Move what both need to a module below them, or a factory apart from what it makes. An import inside a function or
    for types alone counts too: it hides a circle and opens none.
    """
    # By package: which of the modules and packages in it imports which, and where.
    packages: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for one, target in own_imports(repo):
        # What begins a program is imported by nobody, and so above its package.
        if is_module(one.file) and not one.file.endswith("/__main__.py"):
            package, *ends = parted(module_of(one.file), target)
            if package:
                packages[package].setdefault((ends[0], ends[1]), one.place)
    for edges in packages.values():
        for circle in circles(edges):
            yield Finding(edges[circle[0], circle[1]], f"imports run in a circle: {' -> '.join(circle)}")


def circles(edges: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """Return circles of edges, each from the first name on and back to it, until no edge is part of another one."""
    left = set(edges)
    while True:
        graph: dict[str, set[str]] = defaultdict(set)
        for one, other in sorted(left):
            graph[other].add(one)
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            around: list[str] = error.args[1][1:]
            first = around.index(min(around))
            circle = [*around[first:], *around[: first + 1]]
            yield circle
            left -= set(pairwise(circle))
        else:
            return


def is_module(file: str) -> bool:
    """Whether a file is a module of a package that others import."""
    return file.endswith(".py") and ("/src/" in file or (file.startswith("tasks/") and "/tests/" not in file))


def module_of(file: str) -> str:
    """Return a file's dotted name, of a package the one of its `__init__`."""
    return file.rpartition("/src/")[2].removesuffix(".py").replace("/", ".")


def target_of(module: str, name: str, modules: Container[str]) -> str:
    """Return the dotted name of the file that `from module import name` reads."""
    candidates = (f"{module}.{name}", f"{module}.{name}.__init__", module, f"{module}.__init__")
    return next((candidate for candidate in candidates if candidate in modules), "")


def own_imports(repo: Repo) -> Iterator[tuple[Import, str]]:
    """Return every import of a module of the repository's own, with the dotted name of that."""
    modules = {module_of(file) for file in repo.files if is_module(file)}
    for one in imports(repo):
        for name in one.names or ("",):
            if target := target_of(one.module, name, modules):
                yield one, target


def parted(importer: str, imported: str) -> tuple[str, str, str]:
    """Return the innermost package that holds both modules, and in which of its parts each of them lies."""
    ours, theirs = importer.split("."), imported.split(".")
    depth = next((at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other), 0)
    package = ".".join(ours[:depth])
    return package, f"{package}.{ours[depth]}", f"{package}.{theirs[depth]}"


def imports(repo: Repo) -> Iterator[Import]:
    """Return every import of every Python file, wherever in it; relative ones are not used here."""
    for file, nodes in repo.nodes.items():
        for node in nodes:
            if isinstance(node, ast.Import):
                yield from (Import(file, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield Import(file, node.lineno, node.module, tuple(alias.name for alias in node.names))


CHECKS = (projects_stay_apart, imports_run_one_way)
