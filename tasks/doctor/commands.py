"""Checks on what files tell people and CI to run: `pixi run …` in docs, workflows, containers, hooks and code."""

from __future__ import annotations

import fnmatch
import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from tasks.doctor.repo import Finding, Repo

INVOCATION = re.compile(r"(?:\./pixiw|\bpixiw?) +(run|shell|shell-hook|install)\b([^\n`;&|)'\"#]*)")
# What `pixi run` is used for besides tasks: programs that the environments bring.
CHECKERS = {"mypy", "prek", "ruff", "sqlfluff", "towncrier"}
PROGRAMS = {"bash", "dagster", "dbt", "marimo", "psql", "pytest", "python", "uv"} | CHECKERS
# What a task's Python runs as a task in its turn: no depends-on says so.
STARTED = {"demo-postgres": ("demo",)}
WORKFLOWS = ".github/workflows/"
SUITES = "test-in-turn"
"""The task whose dependencies are the test suites, in the order in which they start."""
AFFECTED = re.compile(r"fromJSON\(.*affected.*\)")


class Invocation(NamedTuple):
    """A use of pixi or pixiw: where, the environment it names, the first word it runs; empty where not given."""

    file: str
    environment: str
    word: str


def parse_invocation(file: str, verb: str, rest: str) -> Invocation:
    """Take a command line apart; placeholders such as ENV, <name> or ${{ … }} count as not given."""
    words = re.sub(r"(-e|--environment)[ =]+", "-e=", rest).split()
    environment = next((word.removeprefix("-e=") for word in words if word.startswith("-e=")), "")
    word = next((word for word in words if not word.startswith("-")), "") if verb == "run" else ""
    return Invocation(file, *(name if re.fullmatch(r"[a-z][a-z0-9_-]*", name) else "" for name in (environment, word)))


def invocations(repo: Repo) -> set[Invocation]:
    """Every use of pixi or pixiw in the repository's files but tests, which also use wrong ones on purpose."""
    found: set[Invocation] = set()
    for file, place, line in repo.lines():
        if "pixi" in line and "tests/" not in file and file != "pixi.lock":
            found.update(parse_invocation(place, *match) for match in INVOCATION.findall(line))
    for file, values, job in jobs(repo):
        found.update(invocations_in(file, values, job))
    return found


def invocations_in(file: str, values: Mapping[str, Any], job: Mapping[str, Any]) -> list[Invocation]:
    """Every use of pixi or pixiw in a job of a workflow."""
    script = fill_in("\n".join(str(step.get("run", "")) for step in job.get("steps", ())), values)
    return [parse_invocation(file, *match) for match in INVOCATION.findall(script)]


def installed_in(values: Mapping[str, Any], job: Mapping[str, Any]) -> set[str] | None:
    """The environments that a job's set-up of pixi installs; none where the job is without one."""
    steps = [step.get("with", {}) for step in job.get("steps", ()) if is_pixis(step)]
    named = [fill_in(str(inputs.get("environments", "default")), values).split() for inputs in steps]
    return set(itertools.chain(*named)) if steps else None


def is_pixis(step: Mapping[str, Any]) -> bool:
    """Whether a step sets pixi up: by its action, or by one of the repository's own that takes environments."""
    return "/setup-pixi@" in str(step.get("uses", "")) or "environments" in step.get("with", {})


def jobs(repo: Repo) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Every job of every workflow: its file, one combination of its matrix, and the job."""
    for file, text in repo.texts.items():
        if file.startswith(WORKFLOWS):
            for job in yaml.safe_load(text).get("jobs", {}).values():
                yield from ((file, values, job) for values in matrix_of(job, repo))


def suites(repo: Repo) -> list[dict[str, str]]:
    """Every test suite: its task, the environment that it runs in, and the `environments` that it needs."""
    entries = [entry for task in repo.manifest.tasks if task.name == SUITES for entry in task.dependencies]
    needed = [environments_of(repo, Invocation("", entry["environment"], entry["task"])) for entry in entries]
    return [{**entry, "environments": " ".join(sorted(names))} for entry, names in zip(entries, needed, strict=True)]


def matrix_of(job: Mapping[str, Any], repo: Repo) -> list[dict[str, Any]]:
    """The combinations of a job's matrix; one empty combination where it has none. At most it has all suites."""
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    included = matrix.pop("include", [])
    if isinstance(included, str):
        included = suites(repo) if AFFECTED.search(included) else []
    combined = [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]
    return combined + included if matrix else included or [{}]


def fill_in(text: str, values: Mapping[str, Any]) -> str:
    """Replace `${{ matrix.name }}` with the combination's value, or with nothing where it has none, as GitHub does."""
    return re.sub(r"\$\{\{ *matrix\.([\w-]+) *\}\}", lambda match: str(values.get(match[1], "")), text)


