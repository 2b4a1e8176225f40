"""Where studies live and where their results go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.config import Settings, get_settings, read_settings


class ResearchSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    research_dir: Path = Path("projects/research")


@dataclass(frozen=True)
class Places:
    """The folders of research.

    Attributes:
        settings: The platform's settings.
        folder: Where the other folders are.
    """

    settings: Settings
    folder: Path

    @property
    def notebooks(self) -> Path:
        """One marimo notebook for each study."""
        return self.folder / "notebooks"

    @property
    def experiments(self) -> Path:
        """One YAML file of parameters for each study."""
        return self.folder / "experiments"

    @property
    def outputs(self) -> Path:
        """What runs have left: a folder for each study, in it one for each run."""
        return self.folder / "outputs"


def get_places() -> Places:
    """Read the settings; a relative RESEARCH_DIR starts at the project's root.

    Raises:
        ConfigurationError: A variable has a value that cannot be used.
    """
    settings = get_settings()
    return Places(settings, (settings.root / read_settings(ResearchSettings).research_dir).absolute())
