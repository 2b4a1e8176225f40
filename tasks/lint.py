"""Run every checker, all of them even when one fails, and sum up: `python -m tasks.lint [NAME …]` (task `lint`).

Types are checked once for each project, with the libraries of its own environment as that Python has them; `shared` on
the oldest and the newest Python it supports. Environments of one Python follow one another and share mypy's cache: it
knows the standard library, `shared` and libraries again by their files' content, wherever those are. `--fix` mends what
ruff and sqlfluff can mend instead (task `format`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from shared.command_line import command
from shared.config import get_settings
from shared.errors import UserError
from shared.workspace.installed import lock_path, read_header
from shared.workspace.manifest import read_manifest

SQL = (
    "projects/transformation/models",
    "projects/reporting/models",
    "projects/labs/*/models",
    "projects/labs/*/tests",
    "projects/labs/*/extract",
)
CONTAINER_SCRIPTS = ("infra/docker/entrypoint", "infra/docker/healthy")
# Has libraries that the other environment of its Python lacks: mypy breaks off on a cache of both.
# For one checker, on a slow machine without a cache.
SECONDS = 1800.0
OWN_CACHE = ("research",)
CHECKED_TWICE = {"py310-connectors": "shared", "py312-research": "shared"}


class Outcome(NamedTuple):
    """What became of one checker: whether it was content, its output, and how long it took in seconds."""

    name: str
    passed: bool
    output: str
    seconds: float


def fixes(root: Path) -> dict[str, list[str]]:
    """Every checker that can mend what it finds, by name, with its command line."""
    return {
        "ruff": ["ruff", "check", "--fix", "."],
        "format": ["ruff", "format", "."],
        "sql": ["sqlfluff", "fix", "--disable-progress-bar", *sql_folders(root)],
    }


def sql_folders(root: Path) -> list[str]:
    """The folders whose SQL is checked."""
    return [str(path.relative_to(root)) for pattern in SQL for path in sorted(root.glob(pattern))]


def checkers(root: Path) -> dict[str, list[str]]:
    """Every checker by name, with its command line."""
    scripts = [str(path.relative_to(root)) for path in sorted(root.glob("tasks/**/*.sh"))]
    found = {
        "ruff": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "."],
        "sql": ["sqlfluff", "lint", "--disable-progress-bar", *sql_folders(root)],
        "shell": ["shellcheck", "pixiw", ".ci/run", ".ci/packages", "tasks/pixiw/bashrc", *CONTAINER_SCRIPTS, *scripts],
        "workflows": ["actionlint", "-no-color"],
        # Names that are no fragments end a build.
        "changes": ["towncrier", "build", "--draft", "--version", "next"],
        "dashboards": [".pixi/venvs/reporting/bin/python", "-m", "reporting", "lint"],
    }
    for environment, folder in typed_folders(root).items():
        cache = ["--cache-dir", f".pixi/mypy/{environment}"] if environment in OWN_CACHE else []
        # mypy would take its own Python's version, and keep one cache for all of them.
        version = python_of(root, environment)
        python = ["--python-version", version, "--python-executable", f".pixi/venvs/{environment}/bin/python"]
        found[f"types-{environment}"] = ["mypy", *python, *cache, folder]
    return found


def typed_folders(root: Path) -> dict[str, str]:
    """The folders whose types are checked, by the environment whose libraries they use."""
    sources = {name: source["project"] for name, source in read_manifest(root).lock_sources.items()}
    own = {name: folder for name, folder in sources.items() if folder == f"projects/{name}"}
    with_code = {name: folder for name, folder in own.items() if any(root.glob(f"{folder}/src/**/*.py"))}
    return {"lint": "tasks", **CHECKED_TWICE, **with_code}


def python_of(root: Path, environment: str) -> str:
    """The Python of an environment, such as 3.10."""
    return read_header(lock_path(root, environment))["python"]


def run(name: str, arguments: Sequence[str], root: Path) -> Outcome:
    """Run one checker to its end."""
    begun = time.monotonic()
    try:
        done = subprocess.run(
            arguments, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=SECONDS
        )
        passed, output = done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
    except FileNotFoundError:
        passed, output = False, f"not installed: `{arguments[0]}`\nhint: run this by `./pixiw run lint`\n"
    except subprocess.TimeoutExpired:
        passed, output = False, f"did not end within {SECONDS:.0f} s: `{arguments[0]}`\n"
    return Outcome(name, passed, output, time.monotonic() - begun)


def in_turns(commands: dict[str, list[str]], root: Path) -> list[dict[str, list[str]]]:
    """The commands in groups that may run at once; those of a group write one cache and follow one another."""
    groups: dict[str, dict[str, list[str]]] = {}
    for name, arguments in commands.items():
        environment = name.removeprefix("types-")
        group = f"types-{python_of(root, environment)}" if environment != name else name
        groups.setdefault(group, {})[name] = arguments
    return [*groups.values()]


def run_all(groups: Sequence[dict[str, list[str]]], root: Path, workers: int) -> list[Outcome]:
    """Run groups of commands at once, show a line for each command as it ends, then what the failed ones said."""

    def run_group(group: dict[str, list[str]]) -> list[Outcome]:
        outcomes = []
        for name, arguments in group.items():
            outcome = run(name, arguments, root)
            outcomes.append(outcome)
            print(f"{'✓' if outcome.passed else '✗'} {outcome.name} ({outcome.seconds:.1f} s)", flush=True)
        return outcomes

    with ThreadPoolExecutor(workers) as pool:
        outcomes = [outcome for ended in pool.map(run_group, groups) for outcome in ended]
    commands = {name: arguments for group in groups for name, arguments in group.items()}
    for outcome in outcomes:
        if not outcome.passed:
            print(f"\n---- {outcome.name}: {' '.join(commands[outcome.name])}\n{outcome.output.rstrip()}")
    return outcomes


def main(argv: Sequence[str]) -> int:
    """Run the checkers, or the fixes.

    Returns:
        1 where one of them failed, else 0.
    """
    parser = argparse.ArgumentParser(prog="lint", description="Run every checker and sum up.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these checkers; `types` stands for all types-…")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended instead of checking")
    arguments = parser.parse_args(argv)
    root = get_settings().root
    commands = fixes(root) if arguments.fix else checkers(root)
    chosen = of_names(commands, arguments.names)
    # Fixes follow one another: two of them write the same files.
    return run_and_count([chosen] if arguments.fix else in_turns(chosen, root), root)


def of_names(commands: Mapping[str, list[str]], names: Sequence[str]) -> dict[str, list[str]]:
    """Return the commands that names on the command line mean; all where there are none.

    Raises:
        UserError: There is no checker of a name.
    """
    if unknown := [name for name in names if not any(matches(known, name) for known in commands)]:
        raise UserError(f"no such checker: `{unknown[0]}`", hint=f"one of: {', '.join(commands)}")
    return {known: line for known, line in commands.items() if not names or any(matches(known, name) for name in names)}


def run_and_count(groups: Sequence[dict[str, list[str]]], root: Path) -> int:
    """Run groups of commands as `run_all` does, sum them up, and return 1 where one of them failed, else 0."""
    begun = time.monotonic()
    outcomes = run_all(groups, root, workers=os.cpu_count() or 1)
    failed = sum(not outcome.passed for outcome in outcomes)
    print(f"\n{len(outcomes) - failed} passed, {failed} failed in {time.monotonic() - begun:.1f} s")
    return 1 if failed else 0


def matches(known: str, name: str) -> bool:
    """Whether a name on the command line means the checker: its own, or `types` for each `types-…`."""
    return known == name or known.startswith(f"{name}-")


if __name__ == "__main__":
    sys.exit(command(main))
