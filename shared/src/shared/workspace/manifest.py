"""Read pixi.toml: which environments there are, and what each takes from its features."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.errors import ConfigurationError
from shared.utils.names import suggestion

MANIFEST = "pixi.toml"
DEFAULT = "default"
Table = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A task, in the feature that declares it.

    Attributes:
        name: As it is called by.
        feature: Of a task at the top level it is `default`.
        table: What the manifest says of it, in its long form.
    """

    name: str
    feature: str
    table: Mapping[str, Any]

    @property
    def command(self) -> str:
        """The command line; empty where it only has dependencies."""
        command = self.table.get("cmd", "")
        return command if isinstance(command, str) else " ".join(command)

    @property
    def dependencies(self) -> list[Table]:
        """What `depends-on` names, in its long form: task, and perhaps environment and args."""
        entries = self.table.get("depends-on", [])
        entries = entries if isinstance(entries, list) else [entries]
        return [{"task": entry} if isinstance(entry, str) else entry for entry in entries]


@dataclass(frozen=True)
class Environment:
    """An environment, and the tables that it is put together from.

    Attributes:
        name: As `-e` takes it.
        features: In the order of the manifest; one that comes first wins, and all of them over `default`.
        tables: Of the environment itself, of its features, of the manifest; the first one wins.
    """

    name: str
    features: tuple[str, ...]
    tables: tuple[Table, ...]

    def merged(self, *keys: str) -> Table:
        """Return the union of a table of all features (`tasks`, or `activation`, `env`)."""
        result: Table = {}
        for table in reversed(self.tables):
            for key in keys:
                table = table.get(key, {})
            result.update(table)
        return result

    def task(self, name: str) -> Task | None:
        """Return the task of this name, as the feature that comes first declares it; None where none does."""
        for feature, table in zip(self.features, self.tables[1:], strict=True):
            if name in table.get("tasks", {}):
                return Task(name, feature, task_table(table["tasks"][name]))
        return None

    def scripts(self) -> list[str]:
        """Return the activation scripts, the default feature's first."""
        return [script for table in reversed(self.tables) for script in table.get("activation", {}).get("scripts", [])]

    def variables(self) -> dict[str, str]:
        """Return what `activation.env` sets.

        Raises:
            ConfigurationError: A value is made from another variable.
        """
        given = {name: str(value) for name, value in self.merged("activation", "env").items()}
        for name, value in given.items():
            if "$" in value:
                raise ConfigurationError(
                    f"environment `{self.name}` sets a variable from another one: `{name} = {value}`",
                    hint=f"write its value out in the activation.env of {MANIFEST}",
                )
        return given

    def python(self) -> str | None:
        """Return the minor version of its interpreter, as in `3.10`; None where none is pinned."""
        parts = str(self.merged("dependencies").get("python", "")).lstrip("=").split(".")
        return ".".join(parts[:2]) if len(parts) > 1 and all(part.isdigit() for part in parts[:2]) else None


@dataclass(frozen=True)
class Manifest:
    """pixi.toml.

    Attributes:
        root: The workspace's folder.
        table: All that the file says.
    """

    root: Path
    table: Table

    @property
    def workspace(self) -> Table:
        """The table `[workspace]`."""
        found: Table = self.table.get("workspace", {})
        return found

    @property
    def lock_sources(self) -> dict[str, Table]:
        """From which project, groups and extras each environment's lock is made: `[tool.pixiw.environments]`."""
        return dict(self._tool("environments"))

    @property
    def native(self) -> dict[str, Table]:
        """What stands in for conda packages where there is no pixi: `[tool.pixiw.native]`."""
        return dict(self._tool("native"))

    @cached_property
    def features(self) -> dict[str, Table]:
        """Every feature by name; `default` is what stands at the top level."""
        return {DEFAULT: self.table, **self.table.get("feature", {})}

    @cached_property
    def environments(self) -> dict[str, Environment]:
        """Every environment by name, the implicit `default` included; a feature that does not exist is empty."""
        entries = {DEFAULT: [], **self.table.get("environments", {})}
        return {name: self._environment(name, entry) for name, entry in entries.items()}

    @cached_property
    def tasks(self) -> list[Task]:
        """Every task of every feature."""
        return [
            Task(name, feature, task_table(entry))
            for feature, table in self.features.items()
            for name, entry in table.get("tasks", {}).items()
        ]

    def environment(self, name: str) -> Environment:
        """Return the environment of this name.

        Raises:
            ConfigurationError: There is none, or it names a feature that there is not.
        """
        if name not in self.environments:
            raise unknown("environment", name, self.environments)
        environment = self.environments[name]
        for feature in environment.features:
            if feature not in self.features:
                raise unknown(f"feature of environment `{name}`", feature, self.table.get("feature", {}))
        return environment

    def _environment(self, name: str, entry: list[str] | Table) -> Environment:
        own: Table = {"features": entry} if isinstance(entry, list) else entry
        implicit = () if own.get("no-default-feature") else (DEFAULT,)
        features = (*own.get("features", ()), *implicit)
        return Environment(name, features, (own, *(self.features.get(feature, {}) for feature in features)))

    def _tool(self, key: str) -> Table:
        found: Table = self.table.get("tool", {}).get("pixiw", {}).get(key, {})
        return found


def task_table(entry: str | list[Any] | Table) -> Table:
    """Return a task as a table, whatever way it is written."""
    return {"cmd": entry} if isinstance(entry, str) else {"depends-on": entry} if isinstance(entry, list) else entry


def unknown(kind: str, name: str, known: Mapping[str, Any] | list[str]) -> ConfigurationError:
    """Return the error for a name that does not exist: it lists what there is, and the nearest."""
    return ConfigurationError(f"unknown {kind}: `{name}`", hint=suggestion(name, known))


def read_manifest(root: Path) -> Manifest:
    """Read `root`/pixi.toml.

    Raises:
        ConfigurationError: It is not there or no TOML, or this Python cannot read TOML.
    """
    path = root / MANIFEST
    try:
        return Manifest(root, parse_toml(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cannot read: `{path}`: {error}", hint="correct the file or name its folder"
        ) from error


def parse_toml(text: str) -> Table:
    """Return what a TOML document says.

    Raises:
        ConfigurationError: This Python cannot read TOML.
        ValueError: It is no TOML.
    """
    toml = toml_reader()
    if toml is None:
        raise ConfigurationError(
            f"this Python cannot read TOML: `{sys.executable}`", hint="run it in an environment of the platform"
        )
    table: Table = toml.loads(text)
    return table


def toml_reader() -> Any:
    """Return Python's own TOML module from 3.11, or the same as a package; None where there is neither."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
