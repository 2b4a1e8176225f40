"""`pixiw` without pixi: run the tasks of pixi.toml in environments that uv installs."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tasks import environments
from tasks.pixiw.activation import ActivationError, activate
from tasks.pixiw.manifest import Manifest, ManifestError, unknown
from tasks.pixiw.process import run, run_step
from tasks.pixiw.steps import all_tasks, find_environment, plan


def command_run(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Run a task with all it depends on, or a command that is no task."""
    words: list[str] = arguments.task[1:] if arguments.task[:1] == ["--"] else arguments.task
    if not words:
        raise ManifestError("run needs a task or a command", f"there is: {', '.join(all_tasks(manifest))}")
    name = words[0]
    named = arguments.environment
    environment = named if named and name in manifest.environment(named).merged("tasks") else None
    if not named:
        environment = find_environment(manifest, name)
    if not environment:
        return run_command(manifest, named or "default", words)
    activated: dict[str, dict[str, str]] = {}
    for step in plan(manifest, name, environment, words[1:]):
        if step.environment not in activated:
            activated[step.environment] = activate(manifest, step.environment)
        if code := run_step(step, activated[step.environment], manifest.root):
            return code
    return 0


def run_command(manifest: Manifest, environment: str, words: list[str]) -> int:
    """Run a command that is no task, where the user stands; one word with spaces in it is shell text."""
    variables = activate(manifest, environment)
    if len(words) == 1 and len(words[0].split()) > 1:
        words = ["sh", "-c", words[0]]
    if not shutil.which(words[0], path=variables["PATH"]):
        found = find_environment(manifest, words[0])
        if found:
            raise ManifestError(f"environment `{environment}` has no task `{words[0]}`", f"`{found}` has it")
        raise unknown("task or command", words[0], all_tasks(manifest))
    return run(words, variables, start_folder())


def start_folder() -> Path:
    """Where the user called pixiw, which itself runs in the workspace's root."""
    return Path(os.environ.get("INIT_CWD", "."))


def command_shell(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Become the user's shell with the environment active."""
    variables = activate(manifest, arguments.environment or "default")
    shell = os.environ.get("SHELL") or "sh"
    words = [shell]
    if Path(shell).name == "bash" and sys.stdin.isatty():
        words += ["--rcfile", str(Path(__file__).with_name("bashrc"))]
        variables["PIXIW_SHELL_PATH"] = variables["PATH"]
    os.chdir(start_folder())
    os.execvpe(shell, words, variables)


def command_install(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Install one environment, or all of them."""
    if arguments.all:
        from tasks import setup_all

        return setup_all.main([])
    activate(manifest, arguments.environment or "default")
    print(f"environment `{arguments.environment or 'default'}` is installed")
    return 0


def command_task(manifest: Manifest, _arguments: argparse.Namespace) -> int:
    """List the tasks, where each runs, and what it does."""
    names = [name for name in all_tasks(manifest) if not name.startswith("_")]
    width = max(map(len, names), default=0)
    for name in names:
        found = [environment for environment in manifest.environments.values() if name in environment.merged("tasks")]
        task = found[0].merged("tasks")[name]
        everywhere = len(found) == len(manifest.environments)
        places = "every environment" if everywhere else ", ".join(environment.name for environment in found)
        print(f"{name:{width}}  {task.get('description', '') if isinstance(task, dict) else ''} ({places})")
    return 0


def command_info(manifest: Manifest, _arguments: argparse.Namespace) -> int:
    """Say what runs what, and which environments are installed."""
    print(f"workspace: {manifest.workspace['name']} in {manifest.root}")
    print(f"uv (in use): {shutil.which('uv', path=environments.search_path())}")
    print(f"pixi: {shutil.which('pixi') or 'not on PATH'}")
    for name, environment in manifest.environments.items():
        print(f"environment: {name:20} Python {environment.python():5} {environment_state(name)}")
    return 0


def environment_state(name: str) -> str:
    """Whether an environment is installed as its lock says."""
    lock = environments.lock_path(name)
    if not lock.exists():
        return "no lock"
    project = environments.read_header(lock)["project"]
    if environments.is_current(name, environments.stamp_content(lock, project)):
        return "up to date"
    return "out of date" if (environments.venv_path(name) / ".stamp").exists() else "not installed"


def parser(version: str) -> argparse.ArgumentParser:
    """The command line, the part of pixi's that pixiw has."""
    top = argparse.ArgumentParser(prog="pixiw", description=__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"pixiw (uv route), workspace {version}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for name, function in (("run", command_run), ("shell", command_shell), ("install", command_install)):
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__, allow_abbrev=False)
        command.set_defaults(function=function)
        command.add_argument("-e", "--environment", metavar="ENV", help="the environment; `pixiw info` lists them")
        if name == "run":
            command.add_argument("task", nargs=argparse.REMAINDER, metavar="TASK [ARGS…] | COMMAND…")
        if name == "install":
            command.add_argument("-a", "--all", action="store_true", help="every environment")
    task = commands.add_parser("task", help="list the tasks")
    task.set_defaults(function=command_task)
    task.add_argument("action", choices=["list"])
    commands.add_parser("info", help=command_info.__doc__).set_defaults(function=command_info)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one pixiw command; 2 for the user's mistakes."""
    try:
        manifest = Manifest(environments.ROOT)
        arguments = parser(str(manifest.workspace.get("version", ""))).parse_args(argv)
        return int(arguments.function(manifest, arguments))
    except ManifestError as error:
        print(f"error: {error}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return 2
    except ActivationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
