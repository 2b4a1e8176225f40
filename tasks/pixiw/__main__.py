"""`pixiw` without pixi: run the tasks of pixi.toml in environments that uv installs."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from shared.errors import ConfigurationError
from shared.workspace.installed import lock_path, venv_path
from shared.workspace.manifest import Manifest, read_manifest, task_table, unknown
from tasks import environments
from tasks.pixiw.activation import ActivationError, activate
from tasks.pixiw.aftermath import look_for_damage
from tasks.pixiw.process import run, run_step
from tasks.pixiw.steps import WITH_PIXI, all_tasks, find_environment, plan

# What people type for pixi, and what does it here.
LISTED = "`./pixiw run -e ENV packages` lists an environment's Python packages"
DECLARED = "declare a Python package in its project's pyproject.toml, then `./pixiw run lock`; conda's need pixi itself"
ONLY_PIXI = {
    **dict.fromkeys(("list", "tree"), LISTED),
    **dict.fromkeys(("add", "remove", "lock", "update", "upgrade"), DECLARED),
    **dict.fromkeys(
        ("clean", "reinstall"), "`./pixiw run clean` removes what is installed, and the next run makes it anew"
    ),
    **dict.fromkeys(("workspace", "search", "init", "global", "exec", "config", "auth", "self-update"), WITH_PIXI),
}


def refuse_what_only_pixi_has(words: Sequence[str]) -> None:
    """Raise ConfigurationError for a command of pixi's that there is not without it."""
    if words and words[0] in ONLY_PIXI:
        raise ConfigurationError(f"only pixi itself has the command: `{words[0]}`", hint=ONLY_PIXI[words[0]])


def command_run(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Run a task with all it depends on, or a command that is no task."""
    words: list[str] = arguments.task[1:] if arguments.task[:1] == ["--"] else arguments.task
    if not words:
        there = ", ".join(name for name in all_tasks(manifest) if not name.startswith("_"))
        raise ConfigurationError("run needs a task or a command", hint=f"there is: {there}")
    name = words[0]
    named = arguments.environment
    environment = named if named and name in manifest.environment(named).merged("tasks") else None
    if not named:
        environment = find_environment(manifest, name)
    if not environment:
        return run_command(manifest, named or "default", words, install=not arguments.as_is)
    activated: dict[str, dict[str, str]] = {}
    for step in plan(manifest, name, environment, words[1:]):
        if step.environment not in activated:
            activated[step.environment] = activate(manifest, step.environment, install=not arguments.as_is)
        if code := run_step(step, activated[step.environment], manifest.root):
            look_for_damage(step.environment, code)
            return code
    return 0


def run_command(manifest: Manifest, environment: str, words: list[str], *, install: bool) -> int:
    """Run a command that is no task, where the user stands; one word with spaces in it is shell text."""
    variables = activate(manifest, environment, install=install)
    if len(words) == 1 and len(words[0].split()) > 1:
        words = ["sh", "-c", words[0]]
    if not shutil.which(words[0], path=variables["PATH"]):
        found = find_environment(manifest, words[0])
        if found:
            raise ConfigurationError(f"environment `{environment}` has no task `{words[0]}`", hint=f"`{found}` has it")
        raise unknown("task or command", words[0], all_tasks(manifest))
    code = run(words, variables, start_folder())
    look_for_damage(environment, code)
    return code


def start_folder() -> Path:
    """Where the user called pixiw, which itself runs in the workspace's root."""
    return Path(os.environ.get("INIT_CWD", "."))


def command_shell(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Become the user's shell with the environment active."""
    variables = activate(manifest, arguments.environment or "default", install=not arguments.as_is)
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


def command_shell_hook(manifest: Manifest, arguments: argparse.Namespace) -> int:
    """Print what activates an environment in the shell that evaluates it, as direnv does."""
    variables = activate(manifest, arguments.environment or "default", install=not arguments.as_is)
    for name in sorted(os.environ.keys() - variables.keys()):
        print(f"unset {name}")
    for name, value in sorted(variables.items()):
        if os.environ.get(name) != value and name.isidentifier():
            print(f"export {name}={shlex.quote(value)}")
    return 0


def command_task(manifest: Manifest, _arguments: argparse.Namespace) -> int:
    """List the tasks by project, which their descriptions begin with, where each runs, and what it does."""
    rows = []
    for name in all_tasks(manifest):
        found = [environment for environment in manifest.environments.values() if name in environment.merged("tasks")]
        description = task_table(found[0].merged("tasks")[name]).get("description", "")
        everywhere = len(found) == len(manifest.environments)
        places = "every environment" if everywhere else ", ".join(environment.name for environment in found)
        if not name.startswith("_"):
            rows.append((description.partition(":")[0], name, f"{description} ({places})"))
    width = max((len(name) for _, name, _ in rows), default=0)
    for _, name, text in sorted(rows):
        print(f"{name:{width}}  {text}")
    return 0


def command_info(manifest: Manifest, _arguments: argparse.Namespace) -> int:
    """Say what runs what, and which environments are installed."""
    print(f"workspace: {manifest.workspace['name']} in {manifest.root}")
    print(f"uv (in use): {shutil.which('uv', path=environments.search_path())}")
    print(f"pixi: {shutil.which('pixi') or 'not on PATH'}")
    for name, environment in manifest.environments.items():
        print(f"environment: {name:20} Python {environment.python() or '-':5} {environment_state(name)}")
    return 0


def environment_state(name: str) -> str:
    """Whether an environment is installed as its lock says."""
    if not lock_path(environments.ROOT, name).exists():
        return "no lock"
    if environments.is_current(name):
        return "up to date"
    return "out of date" if (venv_path(environments.ROOT, name) / ".stamp").exists() else "not installed"


def parser(version: str) -> argparse.ArgumentParser:
    """The command line, the part of pixi's that pixiw has."""
    top = argparse.ArgumentParser(prog="pixiw", description=__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"pixiw (uv route), workspace {version}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    functions = {
        "run": command_run,
        "shell": command_shell,
        "shell-hook": command_shell_hook,
        "install": command_install,
    }
    for name, function in functions.items():
        command = commands.add_parser(name, help=function.__doc__, description=function.__doc__, allow_abbrev=False)
        command.set_defaults(function=function)
        command.add_argument("-e", "--environment", metavar="ENV", help="the environment; `pixiw info` lists them")
        # A lock is never changed here, so that each run is what pixi calls frozen; what fits no lock is installed anew.
        for flag in ("--frozen", "--locked"):
            command.add_argument(flag, action="store_true", help="as always here: no lock is changed")
        if name != "install":
            for flag in ("--as-is", "--no-install"):
                command.add_argument(flag, dest="as_is", action="store_true", help="fail rather than install")
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
        manifest = read_manifest(environments.ROOT)
        words = [*(sys.argv[1:] if argv is None else argv)]
        refuse_what_only_pixi_has(words)
        arguments = parser(str(manifest.workspace.get("version", ""))).parse_args(words)
        return int(arguments.function(manifest, arguments))
    except ConfigurationError as error:
        print(f"error: {error}", *([f"hint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return 2
    except ActivationError as error:
        if str(error):
            print(f"error: {error}", file=sys.stderr)
        return 1
    except ImportError:
        look_for_damage("default", 1)
        raise


if __name__ == "__main__":
    sys.exit(main())
