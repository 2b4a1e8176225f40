"""What a model is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from forecasting.series import Floats, Series


class Forecaster(Protocol):
    """A model: sees the departments' histories, all up to the same week, and nothing else."""

    @property
    def name(self) -> str:
        """What it is called in the results."""
        ...

    def forecast(self, histories: Sequence[Series], horizon: int) -> list[Floats]:
        """Return each history's forecast for the next `horizon` weeks, none below nought."""
        ...


@dataclass(frozen=True)
class EachSeries:
    """A model that looks at each department by itself: `function(sales, horizon)`."""

    name: str
    function: Callable[[Floats, int], Floats]

    def forecast(self, histories: Sequence[Series], horizon: int) -> list[Floats]:
        """Return each history's forecast, see `Forecaster`."""
        return [np.maximum(self.function(history.sales, horizon), 0.0) for history in histories]
