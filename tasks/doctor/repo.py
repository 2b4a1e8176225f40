"""A repository as the doctor reads it: its files, its manifest's environments and tasks, and what a finding is."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

MADE_AT_RUN_TIME = r"^data/|(^|/)(\.git|\.pixi|\.hypothesis|\.\w+_cache|target|__pycache__)/"


class Finding(NamedTuple):
    """Something that does not fit: in which file (and line), and what. The hint stands in the check's docstring."""

    file: str
    problem: str


@dataclass(frozen=True)
class Task:
    """A task of the manifest, in the feature that declares it."""

    name: str
    feature: str
    table: Mapping[str, Any]

    @property
    def command(self) -> str:
        """The task's command line, empty where it only has dependencies."""
        command = self.table.get("cmd", "")
        return command if isinstance(command, str) else " ".join(command)

    @property
    def dependencies(self) -> list[dict[str, Any]]:
        """What `depends-on` names, in its long form: task, and perhaps environment and args."""
        entries = self.table.get("depends-on", [])
        entries = [entries] if isinstance(entries, str) else entries
        return [{"task": entry} if isinstance(entry, str) else entry for entry in entries]


@dataclass(frozen=True)
class Repo:
    """A repository at `root`; everything is read once, when it is first asked for."""

    root: Path

    @cached_property
    def files(self) -> list[str]:
        """The files that belong to the repository: what git tracks or would add; every file where git is not there."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        try:
            listed = subprocess.run(command, cwd=self.root, capture_output=True, check=True).stdout.decode().split("\0")
        except (OSError, subprocess.CalledProcessError):
            listed = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        made = re.compile(MADE_AT_RUN_TIME)
        return sorted(name for name in set(listed) if not made.search(name) and (self.root / name).is_file())

    @cached_property
    def texts(self) -> dict[str, str]:
        """The content of every file that is text."""
        contents = {name: (self.root / name).read_bytes() for name in self.files}
        return {name: content.decode(errors="replace") for name, content in contents.items() if b"\0" not in content}

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
    def manifest(self) -> dict[str, Any]:
        """pixi.toml."""
        return tomllib.loads(self.texts["pixi.toml"])

    @cached_property
    def features(self) -> dict[str, dict[str, Any]]:
        """Every feature by name; `default` holds what stands at the top level."""
        return {"default": self.manifest, **self.manifest.get("feature", {})}

    @cached_property
    def environments(self) -> dict[str, tuple[str, ...]]:
        """Every environment's features, the implicit `default` included."""
        found: dict[str, tuple[str, ...]] = {"default": ("default",)}
        for name, entry in self.manifest.get("environments", {}).items():
            table = entry if isinstance(entry, dict) else {"features": entry}
            implicit = () if table.get("no-default-feature") else ("default",)
            found[name] = (*implicit, *table.get("features", ()))
        return found

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task of every feature."""
        return [
            Task(name, feature, {"cmd": table} if isinstance(table, str) else table)
            for feature, content in self.features.items()
            for name, table in content.get("tasks", {}).items()
        ]

    def tasks_in(self, environment: str) -> list[str]:
        """The names of the tasks that can be run in the environment."""
        return [task.name for task in self.tasks if task.feature in self.environments[environment]]

    def python_of(self, environment: str) -> str | None:
        """The Python minor that the environment's features ask for: "3.11" for `python = "3.11.*"`."""
        tables = [self.features.get(name, {}).get("dependencies", {}) for name in self.environments[environment]]
        return next((str(table["python"]).removesuffix(".*") for table in tables if "python" in table), None)

    @cached_property
    def lock_sources(self) -> dict[str, dict[str, Any]]:
        """From which project, groups and extras each environment's lock is made: `[tool.pixiw.environments]`."""
        sources: dict[str, dict[str, Any]] = self.manifest.get("tool", {}).get("pixiw", {}).get("environments", {})
        return sources

    @cached_property
    def projects(self) -> list[str]:
        """The directories under projects/."""
        return sorted({"/".join(name.split("/")[:2]) for name in self.files if name.startswith("projects/")})

    def pyproject(self, directory: str) -> dict[str, Any]:
        """A project's pyproject.toml; empty where it has none."""
        return tomllib.loads(self.texts.get(f"{directory}/pyproject.toml", ""))
