"""The models, simplest first: where two do equally well, the one further up wins."""

from __future__ import annotations

from forecasting.models.base import EachSeries, Forecaster
from forecasting.models.boosted import GradientBoosting
from forecasting.models.naive import drift, seasonal_naive
from forecasting.models.statistical import exponential_smoothing, theta

MODELS: tuple[Forecaster, ...] = (
    EachSeries("seasonal_naive", seasonal_naive),
    EachSeries("drift", drift),
    EachSeries("exponential_smoothing", exponential_smoothing),
    EachSeries("theta", theta),
    GradientBoosting(),
)

__all__ = ["MODELS", "EachSeries", "Forecaster"]
