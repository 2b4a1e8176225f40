"""What became of each check."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from shared.data_quality.expectations.checks import Dimension, Severity

Status: TypeAlias = Literal["passed", "failed", "warned", "error"]
LONGEST_TEXT = 500


@dataclass(frozen=True)
class FailingRow:
    """A row that fails a check.

    Attributes:
        key: What names it, by column.
        values: What the check looked at, by column.
    """

    key: Mapping[str, object]
    values: Mapping[str, object]


@dataclass(frozen=True)
class Outcome:
    """What became of one check of one table.

    Attributes:
        table: `schema.table`.
        name: What the check is called in its table.
        kind: Which check it is.
        status: `warned` is a failure of severity `warn`; `error` says that the check could not be made.
        rows_checked: How many rows the check looked at.
        rows_failed: How many of them fail; None where it is the table as a whole that passes or fails.
        expected: What must be so.
        observed: What was found, or why the check could not be made.
        hint: What to do where it could not be made.
        sample: Some of the rows that fail.
        distribution: How the values are spread, as JSON, for the next check against what is stored.
    """

    table: str
    name: str
    kind: str
    dimension: Dimension
    severity: Severity
    status: Status
    rows_checked: int
    rows_failed: int | None
    expected: str
    observed: str
    hint: str | None = None
    sample: tuple[FailingRow, ...] = ()
    distribution: str | None = None

    @property
    def sentence(self) -> str:
        """What was observed, and what was expected."""
        return f"{self.observed}; expected {self.expected}"


@dataclass(frozen=True)
class Verdict:
    """What one check has found; see `Outcome`."""

    passed: bool
    rows_checked: int
    rows_failed: int | None
    observed: str
    distribution: str | None = None


def of_rows(checked: int, failed: int) -> Verdict:
    """Return the verdict of a check that each row passes or fails."""
    if not checked:
        return Verdict(True, 0, 0, "no row to look at")
    observed = f"{failed} of {_counted(checked)} {'fails' if failed == 1 else 'fail'}" if failed else _all(checked)
    return Verdict(not failed, checked, failed, observed)


def _all(count: int) -> str:
    return "the one row passes" if count == 1 else f"all {count} rows pass"


def _counted(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def failing_rows(rows: Sequence[Sequence[Any]], key: Sequence[str], values: Sequence[str]) -> tuple[FailingRow, ...]:
    """Return rows of a query that selects the key and then the values."""
    return tuple(
        FailingRow(
            dict(zip(key, map(plain, row[: len(key)]), strict=True)),
            dict(zip(values, map(plain, row[len(key) :]), strict=True)),
        )
        for row in rows
    )


def plain(value: Any) -> object:
    """Return a value of a database as JSON has it: no NaN, nothing longer than a line or two."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return plain(str(value))
