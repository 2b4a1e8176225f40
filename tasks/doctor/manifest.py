"""Checks on pixi.toml by itself: features, tasks, and the paths it names."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator

from shared.workspace.manifest import MANIFEST, Task
from tasks.doctor.repo import Finding, Repo

NOT_OF_THE_REPOSITORY = (".pixi/", "data/", "/", "-")


def features_exist(repo: Repo) -> Iterator[Finding]:
    """Every feature that an environment names exists.

    Add a table for the feature, or take it out of the environment.
    """
    for environment, features in repo.environments.items():
        for feature in set(features) - repo.manifest.features.keys():
            yield Finding(MANIFEST, f"environment `{environment}` names a feature that does not exist: `{feature}`")


def features_are_used(repo: Repo) -> Iterator[Finding]:
    """Every feature is used by an environment.

    Add the feature to one under [environments], or remove it.
    """
    for feature in repo.manifest.features.keys() - {
        name for features in repo.environments.values() for name in features
    }:
        yield Finding(MANIFEST, f"no environment uses the feature: `{feature}`")


def features_say_why(repo: Repo) -> Iterator[Finding]:
    """Every feature has a comment above it.

    Say there why the feature exists.
    """
    lines = repo.texts[MANIFEST].splitlines()
    headers = ((number, re.match(r"\[feature\.([\w-]+)", line)) for number, line in enumerate(lines))
    first = {match[1]: number for number, match in reversed([*headers]) if match}
    for feature, number in first.items():
        if not number or not lines[number - 1].startswith("# "):
            yield Finding(f"{MANIFEST}:{number + 1}", f"no comment above the feature: `{feature}`")


def tasks_are_described(repo: Repo) -> Iterator[Finding]:
    """Every task has a description.

    Add `description = "…"` to the task: task lists show it.
    """
    for task in repo.manifest.tasks:
        if not task.table.get("description"):
            yield Finding(MANIFEST, f"the task has no description: `{task.name}`")


def variables_have_values(repo: Repo) -> Iterator[Finding]:
    """Every variable that an activation sets has a value.

    Give it one, such as `0`: pixi's schema takes no empty text.
    """
    for feature, table in repo.manifest.features.items():
        for name, value in table.get("activation", {}).get("env", {}).items():
            if value == "":
                yield Finding(MANIFEST, f"activation of `{feature}` sets to nothing: `{name}`")


def dependencies_resolve(repo: Repo) -> Iterator[Finding]:
    """Every depends-on and default-environment names an environment that has the task.

    Mend the name, or declare the task in a feature of that environment.
    """
    for task in repo.manifest.tasks:
        own = [name for name, features in repo.environments.items() if task.feature in features]
        wanted = [
            (dependency["task"], environment)
            for dependency in task.dependencies
            for environment in ([dependency["environment"]] if "environment" in dependency else own)
        ]
        if "default-environment" in task.table:
            wanted.append((task.name, task.table["default-environment"]))
        for name, environment in wanted:
            if environment not in repo.environments:
                yield Finding(MANIFEST, f"task `{task.name}` names an environment that does not exist: `{environment}`")
            elif name not in repo.tasks_in(environment):
                yield Finding(MANIFEST, f"task `{task.name}` needs `{name}`, which environment `{environment}` lacks")


def python_packages_are_the_projects(repo: Repo) -> Iterator[Finding]:
    """No feature has [pypi-dependencies]: Python packages are the projects', pinned in locks/.

    Move what `pixi add --pypi` wrote to `dependencies` in the pyproject.toml that is named, then `./pixiw run lock`.
    """
    for feature, table in repo.manifest.features.items():
        for part in (table, *table.get("target", {}).values()):
            for package in part.get("pypi-dependencies", ()):
                yield Finding(
                    MANIFEST,
                    f"[pypi-dependencies] of `{feature}` has `{package}`, which belongs in {place(repo, feature)}",
                )


def place(repo: Repo, feature: str) -> str:
    """The pyproject.toml of the project that a feature is for."""
    sources = repo.manifest.lock_sources
    folders = {
        sources[name]["project"] for name, used in repo.environments.items() if feature in used and name in sources
    }
    own = folders & {f"projects/{feature}"} or (folders if len(folders) == 1 else {"shared"})
    return f"{own.pop()}/pyproject.toml"


def solve_groups_have_one_python(repo: Repo) -> Iterator[Finding]:
    """No solve-group holds environments of several Python minors.

    A solve-group has one version of each package: give each Python a group of its own.
    """
    pythons: dict[str, set[str]] = defaultdict(set)
    for name, entry in repo.manifest.table["environments"].items():
        if isinstance(entry, dict) and "solve-group" in entry:
            pythons[entry["solve-group"]].add(repo.python_of(name) or "none")
    for group, minors in pythons.items():
        if len(minors) > 1:
            yield Finding(MANIFEST, f"solve-group `{group}` has several Pythons: {', '.join(sorted(minors))}")


def paths_exist(repo: Repo) -> Iterator[Finding]:
    """Every path, module and group that a task, an activation or [tool.pixiw] names exists.

    Mend the name, or add the file. Modules lie in tasks/, shared/src and projects/*/src.
    """
    for owner, path in named_paths(repo):
        if not path.startswith(NOT_OF_THE_REPOSITORY) and not repo.exists(path):
            yield Finding(MANIFEST, f"{owner} names a path that does not exist: `{path}`")
    for task in repo.manifest.tasks:
        for module in re.findall(r"python3? -m ([\w.]+)", task.command):
            if not module_exists(repo, module):
                yield Finding(MANIFEST, f"task `{task.name}` runs a module that does not exist: `{module}`")
    for name, source in repo.manifest.lock_sources.items():
        project = repo.pyproject(source["project"])
        groups = project.get("dependency-groups", {}) | project.get("project", {}).get("optional-dependencies", {})
        for group in {*source.get("groups", ()), *source.get("extras", ())} - groups.keys():
            yield Finding(MANIFEST, f"[tool.pixiw.environments] `{name}` names a group that does not exist: `{group}`")


def named_paths(repo: Repo) -> Iterator[tuple[str, str]]:
    """Every path of the repository that the manifest names, with a word on who names it."""
    workspace = repo.manifest.workspace
    yield from (("[workspace]", workspace[key]) for key in ("readme", "license-file") if key in workspace)
    yield from (("[tool.pixiw.environments]", source["project"]) for source in repo.manifest.lock_sources.values())
    for feature, table in repo.manifest.features.items():
        activation = table.get("activation", {})
        values = [*activation.get("scripts", ()), *filter(is_path, activation.get("env", {}).values())]
        yield from ((f"activation of `{feature}`", path) for path in values)
    for task in repo.manifest.tasks:
        yield from ((f"task `{task.name}`", path) for path in task_paths(task))


def task_paths(task: Task) -> Iterator[str]:
    """The paths in a task's command, arguments, inputs and working directory."""
    words = shlex.split(re.sub(r"{{.*?}}", "{{}}", task.command))
    words += [word for dependency in task.dependencies for word in dependency.get("args", ()) if isinstance(word, str)]
    yield from filter(is_path, words)
    yield from re.findall(r"\bpytest (\w+)", task.command)
    yield from (re.split(r"[*{]", pattern)[0] for pattern in task.table.get("inputs", ()))
    yield task.table.get("cwd", ".")


def is_path(word: str) -> bool:
    """Whether a word can only be a path: it has a slash, and neither a template nor an address."""
    return "/" in word and not re.search(r"{{|://|\$", word)


def module_exists(repo: Repo, module: str) -> bool:
    """Whether the repository has the dotted module, and it can be run."""
    roots = ["", "shared/src/", *(f"{project}/src/" for project in repo.projects)]
    path = module.replace(".", "/")
    return any(repo.exists(f"{root}{path}{ending}") for root in roots for ending in (".py", "/__main__.py"))


CHECKS = (
    features_exist,
    features_are_used,
    features_say_why,
    tasks_are_described,
    variables_have_values,
    dependencies_resolve,
    python_packages_are_the_projects,
    solve_groups_have_one_python,
    paths_exist,
)
