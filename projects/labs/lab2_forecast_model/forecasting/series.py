"""A department's weekly sales, and the check that nothing is missing or there twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Dates = npt.NDArray[np.datetime64]
WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True)
class Series:
    """One department's complete weeks, oldest first, without a gap.

    Attributes:
        department: Its name.
        weeks: Their Mondays.
        sales: Of each week; nought where nothing was sold.
        promotion_share: What part of a week's sales was sold below the shelf price.
    """

    department: str
    weeks: Dates
    sales: Floats
    promotion_share: Floats

    def __len__(self) -> int:
        return len(self.weeks)

    def until(self, week: np.datetime64) -> Series:
        """Return what was known at the end of `week`."""
        known = int(np.searchsorted(self.weeks, week, side="right"))
        return Series(self.department, self.weeks[:known], self.sales[:known], self.promotion_share[:known])

    def weeks_ahead(self, horizon: int) -> Dates:
        """Return the Mondays of the weeks to come."""
        ahead: Dates = self.weeks[-1] + WEEK * np.arange(1, horizon + 1)
        return ahead


def read_series(weekly: pd.DataFrame) -> list[Series]:
    """Return the series in rows of `department`, `week_start`, `sales`, `promotion_share`, in whatever order, by name.

    Raises:
        ValueError: A week is missing or there twice, or a value is: no model may see a gap as if it were not there.
    """
    columns = weekly[["department", "week_start", "sales", "promotion_share"]]
    if columns.isna().to_numpy().any():
        raise ValueError("a value is missing in the weekly sales")
    return [
        _read_one(str(department), rows.sort_values("week_start"))
        for department, rows in columns.groupby("department", sort=True)
    ]


def _read_one(department: str, rows: pd.DataFrame) -> Series:
    weeks = rows["week_start"].to_numpy().astype("datetime64[D]")
    wrong = np.flatnonzero(np.diff(weeks) != WEEK)
    if wrong.size:
        raise ValueError(f"the week after this one is missing or there twice in `{department}`: {weeks[wrong[0]]}")
    return Series(department, weeks, rows["sales"].to_numpy(float), rows["promotion_share"].to_numpy(float))


def to_date(week: np.datetime64) -> date:
    """Return a week's Monday as Python's date."""
    day: date = week.astype("datetime64[D]").astype(date)
    return day