def environments_exist(repo: Repo) -> Iterator[Finding]:
    """Every environment that a command or a workflow names exists.

    Mend the name, or add the environment to pixi.toml: `pixi workspace environment list` shows what there is.
    """
    named = {(call.file, call.environment) for call in invocations(repo) if call.environment}
    for file, values, job in jobs(repo):
        named.update((file, environment) for environment in installed_in(values, job) or ())
    for file, environment in sorted(named):
        if environment not in repo.environments:
            yield Finding(file, f"no such environment: `{environment}`")


def environments_are_installed(repo: Repo) -> Iterator[Finding]:
    """Every job that sets pixi up installs the environments of all that its tasks depend on and start.

    Add it to the `environments` of the job's set-up of pixi: what is not there is installed each time, past the cache.
    """
    for file, values, job in jobs(repo):
        installed = installed_in(values, job)
        if installed is None:
            continue
        for call in invocations_in(file, values, job):
            lacking = sorted(environments_of(repo, call) - installed)
            if lacking:
                yield Finding(file, f"`{call.word}` needs, but its job does not install: {', '.join(lacking)}")


def environments_of(repo: Repo, call: Invocation) -> set[str]:
    """The environments in which a call, what it depends on and what it starts run, as pixi chooses them."""
    found: set[tuple[str, str]] = set()
    ahead = [(call.environment, call.word)]
    while ahead:
        environment, word = ahead.pop()
        features = repo.environments.get(environment, ()) if environment else repo.manifest.features
        task = next((task for task in repo.manifest.tasks if task.name == word and task.feature in features), None)
        having = [name for name, used in repo.environments.items() if task and task.feature in used] or ["default"]
        chosen = environment or str(task.table.get("default-environment", having[0]) if task else having[0])
        if (chosen, word) not in found:
            found.add((chosen, word))
            entries = task.dependencies if task else []
            ahead += [(entry.get("environment", chosen), entry["task"]) for entry in entries]
            ahead += [("", name) for name in STARTED.get(word, ())]
    return {environment for environment, _ in found}


def tasks_exist(repo: Repo) -> Iterator[Finding]:
    """Every task that a command names exists, in the environment that the command names.

    Mend the name. A program that is no task belongs to PROGRAMS in tasks/doctor/commands.py.
    """
    for file, environment, word in sorted(invocations(repo)):
        if word and word not in PROGRAMS:
            found = [name for name in repo.environments if word in repo.tasks_in(name)]
            if not found:
                yield Finding(file, f"no such task: `{word}`")
            elif environment in repo.environments and environment not in found:
                yield Finding(file, f"environment `{environment}` has no task `{word}`, but: {', '.join(found)}")


def tests_are_run(repo: Repo) -> Iterator[Finding]:
    """Every task that runs pytest is a suite of `test`, and a workflow runs the suites that a change touches.

    Add it to the depends-on of `test-in-turn` in pixi.toml, which is the list of the suites. A workflow takes its
    matrix from what `affected --json` prints.
    """
    names = {suite["task"] for suite in suites(repo)}
    for task in repo.manifest.tasks:
        if task.command.startswith("pytest ") and task.name not in names:
            yield Finding("pixi.toml", f"`test` does not run `{task.name}`")
    calls = {(call.environment, call.word) for call in invocations(repo) if call.file.startswith(WORKFLOWS)}
    for suite in suites(repo):
        if (suite["environment"], suite["task"]) not in calls:
            yield Finding(WORKFLOWS, f"does not run `{suite['task']}` in environment `{suite['environment']}`")


def filters_match(repo: Repo) -> Iterator[Finding]:
    """Every path filter of a workflow matches a file.

    Mend the filter, or take it out: as it is it never lets the workflow run.
    """
    for file, text in repo.texts.items():
        if file.startswith(WORKFLOWS):
            document = yaml.safe_load(text)
            # YAML 1.1 reads the key `on` as true.
            triggers = document.get("on", document.get(True))
            for event in triggers.values() if isinstance(triggers, dict) else ():
                for pattern in [*(event or {}).get("paths", ()), *(event or {}).get("paths-ignore", ())]:
                    if not fnmatch.filter(repo.files, pattern.removeprefix("!")):
                        yield Finding(file, f"the path filter matches no file: `{pattern}`")


def containers_fit(repo: Repo) -> Iterator[Finding]:
    """Every path that a devcontainer or a Dockerfile takes from the repository exists.

    Mend the path. COPY counts from the repository's root, devcontainer.json from its own folder.
    """
    for file, text in repo.texts.items():
        folder, _, name = file.rpartition("/")
        if name == "devcontainer.json":
            build = yaml.safe_load(text).get("build", {})
            paths = [posixpath.normpath(f"{folder}/{build[key]}") for key in ("dockerfile", "context") if key in build]
        elif name.startswith("Dockerfile"):
            copies = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", text, re.MULTILINE)
            paths = [path.split("*")[0] for sources in copies for path in sources.split()]
        else:
            continue
        for path in paths:
            if not repo.exists(path):
                yield Finding(file, f"no such path: `{path}`")


CHECKS = (environments_exist, environments_are_installed, tasks_exist, tests_are_run, filters_match, containers_fit)
