"""Read pixi.toml: which environments there are, and what each takes from its features."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Table = dict[str, Any]


class ManifestError(Exception):
    """The user or pixi.toml asks for what is not there or not understood; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep the message and the hint apart, as the command prints them on two lines."""
        super().__init__(message)
        self.hint = hint


def unknown(kind: str, name: str, known: Iterable[str]) -> ManifestError:
    """The error for a name that doesn't exist: it lists what there is, and the nearest."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, 1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    return ManifestError(f"unknown {kind}: `{name}`", f"{guess}there is: {', '.join(names) or 'none'}")


@dataclass(frozen=True)
class Environment:
    """One environment: the tables it is put together from, the first one to win."""

    name: str
    tables: tuple[Table, ...]

    def merged(self, *keys: str) -> Table:
        """The union of a table of all features (`tasks`, or `activation`, `env`)."""
        result: Table = {}
        for table in reversed(self.tables):
            for key in keys:
                table = table.get(key, {})
            result.update(table)
        return result

    def scripts(self) -> list[str]:
        """The activation scripts, the default feature's first."""
        return [script for table in reversed(self.tables) for script in table.get("activation", {}).get("scripts", [])]

    def python(self) -> str:
        """The minor version of its interpreter, as in `3.10`."""
        spec = str(self.merged("dependencies").get("python", ""))
        parts = spec.lstrip("=").split(".")
        if len(parts) < 2 or not all(part.isdigit() for part in parts[:2]):
            raise ManifestError(f"environment `{self.name}` pins no Python minor version: `{spec}`")
        return ".".join(parts[:2])


class Manifest:
    """pixi.toml as pixiw needs it."""

    def __init__(self, root: Path) -> None:
        """Read `root`/pixi.toml."""
        self.root = root
        with (root / "pixi.toml").open("rb") as file:
            self.table: Table = tomllib.load(file)
        self.workspace: Table = self.table["workspace"]
        self.settings: Table = self.table.get("tool", {}).get("pixiw", {})
        entries = {"default": [], **self.table.get("environments", {})}
        self.environments = {name: self._environment(name, entry) for name, entry in entries.items()}

    def environment(self, name: str) -> Environment:
        """The environment of this name.

        Raises:
            ManifestError: there is none.
        """
        if name not in self.environments:
            raise unknown("environment", name, self.environments)
        return self.environments[name]

    def _environment(self, name: str, entry: list[str] | Table) -> Environment:
        table: Table = {"features": entry} if isinstance(entry, list) else entry
        features = self.table.get("feature", {})
        for feature in table.get("features", []):
            if feature not in features:
                raise unknown(f"feature of environment `{name}`", feature, features)
        tables = [table, *(features[feature] for feature in table.get("features", []))]
        if not table.get("no-default-feature"):
            tables.append(self.table)
        return Environment(name, tuple(tables))
