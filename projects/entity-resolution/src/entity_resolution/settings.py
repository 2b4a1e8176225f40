"""What of entity resolution can be set from outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from entity_resolution.entity import Entity
from shared.config import Settings, read_settings
from shared.errors import ConfigurationError


class MatchingSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # In place of the entity's own.
    entity_match_threshold: float | None = Field(default=None, gt=0, lt=1)
    entity_truth: str | None = None


@dataclass(frozen=True)
class Options:
    """The settings of one call.

    Attributes:
        threshold: The match probability from which a pair counts as the same entity.
        truth: A CSV file of what is the same, to measure the result against; None when there is none.
    """

    threshold: float
    truth: Path | None


def read_options(settings: Settings, entity: Entity, truth: str | None = None) -> Options:
    """Read ENTITY_MATCH_THRESHOLD and ENTITY_TRUTH; `truth`, from the command line, goes first.

    Raises:
        ConfigurationError: The threshold is no probability, or the truth that was asked for is not there.
    """
    matching = read_settings(MatchingSettings)
    threshold = matching.entity_match_threshold or entity.threshold
    return Options(threshold, truth_file(settings, entity, truth or matching.entity_truth))


def truth_file(settings: Settings, entity: Entity, asked_for: str | None) -> Path | None:
    """Return the truth that was asked for, or else the one that the entity declares where it is there."""
    if asked_for:
        path = settings.root / asked_for
        if not path.is_file():
            raise ConfigurationError(
                f"there is no file with the truth: `{path}`",
                hint="correct --truth or ENTITY_TRUTH; `./pixiw run demo-data` makes those of the demo",
            )
        return path
    if entity.truth is None or entity.truth.file is None:
        return None
    declared = settings.data_dir / entity.truth.file
    return declared if declared.is_file() else None
