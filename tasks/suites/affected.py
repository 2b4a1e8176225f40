"""Which projects, environments, tasks and suites a change touches.

From what the workspace says of itself: pixi.toml (which project an environment installs, what a task depends on), the
imports of modules, each project's layers (`[tool.platform]`), and dbt's references. What nothing places touches all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from shared.workspace.manifest import DEFAULT, MANIFEST, Manifest, Table, Task
from tasks.doctor.imports import is_module, module_of, own_imports
from tasks.doctor.repo import Repo
from tasks.suites.listed import Suite, all_suites
from tasks.suites.models import PROJECT_FILE, downstream, layers_touched

SHARED, WORKSPACE = "shared", "tasks"
# Held against the rest by the workspace's own tests and checks; no project reads them.
OF_THE_WORKSPACE = (
    "docs/*",
    "infra/README.md",
    "infra/docker/*",
    "tasks/*",
    "benchmarks/*",
    ".*",
    "*.md",
    "pixiw",
    "ruff.toml",
    "mypy.ini",
    "towncrier.toml",
    "LICENSE",
)
# What every environment is made of.
KEYS_OF_ALL = ("workspace", "dependencies", "activation", "target", "system-requirements")


@dataclass(frozen=True)
class Affected:
    """What a change touches.

    Attributes:
        projects: The folders of projects, each with the first reason; `shared` and `tasks` count as projects.
        environments: Those that install one of these, or that are made of something else.
        tasks: Those that run one of these or are changed themselves, and those that depend on them.
        suites: The suites among them, each with its environment.
    """

    projects: dict[str, str] = field(default_factory=dict)
    environments: list[str] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    suites: list[Suite] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """A change of a workspace.

    Attributes:
        repo: The workspace after it.
        files: The paths that it changed, from the root; of files that have gone too.
        before: What pixi.toml said before it.
    """

    repo: Repo
    files: tuple[str, ...]
    before: Manifest

    def affected(self) -> Affected:
        """Return what it touches."""
        manifest = self.repo.manifest
        environments = [name for name in manifest.environments if self._touches_environment(name)]
        tasks = {
            task.name
            for task in manifest.tasks
            if any(self._touches(task.name, name) for name in homes(task, manifest))
        }
        suites = [suite for suite in all_suites(self.repo) if self._touches(suite.task, suite.environment)]
        return Affected(self.projects, environments, sorted(tasks), suites)

    @cached_property
    def projects(self) -> dict[str, str]:
        """The projects that it touches, each with the first reason."""
        reasons: dict[str, str] = {}
        for project, reason in self._reasons():
            reasons.setdefault(project, reason)
        return dict(sorted(reasons.items()))

    def _reasons(self) -> Iterator[tuple[str, str]]:
        """Yield every project that is touched, with a reason, the nearest first."""
        everywhere = (*self.repo.projects, SHARED, WORKSPACE)
        for file in self.files:
            owner = owner_of(file)
            if owner:
                yield owner, file
            elif file != MANIFEST and not file.startswith("locks/"):
                yield from ((project, file) for project in everywhere)
        for file in self.files:
            # A benchmark is nobody's test.
            needing = (other for other in self._importers[file] if not other.startswith("benchmarks/"))
            for other in sorted(needing):
                yield owner_of(other) or WORKSPACE, f"{other} needs {file}"
        yield from self._readers()

    def _readers(self) -> Iterator[tuple[str, str]]:
        """Yield the projects that read a layer which models make that come of this change."""
        macros = any(file.startswith("shared/dbt_macros/") for file in self.files)
        for project in self.repo.projects:
            if f"{project}/{PROJECT_FILE}" not in self.repo.texts:
                continue
            if macros:
                yield project, "shared/dbt_macros"
            files = [f"{project}/{PROJECT_FILE}"] if macros else self.files
            for layer in sorted(layers_touched(self.repo, project, files)):
                for reader in self.repo.projects:
                    if layer in self.repo.platform(reader).get("reads", ()):
                        yield reader, f"reads the layer {layer} of {project}"

    @cached_property
    def _importers(self) -> Mapping[str, Set[str]]:
        """By changed file, the Python files that import it, directly or not."""
        edges = import_edges(self.repo)
        modules = [file for file in self.repo.files if is_module(file)]
        begun = {file: [file, *readers_of(file, modules)] for file in self.files}
        return {file: downstream(ours, edges) - {file} for file, ours in begun.items()}

    def _touches_environment(self, name: str) -> bool:
        """Whether an environment is made of something else, or installs a project that is touched."""
        return self._remade(name) or self._source(name).get("project") in self.projects

    def _source(self, environment: str) -> Table:
        return self.repo.manifest.lock_sources.get(environment, {})

    def _remade(self, name: str) -> bool:
        """Whether an environment is made of something else than before."""
        relocked = f"locks/{name}.txt" in self.files
        return relocked or self._source(name) != self.before.lock_sources.get(name, {}) or self._features_differ(name)

    def _features_differ(self, name: str) -> bool:
        after, before = self.repo.manifest, self.before
        features = after.environments[name].features
        return features != getattr(before.environments.get(name), "features", None) or any(
            made_of(after, feature) != made_of(before, feature) for feature in features
        )

    def _touches(self, task: str, environment: str, seen: frozenset[tuple[str, str]] = frozenset()) -> bool:
        """Whether a task in an environment, or what it depends on, runs something that is touched."""
        found = self.repo.manifest.environments[environment].task(task)
        if found is None or (task, environment) in seen:
            return False
        return self._runs_what_is_touched(found, environment) or any(
            self._touches(entry["task"], entry.get("environment", environment), seen | {(task, environment)})
            for entry in found.dependencies
        )

    def _runs_what_is_touched(self, task: Task, environment: str) -> bool:
        if task not in self.before.tasks or self._remade(environment):
            return True
        # One may have another run beside it, as the demo's servers have what needs them.
        modules = re.findall(r"\bpython -m ([\w.]+)", task.command)
        ours = [module for module in modules if module.partition(".")[0] in (WORKSPACE, SHARED)]
        if any(self._touches_module(module.replace(".", "/")) for module in ours):
            return True
        is_theirs = bool(task.command) and (not modules or len(ours) < len(modules))
        return is_theirs and self._source(environment).get("project") in self.projects

    def _touches_module(self, path: str) -> bool:
        """Whether a module of `tasks` or `shared`, or something that it imports, is changed."""
        places = (f"{path}.py", f"{path}/", f"shared/src/{path}.py", f"shared/src/{path}/")
        return any(file.startswith(places) for file in self._changed)

    @cached_property
    def _changed(self) -> Set[str]:
        """The changed files, and the Python files that import one of them."""
        return set(self.files).union(*self._importers.values())


@cache
def import_edges(repo: Repo) -> Mapping[str, set[str]]:
    """Return by module's file the Python files that import it."""
    files = {module_of(file): file for file in repo.files if is_module(file)}
    edges: dict[str, set[str]] = defaultdict(set)
    for one, target in own_imports(repo):
        edges[files[target]].add(one.file)
    return edges


