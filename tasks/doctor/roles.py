"""Checks on roles: that what projects declare can be given, and that `shared` knows no project."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import partial

from shared.config.roles import LOGIN_PREFIX, READER, read_roles
from shared.errors import ConfigurationError
from tasks.doctor.commands import INVOCATION, parse_invocation
from tasks.doctor.repo import Finding, Repo

SHARED = "shared/src/"
MADE = re.compile(r"\bcreate table ops\.(\w+)")
# What is called as a project is, and is none.
MAY_NAME = {
    "shared/src/shared/warehouse/opening.py": ("egress", "reporting"),  # layers
    "shared/src/shared/config/settings.py": ("labs", "projects/labs"),  # where the registry is that `shared` reads
    "shared/src/shared/config/labs.py": ("labs",),  # its table, and the environment of a lab that names none
}


def declared_roles_can_be_given(repo: Repo) -> Iterator[Finding]:
    """Every role that a project declares can be made: what it writes is its own, what it reads is there.

    Correct [tool.platform] of the project's pyproject.toml; `shared.config.roles` shows its form.
    """
    tables = {name for file, text in repo.texts.items() if file.startswith(SHARED) for name in MADE.findall(text)}
    try:
        for role in read_roles(repo.root):
            for table in sorted({grant.table for grant in role.grants} - tables):
                yield Finding("projects/*/pyproject.toml", f"no such table for `{role.name}`: `ops.{table}`")
    except ConfigurationError as error:
        yield Finding("projects/*/pyproject.toml", error.message)


def roles_are_declared(repo: Repo) -> Iterator[Finding]:
    """Every role that a project opens the warehouse as is one that a project declares, or the reader.

    Mend the name, or declare it in [tool.platform] of the project's pyproject.toml.
    """
    known = {READER, *role_names(repo)}
    for file, nodes in repo.nodes.items():
        if file.startswith("projects/") and "/src/" in file:
            for node in nodes:
                role = role_in(node)
                if isinstance(role, ast.Constant) and role.value not in known:
                    yield Finding(f"{file}:{role.lineno}", f"nobody declares the role: `{role.value!s}`")


def replays_are_tasks(repo: Repo) -> Iterator[Finding]:
    """What a project declares as its `replay` is a task of the environment that is called as the project.

    Correct [tool.platform] of the project's pyproject.toml: `quarantine replay` calls that task with the ids of rows.
    """
    for project in repo.projects:
        task, environment = repo.platform(project).get("replay"), project.rpartition("/")[2]
        if task and (environment not in repo.environments or task not in repo.tasks_in(environment)):
            yield Finding(f"{project}/pyproject.toml", f"`{environment}` has no such task to replay rows: `{task}`")


def role_in(node: ast.AST) -> ast.expr | None:
    """What a node hands on as `role`, or calls `ROLE`."""
    if isinstance(node, ast.keyword) and node.arg == "role":
        return node.value
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return node.value if [ast.unparse(target) for target in targets] == ["ROLE"] else None
    return None


def role_names(repo: Repo) -> set[str]:
    """The roles that projects declare, whatever else they do."""
    tables = [repo.platform(project) for project in repo.projects]
    return {str(table["role"]) for table in tables if "role" in table}


def shared_knows_no_project(repo: Repo) -> Iterator[Finding]:
    """`shared` names no project, nor its role or a command of it.

    Let the caller tell it, or ask `shared.workspace.projects` and `shared.config.roles` what projects declare.
    """
    names = {project.removeprefix("projects/") for project in repo.projects}
    names |= {name.replace("-", "_") for name in names}
    names |= role_names(repo)
    written = re.compile(rf"(?:\b{LOGIN_PREFIX}|\bprojects/|-m )(?:{'|'.join(map(re.escape, sorted(names)))})\b")
    commands = partial(commands_in, environments=environments_of_projects(repo), tasks=tasks_of_projects(repo))
    for file, text in repo.texts.items():
        if not file.startswith(SHARED):
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for found in [*written.findall(line), *commands(line)]:
                if found not in MAY_NAME.get(file, ()):
                    yield Finding(f"{file}:{number}", f"names a project's: `{found}`")
        for node in repo.nodes.get(file, ()):
            if isinstance(node, ast.Constant) and node.value in names and node.value not in MAY_NAME.get(file, ()):
                yield Finding(f"{file}:{node.lineno}", f"names a project or its role: `{node.value}`")


def environments_of_projects(repo: Repo) -> set[str]:
    """The environments that are made from a project."""
    sources = repo.manifest.lock_sources.items()
    return {name for name, source in sources if str(source["project"]).startswith("projects/")}


def tasks_of_projects(repo: Repo) -> set[str]:
    """The tasks that only environments of projects have."""
    projects = environments_of_projects(repo)
    others = {task for name in repo.environments if name not in projects for task in repo.tasks_in(name)}
    return {task for name in projects & set(repo.environments) for task in repo.tasks_in(name)} - others


def commands_in(line: str, environments: set[str], tasks: set[str]) -> Iterator[str]:
    """The tasks and environments of projects that a line tells people to use."""
    for verb, rest in INVOCATION.findall(line):
        call = parse_invocation("", verb, rest)
        if call.word in tasks or call.environment in environments:
            yield f"pixiw {verb}{rest}".rstrip()


CHECKS = (declared_roles_can_be_given, roles_are_declared, replays_are_tasks, shared_knows_no_project)
