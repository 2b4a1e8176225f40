"""What of entity resolution can be set from outside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shared.config import Settings
from shared.errors import ConfigurationError

# Joining two persons does more harm than leaving one in two, so a pair must be nearly certain.
DEFAULT_THRESHOLD = 0.95


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
    return Options(_threshold(), _truth(settings, truth or os.environ.get("ENTITY_TRUTH")))


def _threshold() -> float:
    text = os.environ.get("ENTITY_MATCH_THRESHOLD") or str(DEFAULT_THRESHOLD)
    try:
        threshold = float(text)
    except ValueError:
        threshold = 0.0
    if not 0 < threshold < 1:
        raise ConfigurationError(
            f"ENTITY_MATCH_THRESHOLD cannot be used: `{text}`",
            hint=f"set a probability between 0 and 1, or unset it for {DEFAULT_THRESHOLD}",
        )
    return threshold


def _truth(settings: Settings, asked_for: str | None) -> Path | None:
    if asked_for:
        path = settings.root / asked_for
        if not path.is_file():
            raise ConfigurationError(
                f"there is no file with the truth: `{path}`",
                hint="correct --truth or ENTITY_TRUTH; `pixi run demo-data` makes data/demo/truth.csv",
            )
        return path
    demo = settings.data_dir / "demo" / "truth.csv"
    return demo if demo.is_file() else None
