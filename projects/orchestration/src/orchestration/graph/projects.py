"""How the other projects are called: the only place that knows their commands. Nothing of them is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.config import Settings
from shared.workspace.environments import environment_variables, interpreter


@dataclass(frozen=True)
class Command:
    """A command of a project.

    Attributes:
        environment: The environment of pixi.toml that it runs in.
        arguments: What follows the environment's Python on the command line.
    """

    environment: str
    arguments: tuple[str, ...]

    @property
    def text(self) -> str:
        """The command as people read it."""
        return f"python {' '.join(self.arguments)} ({self.environment})"

    def line(self, settings: Settings) -> list[str]:
        """Return the command line, with the environment's own interpreter.

        Raises:
            ConfigurationError: The environment is not installed, or not with the Python that pixi.toml says.
        """
        return [str(interpreter(settings.root, self.environment)), *self.arguments]

    def variables(self, settings: Settings) -> Mapping[str, str]:
        """Return the variables that the command runs with.

        Raises:
            ConfigurationError: There is no such environment.
        """
        return environment_variables(settings.root, self.environment)


@dataclass(frozen=True)
class Project:
    """A project that has assets.

    Attributes:
        name: Its folder under projects.
        environment: Where its own command runs; a lab may have another one.
        module: What `python -m` is given.
        lister: The arguments with which it prints what it has, as JSON or as the path of dbt's manifest.
        by_engine: Whether it has something else on another engine of the warehouse, as dbt's manifests.
    """

    name: str
    environment: str
    module: str
    lister: tuple[str, ...] = ("list", "--json")
    by_engine: bool = False

    def command(self, *arguments: str, environment: str | None = None) -> Command:
        """Return one of its commands."""
        return Command(environment or self.environment, ("-m", self.module, *arguments))

    def folder(self, root: Path) -> Path:
        """Return where it lies."""
        return root / "projects" / self.name


INGRESS = Project("ingress", "ingress", "ingress")
TRANSFORMATION = Project("transformation", "transformation", "transformation", ("manifest",), by_engine=True)
ENTITY_RESOLUTION = Project("entity-resolution", "entity-resolution", "entity_resolution")
EGRESS = Project("egress", "egress", "egress")
REPORTING = Project("reporting", "reporting", "reporting", by_engine=True)
LABS = Project("labs", "labs", "labs")
PROJECTS: Sequence[Project] = (INGRESS, TRANSFORMATION, ENTITY_RESOLUTION, EGRESS, REPORTING, LABS)
