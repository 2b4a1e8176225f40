"""What a notebook works with: its parameters, rows of the warehouse, and the figures it finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from research.experiment import Parameters, read_experiment
from research.reading import Snapshot, read_snapshot
from research.settings import Places, get_places
from shared.errors import UserError
from shared.warehouse import quote

# Two primes: ids are folded at the one so that no product overflows, and spread by the other.
FOLD, SPREAD, SHARES = 1_000_003, 7_919, 10_000


class Study:
    """One run of a study.

    Attributes:
        name: The notebook's name.
        title: What it asks.
        parameters: What it was run with; a missing one is an error with a hint.
        sample: The share of units, households say, that is read.
        snapshots: What was read, in the order of the reads.
        metrics: The figures found, by name.
    """

    def __init__(self, places: Places, name: str, *, sample: float = 1.0, changes: Sequence[str] = ()) -> None:
        if not 0 < sample <= 1:
            raise UserError(f"not a share: `{sample:g}`", hint="give more than 0 and at most 1: `--sample 0.1`")
        experiment = read_experiment(places, name, changes)
        self.places = places
        self.name = name
        self.title = experiment.title
        self.parameters: Parameters = experiment.parameters
        self.sample = sample
        self.snapshots: list[Snapshot] = []
        self.metrics: dict[str, float] = {}

    def read(self, **queries: str) -> dict[str, pd.DataFrame]:
        """Run queries at one state of the warehouse, and return each one's rows by its name.

        The warehouse is open for as long as that takes and no longer. Errors as `research.reading.read_snapshot`.
        """
        snapshot = read_snapshot(self.places.settings, queries, holder=f"research: {self.name}")
        self.snapshots.append(snapshot)
        return snapshot.frames

    def sampled(self, column: str) -> str:
        """Return an SQL condition that keeps the sample's share of a whole number's values, always the same ones."""
        if self.sample == 1:
            return "1 = 1"
        kept = max(1, round(self.sample * SHARES))
        return f"mod(mod({quote(column)}, {FOLD}) * {SPREAD}, {SHARES}) < {kept}"

    def metric(self, name: str, value: Any) -> None:
        """Note a figure of the result.

        Raises:
            ValueError: It is not a number.
        """
        number = float(value)
        if math.isnan(number):
            raise ValueError(f"not a number: metric `{name}`")
        self.metrics[name] = number


def open_study(name: str) -> Study:
    """Return the study of a notebook, with the parameters of its experiment and all rows."""
    return Study(get_places(), name)
