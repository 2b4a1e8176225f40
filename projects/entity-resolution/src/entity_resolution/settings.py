"""What of entity resolution can be set from outside."""

from __future__ import annotations

import csv
from collections.abc import Sequence
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


def read_options(settings: Settings, entities: Sequence[Entity], truth: str | None = None) -> dict[str, Options]:
    """Return each entity's settings: ENTITY_MATCH_THRESHOLD and ENTITY_TRUTH go before what it declares.

    Args:
        settings: Where files lie.
        entities: Which the call is about.
        truth: What the command line names; it goes before ENTITY_TRUTH.

    Raises:
        ConfigurationError: The threshold is no probability, or the truth that was asked for is not there or nobody's.
    """
    matching = read_settings(MatchingSettings)
    asked_for = _asked_for(settings, truth or matching.entity_truth)
    whose = [each for each in entities if asked_for and (len(entities) == 1 or _is_of(each, asked_for))]
    if asked_for and not whose:
        raise ConfigurationError(
            f"the truth has the columns of no entity's: `{asked_for}`",
            hint="name the entity with --entity, or correct --truth or ENTITY_TRUTH",
        )
    return {
        each.name: Options(
            matching.entity_match_threshold or each.threshold,
            asked_for if each in whose else _declared_truth(settings, each),
        )
        for each in entities
    }


def _asked_for(settings: Settings, file: str | None) -> Path | None:
    if not file:
        return None
    path = settings.root / file
    if not path.is_file():
        raise ConfigurationError(
            f"there is no file with the truth: `{path}`",
            hint="correct --truth or ENTITY_TRUTH; `./pixiw run demo-data` makes those of the demo",
        )
    return path


def _is_of(entity: Entity, truth: Path) -> bool:
    """Tell whether a truth is an entity's, by its first line."""
    with truth.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        header = next(csv.reader(file), [])
    return entity.truth is not None and entity.truth.columns.keys() <= set(header)


def _declared_truth(settings: Settings, entity: Entity) -> Path | None:
    if entity.truth is None or entity.truth.file is None:
        return None
    declared = settings.data_dir / entity.truth.file
    return declared if declared.is_file() else None
