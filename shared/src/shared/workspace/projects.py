"""What each project declares to the platform: the table `[tool.platform]` of its pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigurationError
from shared.workspace.manifest import Table, parse_toml

# This library's own: it is installed as it stands.
WORKSPACE = Path(__file__).resolve().parents[4]
PYPROJECT = "pyproject.toml"


@dataclass(frozen=True)
class Project:
    """A project, or what stands in for one that has no pyproject.toml.

    Attributes:
        folder: Where it lies.
        platform: Its table `[tool.platform]`; empty where it declares nothing.
    """

    folder: Path
    platform: Table

    def run(self, *words: str) -> str:
        """Return how its part of the work is done, for a hint: by the task that it declares as its `command`."""
        task = self.platform.get("command")
        return f"`{' '.join(['./pixiw run', task, *words])}`" if task else f"a run of `{self.folder.name}`"


def read_projects(root: Path = WORKSPACE) -> list[Project]:
    """Return the projects of a workspace, in the order of their names.

    Raises:
        ConfigurationError: A pyproject.toml cannot be read.
    """
    return [read_project(path.parent) for path in sorted((root / "projects").glob(f"*/{PYPROJECT}"))]


def read_project(folder: Path) -> Project:
    """Return the project that lies in a folder.

    Raises:
        ConfigurationError: Its pyproject.toml cannot be read.
    """
    path = folder / PYPROJECT
    try:
        document = parse_toml(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cannot read: `{path}`: {error}", hint="correct the file") from error
    return Project(folder, document.get("tool", {}).get("platform", {}))


def writer_of(layer: str, root: Path = WORKSPACE) -> str:
    """Return how a layer's tables are written, for a hint: by its project's command."""
    writers = [project for project in read_projects(root) if layer in project.platform.get("writes", ())]
    return writers[0].run() if writers else f"what writes `{layer}`"
