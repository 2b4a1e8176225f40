"""A stand-in for pixi 0.77, as that was seen to behave, for machines that reach none of its packages.

It looks a task up in the environment around it alone, sources activation in bash between two lists of all variables,
shows both where the script ends non-zero, and ends with 127 for an unknown task, 1 for an unknown environment. Conda's
Python and uv are links to the machine's. Of `config.toml` it knows `detached-environments` and
`experimental.use-environment-activation-cache`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "shared" / "src")]

from shared.errors import ConfigurationError  # noqa: E402
from shared.workspace.manifest import Manifest, read_manifest  # noqa: E402
from tasks.environments import search_path  # noqa: E402
from tasks.pixiw.steps import Step, find_environment, plan  # noqa: E402

SEPARATOR = b"____ENV_START____"


class Failed(Exception):
    """Ends pixi with a message and a code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def find_root(argument: str | None) -> Path:
    """The workspace: the manifest given, the one around us, or the one of the environment around us."""
    if argument:
        return Path(argument).resolve().parent
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pixi.toml").is_file():
            return folder
    return Path(os.environ["PIXI_PROJECT_MANIFEST"]).parent


class Pixi:
    """pixi in one workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest: Manifest = read_manifest(root)
        config = root / ".pixi" / "config.toml"
        self.config = tomllib.loads(config.read_text()) if config.exists() else {}

    def environment_around(self) -> str | None:
        """The environment that this process was started in, where it is of this workspace."""
        if os.environ.get("PIXI_PROJECT_ROOT", str(self.root)) != str(self.root) or "PIXI_IN_SHELL" not in os.environ:
            return None
        name = os.environ.get("PIXI_ENVIRONMENT_NAME")
        return None if name in (None, "default") else name

    def prefix(self, environment: str) -> Path:
        """Where the environment lies."""
        detached = self.config.get("detached-environments")
        return (Path(detached) / "data-platform-1" / "envs" if detached else self.root / ".pixi" / "envs") / environment

    def install(self, environment: str) -> Path:
        """Make what conda would: the interpreter and its record."""
        if environment not in self.manifest.environments:
            raise Failed(f"unknown environment '{environment}'")
        prefix, python = self.prefix(environment), self.manifest.environment(environment).python()
        if not (prefix / "conda-meta").is_dir():
            (prefix / "bin").mkdir(parents=True, exist_ok=True)
            env, uv = {**os.environ, "PATH": search_path()}, os.environ["STAND_IN_UV"]
            command = [uv, "python", "find", "--no-project", "--system", str(python)]
            found = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60).stdout
            (prefix / "bin" / "uv").symlink_to(uv)
            for name in ("python", "python3", f"python{python}"):
                (prefix / "bin" / name).symlink_to(found.strip())
            (prefix / "conda-meta").mkdir()
            (prefix / "conda-meta" / f"python-{python}.9-h1_0_cpython.json").write_text("{}")
        return prefix

    def activate(self, environment: str, *, force: bool = False) -> dict[str, str]:
        """The variables of a command in the environment."""
        prefix = self.install(environment)
        use_cache = self.config.get("experimental", {}).get("use-environment-activation-cache", False)
        cache = self.root / ".pixi" / "activation-env-v0" / f"{environment}.json"
        entry = self.manifest.environment(environment)
        settings = entry.merged("activation", "env")
        key = repr(
            (sorted(settings.items()), entry.scripts(), sorted(path.name for path in (prefix / "conda-meta").iterdir()))
        )
        if use_cache and not force and cache.exists() and json.loads(cache.read_text())["key"] == key:
            return {**os.environ, **json.loads(cache.read_text())["variables"]}
        changed = self.run_scripts(environment, prefix, entry.scripts()) | settings
        if use_cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps({"key": key, "variables": changed}))
        return {**os.environ, **changed}

    def metadata(self, environment: str) -> dict[str, str]:
        """What pixi tells every script."""
        name = str(self.manifest.workspace["name"])
        return {
            "PIXI_PROJECT_ROOT": str(self.root),
            "PIXI_PROJECT_NAME": name,
            "PIXI_PROJECT_MANIFEST": str(self.root / "pixi.toml"),
            "PIXI_PROJECT_VERSION": str(self.manifest.workspace.get("version", "NO_VERSION_SPECIFIED")),
            "PIXI_IN_SHELL": "1",
            "PIXI_EXE": os.environ["STAND_IN_EXE"],
            "PIXI_ENVIRONMENT_NAME": environment,
            "PIXI_ENVIRONMENT_PLATFORMS": ",".join(self.manifest.workspace["platforms"]),
            "PIXI_PROMPT": f"({name}:{environment}) ",
        }

    def run_scripts(self, environment: str, prefix: Path, scripts: list[str]) -> dict[str, str]:
        """Source the scripts in bash and return the variables that they have changed."""
        given = {
            "PATH": f"{prefix}/bin:{os.environ['PATH']}",
            "CONDA_PREFIX": str(prefix),
            **self.metadata(environment),
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
        lines += [f". {shlex.quote(str(self.root / script))}" for script in scripts]
        text = "\n".join(["/usr/bin/env -0", f"echo {SEPARATOR.decode()}", *lines])
        script = "\n".join([text, f"echo {SEPARATOR.decode()}", "/usr/bin/env -0"])
        done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, check=False, cwd=Path.cwd())
        if done.returncode:
            said = f"Stdout: {done.stdout.decode(errors='replace')}. Stderr: {done.stderr.decode(errors='replace')}"
            raise Failed(f"Failed to run activation script. Status: {done.returncode}. {said}. Script: {text}")
        before, _, after = (dict(parse(part)) for part in done.stdout.split(SEPARATOR + b"\n"))
        return {name: value for name, value in after.items() if before.get(name) != value}

    def run(self, arguments: argparse.Namespace) -> int:
        """`pixi run`."""
        words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
        named = arguments.environment or self.environment_around()
        if named and named not in self.manifest.environments:
            raise Failed(f"unknown environment '{named}'")
        tasks = {task.name for task in self.manifest.tasks}
        if words[0] not in tasks:
            return self.execute(
                Step(words[0], named or "default", shell_text(words), ".", {}), Path.cwd(), arguments.force
            )
        place = named or find_environment(self.manifest, words[0])
        assert place
        if words[0] not in self.manifest.environment(place).merged("tasks"):
            raise Failed(f"the task '{words[0]}' is not available in environment '{place}'")
        for step in plan(self.manifest, words[0], place, words[1:]):
            print(f"✨ Pixi task ({step.task} in {step.environment}): {step.command}", file=sys.stderr, flush=True)
            if code := self.execute(step, self.root / step.cwd, arguments.force):
                return code
        return 0

    def execute(self, step: Step, cwd: Path, force: bool) -> int:
        """Run a step's command in its environment."""
        variables = {**self.activate(step.environment, force=force), **step.env}
        command = ["/bin/bash", "-c", step.command]
        return subprocess.run(command, env=variables, cwd=cwd, check=False).returncode


