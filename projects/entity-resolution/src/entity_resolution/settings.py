"""What of entity resolution can be set from outside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.config import Settings, read_settings
from shared.errors import ConfigurationError


class MatchingSettings(BaseSettings):
    """Each field is set by the environment variable of its name, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    # Joining two persons does more harm than leaving one in two, so a pair must be nearly certain.
    entity_match_threshold: float = Field(default=0.95, gt=0, lt=1)
    entity_truth: str | None = None


@dataclass(frozen=True)
class Options:
    """The settings of one call.

    Attributes:
        threshold: The match probability from which a pair counts as the same person.
        truth: A CSV file of who is who, to measure the result against; None when there is none.
    """

    threshold: float
    truth: Path | None


def read_options(settings: Settings, truth: str | None = None) -> Options:
    """Read ENTITY_MATCH_THRESHOLD and ENTITY_TRUTH; `truth`, from the command line, goes first.

    Raises:
        ConfigurationError: The threshold is no probability, or the truth that was asked for is not there.
    """
    matching = read_settings(MatchingSettings)
    return Options(matching.entity_match_threshold, truth_file(settings, truth or matching.entity_truth))


def truth_file(settings: Settings, asked_for: str | None) -> Path | None:
    """Return the truth that was asked for, or else the demo's where it is there."""
    if asked_for:
        path = settings.root / asked_for
        if not path.is_file():
            raise ConfigurationError(
                f"there is no file with the truth: `{path}`",
                hint="correct --truth or ENTITY_TRUTH; `./pixiw run demo-data` makes data/demo/truth.csv",
            )
        return path
    demo = settings.data_dir / "demo" / "truth.csv"
    return demo if demo.is_file() else None
