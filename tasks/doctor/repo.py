"""A repository as the doctor reads it: its files, its manifest's environments and tasks, and what a finding is."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from shared.workspace.manifest import MANIFEST, Manifest, parse_toml

GIT_SECONDS = 60.0
MADE_AT_RUN_TIME = r"^data/|(^|/)(\.git|\.pixi|\.hypothesis|\.\w+_cache|target|__pycache__)/"


class Finding(NamedTuple):
    """Something that does not fit: in which file (and line), and what. The hint stands in the check's docstring."""

    file: str
    problem: str


@dataclass(frozen=True)
class Repo:
    """A repository at `root`; everything is read once, when it is first asked for."""

    root: Path

    @cached_property
    def files(self) -> list[str]:
        """The files that belong to the repository: what git tracks or would add; every file where git is not there."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        try:
            done = subprocess.run(command, cwd=self.root, capture_output=True, check=True, timeout=GIT_SECONDS)
            listed = done.stdout.decode().split("\0")
        except (OSError, subprocess.SubprocessError):
            listed = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        made = re.compile(MADE_AT_RUN_TIME)
        return sorted(name for name in set(listed) if not made.search(name) and (self.root / name).is_file())

    @cached_property
    def texts(self) -> dict[str, str]:
        """The content of every file that is text."""
        contents = {name: (self.root / name).read_bytes() for name in self.files}
        return {name: content.decode(errors="replace") for name, content in contents.items() if b"\0" not in content}

    @cached_property
    def nodes(self) -> dict[str, list[ast.AST]]:
        """What every Python file says: each node of its tree, the outer ones first."""
        # Nothing of a million nodes is garbage, and to look for some takes a third of the time.
        gc.disable()
        try:
            files = [name for name in self.texts if name.endswith(".py")]
            return {name: list(ast.walk(ast.parse(self.texts[name], name))) for name in files}
        finally:
            gc.enable()

    @cached_property
    def documents(self) -> dict[str, list[Any]]:
        """The documents of every YAML file below infra/."""
        files = [name for name in self.texts if name.startswith("infra/") and name.endswith(".yaml")]
        return {name: list(yaml.safe_load_all(self.texts[name])) for name in files}

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Every line of every text file: file, `file:line` for a finding, the line."""
        for name, text in self.texts.items():
            for number, line in enumerate(text.splitlines(), start=1):
                yield name, f"{name}:{number}", line

    def exists(self, path: str) -> bool:
        """Whether the path is a file or a directory of the repository."""
        path = path.removeprefix("./").rstrip("/")
        return path in ("", ".") or any(name == path or name.startswith(f"{path}/") for name in self.files)

    @cached_property
    def manifest(self) -> Manifest:
        """pixi.toml."""
        return Manifest(self.root, parse_toml(self.texts[MANIFEST]))

    @cached_property
    def environments(self) -> dict[str, tuple[str, ...]]:
        """Every environment's features, the implicit `default` included."""
        return {name: environment.features for name, environment in self.manifest.environments.items()}

    def tasks_in(self, environment: str) -> list[str]:
        """The names of the tasks that can be run in the environment."""
        return [task.name for task in self.manifest.tasks if task.feature in self.environments[environment]]

    def python_of(self, environment: str) -> str | None:
        """The Python minor that the environment's features ask for: "3.11" for `python = "3.11.*"`."""
        return self.manifest.environments[environment].python()

    @cached_property
    def projects(self) -> list[str]:
        """The directories under projects/."""
        return sorted({"/".join(name.split("/")[:2]) for name in self.files if name.startswith("projects/")})

    def pyproject(self, directory: str) -> dict[str, Any]:
        """A project's pyproject.toml; empty where it has none."""
        return parse_toml(self.texts.get(f"{directory}/pyproject.toml", ""))

    def platform(self, directory: str) -> dict[str, Any]:
        """What a project says of its part in the warehouse: `[tool.platform]` of its pyproject.toml."""
        table: dict[str, Any] = self.pyproject(directory).get("tool", {}).get("platform", {})
        return table
