"""From a task's name to the steps that run it: which environment, which dependencies first, which arguments."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import ConfigurationError
from shared.workspace.manifest import Environment, Manifest, Table, task_table, unknown

UNDERSTOOD = {"cmd", "description", "args", "depends-on", "cwd", "env", "default-environment"}
WITH_PIXI = "PIXIW_BACKEND=pixi runs it with pixi"


@dataclass(frozen=True)
class Step:
    """One task, ready to run: `command` is shell text, `cwd` is relative to the workspace."""

    task: str
    environment: str
    command: str
    cwd: str
    env: Table


def read_task(environment: Environment, name: str) -> Table:
    """A task of the environment as a table, whatever way it is written.

    Raises:
        ConfigurationError: the environment has no such task, or it uses what pixiw doesn't understand.
    """
    tasks = environment.merged("tasks")
    if name not in tasks:
        raise unknown(f"task in environment `{environment.name}`", name, tasks)
    task = task_table(tasks[name])
    if strange := sorted(set(task) - UNDERSTOOD):
        raise ConfigurationError(
            f"task `{name}` uses what pixiw does not understand: `{'`, `'.join(strange)}`", hint=WITH_PIXI
        )
    return task


def find_environment(manifest: Manifest, name: str) -> str | None:
    """The environment a task runs in where the user names none, as pixi finds it; None where none has the task.

    Raises:
        ConfigurationError: several environments have it, and none of them comes first.
    """
    found = [environment for environment in manifest.environments.values() if name in environment.merged("tasks")]
    names = [environment.name for environment in found]
    if not found or "default" in names:
        return "default" if found else None
    chosen = read_task(found[0], name).get("default-environment")
    if chosen in names:
        return str(chosen)
    if len(names) > 1:
        raise ConfigurationError(
            f"task `{name}` is in several environments", hint=f"choose one with -e: {', '.join(names)}"
        )
    return names[0]


def plan(manifest: Manifest, name: str, environment: str, arguments: Sequence[str | Table]) -> list[Step]:
    """The steps of a task, its dependencies first, each only once for the same environment and arguments."""
    steps: dict[tuple[str, str, str], Step | None] = {}

    def add(name: str, environment: str, arguments: Sequence[str | Table], parents: tuple[str, ...]) -> None:
        key = (name, environment, repr(arguments))
        if key in steps:
            return
        if f"{name} in {environment}" in parents:
            raise ConfigurationError(f"task depends on itself: `{' -> '.join([*parents, f'{name} in {environment}'])}`")
        task = read_task(manifest.environment(environment), name)
        values = bind_arguments(name, task, arguments)
        depends = task.get("depends-on", [])
        for dependency in depends if isinstance(depends, list) else [depends]:
            entry: Table = {"task": dependency} if isinstance(dependency, str) else dependency
            given = [render_argument(argument, values) for argument in entry.get("args", [])]
            place = entry.get("environment") or dependency_environment(manifest, entry["task"], environment)
            add(entry["task"], place, given, (*parents, f"{name} in {environment}"))
        steps[key] = make_step(name, task, environment, arguments, values)

    add(name, environment, arguments, ())
    return [step for step in steps.values() if step]


def dependency_environment(manifest: Manifest, name: str, parent: str) -> str:
    """Where a dependency runs that names no environment: its parent's, where that has it."""
    if name in manifest.environment(parent).merged("tasks"):
        return parent
    found = find_environment(manifest, name)
    if not found:
        raise unknown("task", name, all_tasks(manifest))
    return found


def all_tasks(manifest: Manifest) -> list[str]:
    """The names of all tasks in all environments."""
    return sorted({name for environment in manifest.environments.values() for name in environment.merged("tasks")})


def bind_arguments(name: str, task: Table, given: Sequence[str | Table]) -> dict[str, str] | None:
    """The values of a task's declared arguments by name; None where it declares none.

    Raises:
        ConfigurationError: too many, too few, an unknown one, or one that is not among the choices.
    """
    if "args" not in task:
        return None
    declared: list[Table] = [{"arg": entry} if isinstance(entry, str) else entry for entry in task["args"]]
    names = [str(entry["arg"]) for entry in declared]
    if len(given) > len(names):
        message = f"task `{name}` takes {len(names)} arguments, was given {len(given)}"
        raise ConfigurationError(message, hint=f"they are: {', '.join(names)}")
    values = {str(entry["arg"]): str(entry["default"]) for entry in declared if "default" in entry}
    for position, value in enumerate(given):
        values.update(value if isinstance(value, dict) else {names[position]: value})
    for entry in declared:
        if entry["arg"] not in values:
            raise ConfigurationError(
                f"task `{name}` needs the argument: `{entry['arg']}`", hint=f"they are: {', '.join(names)}"
            )
        if values[entry["arg"]] not in entry.get("choices", [values[entry["arg"]]]):
            message = f"task `{name}`: argument `{entry['arg']}` can't be `{values[entry['arg']]}`"
            raise ConfigurationError(message, hint=f"it is one of: {', '.join(entry['choices'])}")
    if strange := sorted(set(values) - set(names)):
        raise unknown(f"argument of task `{name}`", strange[0], names)
    return values


def render(template: str, values: dict[str, str] | None) -> str:
    """A template with the arguments' values; as pixi does, text of a task without arguments stays as it is."""
    if values is None or "{" not in template:
        return template
    import jinja2  # costs more than all the rest of the start

    try:
        return str(jinja2.Template(template, undefined=jinja2.StrictUndefined).render(values))
    except jinja2.TemplateError as error:
        raise ConfigurationError(f"template `{template}`: {error}", hint=WITH_PIXI) from error


def render_argument(argument: str | Table, values: dict[str, str] | None) -> str | Table:
    """An argument for a dependency, by position or by name."""
    if isinstance(argument, dict):
        return {key: render(value, values) for key, value in argument.items()}
    return render(argument, values)


def make_step(
    name: str, task: Table, environment: str, given: Sequence[str | Table], values: dict[str, str] | None
) -> Step | None:
    """The step for a task's own command; None for a task that only has dependencies."""
    if "cmd" not in task:
        if given and values is None:
            raise ConfigurationError(f"task `{name}` takes no arguments, was given {len(given)}")
        return None
    command = task["cmd"] if isinstance(task["cmd"], str) else shlex.join(task["cmd"])
    command = render(command, values)
    if values is None:
        command = " ".join([command, *(shlex.quote(str(argument)) for argument in given)])
    return Step(name, environment, command, render(task.get("cwd", "."), values), task.get("env", {}))