def shell_text(words: list[str]) -> str:
    """One word with spaces in it is shell text."""
    return words[0] if len(words) == 1 else shlex.join(words)


def parse(dump: bytes) -> list[tuple[str, str]]:
    """The variables in what `env -0` printed."""
    lines = [line for line in dump.decode(errors="replace").split("\0") if "=" in line]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def add(pixi: Pixi, arguments: argparse.Namespace) -> int:
    """`pixi add`: write the package into its table of pixi.toml."""
    table = "pypi-dependencies" if arguments.pypi else "dependencies"
    header = f"[feature.{arguments.feature}.{table}]" if arguments.feature else f"[{table}]"
    path = pixi.root / "pixi.toml"
    lines = path.read_text().splitlines()
    entry = f'{arguments.words[0]} = "*"'
    lines = [*lines, header, entry] if header not in lines else lines
    if header in path.read_text().splitlines():
        lines.insert(lines.index(header) + 1, entry)
    path.write_text("\n".join(lines) + "\n")
    return 0


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The command and its options, and the words from the first that is no option."""
    position = 1
    while position < len(argv) and argv[position].startswith("-") and argv[position] != "--":
        position += 2 if argv[position] in ("-e", "--environment", "-f", "--feature", "--manifest-path") else 1
    return argv[:position], argv[position:]


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="pixi")
    parser.add_argument("command")
    parser.add_argument("--manifest-path")
    parser.add_argument("-e", "--environment")
    parser.add_argument("-f", "--feature")
    parser.add_argument("--force-activate", dest="force", action="store_true")
    for flag in ("--all", "--pypi", "--check", "--frozen", "--locked", "--as-is"):
        parser.add_argument(flag, action="store_true")
    if sys.argv[1:2] == ["--version"]:
        print("pixi 0.77.0")
        return 0
    command_line, words = split(sys.argv[1:])
    arguments = parser.parse_args(command_line)
    arguments.words = words
    pixi = Pixi(find_root(arguments.manifest_path))
    environment = arguments.environment or pixi.environment_around() or "default"
    if arguments.command == "run":
        return pixi.run(arguments)
    if arguments.command == "install":
        for name in pixi.manifest.environments if arguments.all else [environment]:
            pixi.install(name)
        return 0
    if arguments.command == "shell":
        return subprocess.run([os.environ["SHELL"]], env=pixi.activate(environment), check=False).returncode
    if arguments.command == "shell-hook":
        prefix, entry = pixi.install(environment), pixi.manifest.environment(environment)
        given = {
            "PATH": f"{prefix}/bin:{os.environ['PATH']}",
            "CONDA_PREFIX": str(prefix),
            **pixi.metadata(environment),
        }
        print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in given.items()))
        print("\n".join(f". {shlex.quote(str(pixi.root / script))}" for script in entry.scripts()))
        return 0
    if arguments.command == "list":
        print("\n".join(sorted(path.name for path in (pixi.install(environment) / "conda-meta").iterdir())))
        return 0
    if arguments.command == "add":
        return add(pixi, arguments)
    if arguments.command == "lock":
        return 0
    raise Failed(f"unrecognized subcommand '{arguments.command}'", 2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, ConfigurationError) as error:
        print(f"Error: × {error}", file=sys.stderr)
        sys.exit(getattr(error, "code", 1) if isinstance(error, Failed) else 1)