def owner_of(file: str) -> str | None:
    """Return the project that a file belongs to; None where it belongs to none, and perhaps to all."""
    parts = PurePosixPath(file).parts
    if parts[0] == "projects" and len(parts) > 2:
        return "/".join(parts[:2])
    if parts[0] == SHARED:
        return SHARED
    return WORKSPACE if any(fnmatch(file, pattern) for pattern in OF_THE_WORKSPACE) else None


def readers_of(file: str, modules: Iterable[str]) -> list[str]:
    """Return the modules beside a file that is none itself, or in the nearest folder above it: they may read it."""
    if "/src/" not in file or file.endswith(".py"):
        return []
    for folder in PurePosixPath(file).parents:
        if beside := [module for module in modules if PurePosixPath(module).parent == folder]:
            return beside
    return []


def homes(task: Task, manifest: Manifest) -> Iterable[str]:
    """Return the environments that a task belongs to: those of its feature, of one at the top level the named one."""
    if task.feature == DEFAULT:
        return [task.table.get("default-environment", DEFAULT)]
    return [name for name, environment in manifest.environments.items() if task.feature in environment.features]


def made_of(manifest: Manifest, feature: str) -> dict[str, Any]:
    """Return what a feature says, but for its tasks."""
    table = manifest.features.get(feature, {})
    keys = KEYS_OF_ALL if feature == DEFAULT else [key for key in table if key != "tasks"]
    return {key: table.get(key) for key in keys}
