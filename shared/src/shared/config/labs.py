"""The registry of labs, `labs_config.yaml` in their folder: which there are, and where each keeps what.

    version: 1
    labs:
      lab1_sales_performance:
        description: What sells where, and why it moves
        environment: labs

A lab's folder is the one of its name beside the registry; its database and raw files lie under `data` there. `folder`,
`database` and `raw` name other places, which must lie in the labs' folder all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.config.settings import Settings, get_settings
from shared.errors import ConfigurationError, UserError
from shared.utils.names import suggestion
from shared.utils.yaml_file import read_yaml

REGISTRY = "labs_config.yaml"
VERSION = 1
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,48}[a-z0-9]$"
# Commands of the lab runner, and schemas of every lab's database.
RESERVED = frozenset(
    {"all", "dbt", "extract", "list", "manifest", "new", "status", "update", "raw", "bronze", "silver", "gold", "ops"}
)

LabName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


@dataclass(frozen=True)
class Lab:
    """One lab.

    Attributes:
        name: Also its database's identity and its dbt project's name.
        description: What it answers, in a sentence.
        environment: The environment of pixi.toml that it runs in.
        folder: Its dbt project.
        database: Its DuckDB file.
        raw_dir: Where its CSV files lie.
    """

    name: str
    description: str
    environment: str
    folder: Path
    database: Path
    raw_dir: Path

    @property
    def work_database(self) -> Path:
        """The copy that is built before it takes the database's place: of the same name, since views remember that."""
        return self.database.parent / "work" / self.database.name

    @property
    def manifest(self) -> Path:
        """What dbt says of its models, once it has written that."""
        return self.folder / "target" / "manifest.json"

    @property
    def reports_dir(self) -> Path:
        """Where pages about the lab's data are written."""
        return self.folder / "data" / "reports"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    environment: str = "labs"
    folder: str = ""
    database: str = ""
    raw: str = ""


class _Registry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    labs: dict[LabName, _Entry] | None


def read_registry(settings: Settings | None = None) -> dict[str, Lab]:
    """Return the labs by name, in the registry's order.

    Raises:
        ConfigurationError: The registry is missing, is not what it should be, or names a path that is missing, lies
            outside the labs' folder, or is another lab's too.
    """
    settings = settings or get_settings()
    path = settings.labs_dir / REGISTRY
    registry = _parse(path)
    labs = {name: _locate(name, entry, path.parent.resolve()) for name, entry in (registry.labs or {}).items()}
    _check_apart(labs, path)
    return labs


def find_lab(name: str, settings: Settings | None = None) -> Lab:
    """Return the lab of this name.

    Raises:
        UserError: There is none.
        ConfigurationError: The registry cannot be used, see `read_registry`.
    """
    labs = read_registry(settings)
    if name not in labs:
        raise UserError(f"no such lab: `{name}`", hint=suggestion(name, labs))
    return labs[name]


def _parse(path: Path) -> _Registry:
    if not path.exists():
        raise ConfigurationError(
            f"no registry of labs: `{path}`", hint="correct LABS_DIR, or take the file back from version control"
        )
    content = read_yaml(path)
    try:
        registry = _Registry.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise ConfigurationError(
            f"`{path.name}` cannot be used, `{place or 'labs'}`: {first['msg'].lower()}", hint=f"correct `{path}`"
        ) from error
    if registry.version != VERSION:
        raise ConfigurationError(
            f"`{path.name}` is of version {registry.version}, this platform reads {VERSION}", hint=f"correct `{path}`"
        )
    for name in RESERVED & set(registry.labs or {}):
        raise ConfigurationError(f"no lab can be called so: `{name}`", hint=f"rename it in `{path}`")
    return registry


def _locate(name: str, entry: _Entry, labs_dir: Path) -> Lab:
    folder = labs_dir / (entry.folder or name)
    lab = Lab(
        name=name,
        description=entry.description,
        environment=entry.environment,
        folder=folder,
        database=folder / (entry.database or f"data/{name}.duckdb"),
        raw_dir=folder / (entry.raw or "data/raw"),
    )
    for path in (lab.folder, lab.database, lab.raw_dir):
        # Resolved, so that neither `..` nor a link leads out of the labs.
        if not path.resolve().is_relative_to(labs_dir) or path.resolve() == labs_dir:
            raise ConfigurationError(
                f"a path of lab `{name}` is outside the labs: `{path}`", hint=f"keep it below `{labs_dir}`"
            )
    if not lab.folder.is_dir():
        raise ConfigurationError(
            f"lab `{name}` has no folder: `{lab.folder}`", hint=f"make it, or take the lab out of `{REGISTRY}`"
        )
    return lab


def _check_apart(labs: Mapping[str, Lab], path: Path) -> None:
    for attribute in ("folder", "database", "raw_dir"):
        owners: dict[Path, str] = {}
        for lab in labs.values():
            place = getattr(lab, attribute).resolve()
            if place in owners:
                raise ConfigurationError(
                    f"labs `{owners[place]}` and `{lab.name}` have the same path: `{place}`",
                    hint=f"give each its own in `{path}`",
                )
            owners[place] = lab.name
