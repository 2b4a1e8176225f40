"""What is forecast and how it is judged: every number that a reader may want to change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The plan of one forecast.

    Attributes:
        horizon: Weeks ahead.
        train_weeks: The shortest history that a model is fitted to in the backtest.
        origins: Weeks from which a department must have been forecast, at the longest horizon too, to be judged.
        sold_share: The least share of a department's weeks that must have sales.
        levels: Of the intervals.
        band: Horizons whose residuals calibrate one another: 1 to 4 weeks, 5 to 8, and so on.
    """

    horizon: int = 8
    train_weeks: int = 20
    origins: int = 12
    sold_share: float = 0.9
    levels: tuple[float, ...] = (0.80, 0.95)
    band: int = 4

    @property
    def history_weeks(self) -> int:
        """The shortest history that can be forecast: for the first fit, the other origins and the weeks ahead."""
        return self.train_weeks + self.origins - 1 + self.horizon
