"""The platform's settings, read from the environment."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationError
from shared.redaction import shown_setting
from shared.workspace.manifest import MANIFEST

AnySettings = TypeVar("AnySettings", bound=BaseSettings)


class Settings(BaseSettings):
    """Where things are. Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    pixi_project_root: Path = Field(default_factory=lambda: find_root(Path.cwd()))
    data_dir: Path = Path("data")
    labs_dir: Path = Path("projects/labs")
    warehouse_url: str = ""
    warehouse_lock_timeout: float = Field(default=600.0, ge=0, description="seconds")
    warehouse_memory_limit: str = Field(default="2GB", pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$")
    tables_unpacked_limit: int = Field(
        default=20_000_000_000, ge=0, description="bytes that come out of one gzip, zip or workbook"
    )

    # No pattern: what an error says of a value would show what may be secret in the address.
    openlineage_url: SecretStr | None = None
    openlineage_api_key: SecretStr | None = None
    openlineage_namespace: str = "data-platform"
    openlineage_endpoint: str = "api/v1/lineage"
    openlineage_seconds: float = Field(
        default=2.0, gt=0, le=60, description="for an answer, and at the end of a process"
    )

    @model_validator(mode="after")
    def fill_in(self) -> Settings:
        """Anchor relative paths at the root and name the default warehouse."""
        object.__setattr__(self, "data_dir", (self.root / self.data_dir).absolute())
        object.__setattr__(self, "labs_dir", (self.root / self.labs_dir).absolute())
        if not self.warehouse_url:
            object.__setattr__(self, "warehouse_url", f"duckdb:///{self.data_dir}/warehouse.duckdb")
        return self

    @property
    def root(self) -> Path:
        """The folder of pixi.toml."""
        return self.pixi_project_root

    @property
    def landing_dir(self) -> Path:
        """Where outside systems drop their files, one folder a source."""
        return self.data_dir / "landing"

    @property
    def exports_dir(self) -> Path:
        """Where files for others are written."""
        return self.data_dir / "exports"

    @property
    def reports_dir(self) -> Path:
        """Where pages of reports are written."""
        return self.data_dir / "reports"

    @property
    def logs_dir(self) -> Path:
        """Where structured logs are kept."""
        return self.data_dir / "logs"

    @property
    def postgres_dir(self) -> Path:
        """Where the local PostgreSQL server lives; the files of another major version would need another folder."""
        return self.data_dir / "postgres17"

    @property
    def passfile(self) -> Path:
        """Where the passwords of the platform's roles are kept, see `shared.postgres.passfile`."""
        return self.postgres_dir / "passwords"

    @property
    def state_dir(self) -> Path:
        """Where work in progress lives that belongs to one warehouse; see `Warehouse.state_dir`."""
        return self.data_dir / "state"

    def dbt_target_dir(self, project: Path) -> Path:
        """Return where dbt keeps what it has parsed of a project: another folder for each place where one lies.

        dbt keeps the paths of seeds, too, and would go on with those of a project that was moved.
        """
        place = hashlib.sha256(str(project).encode()).hexdigest()[:8]
        return self.data_dir / "dbt" / f"{project.name}-{place}"


def get_settings() -> Settings:
    """Read the platform's settings from the environment.

    Raises:
        ConfigurationError: A variable has a value that cannot be used.
    """
    return read_settings(Settings)


def read_settings(kind: type[AnySettings], *, prefix: str = "") -> AnySettings:
    """Read settings of any kind from the environment as it is now: a project's own, or the platform's.

    Args:
        kind: The class of the settings.
        prefix: What stands before each field's name in the variable's, as in `CRM_`.

    Raises:
        ConfigurationError: A variable has a value that cannot be used.
    """
    try:
        return cast("AnySettings", _as_now(kind, prefix, tuple(os.environ.items()), _folder()))
    except ValidationError as error:
        first = error.errors()[0]
    # Not from pydantic's error, whose text has the value as it is.
    variable = f"{prefix}{'.'.join(str(part) for part in first['loc'])}".upper()
    raise ConfigurationError(
        f"{variable} cannot be used: `{shown_setting(variable, os.environ.get(variable, ''))}`",
        hint=f"{first['msg'].lower()}; correct the environment variable {variable} or unset it",
    )


# Pydantic takes milliseconds for a look at the environment, and a command has many.
@lru_cache(maxsize=64)
def _as_now(
    kind: type[BaseSettings], prefix: str, _environment: tuple[tuple[str, str], ...], _folder: str
) -> BaseSettings:
    return kind(_env_prefix=prefix)


def _folder() -> str:
    try:
        return str(Path.cwd())
    # It may be gone: only who has no PIXI_PROJECT_ROOT needs it.
    except OSError:
        return ""


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that holds pixi.toml.

    Raises:
        ConfigurationError: There is none.
    """
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise ConfigurationError(
        f"no {MANIFEST} here or above: `{start}`",
        hint="run the command inside the project, or set PIXI_PROJECT_ROOT",
    )
