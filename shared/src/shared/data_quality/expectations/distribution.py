"""How a column's values are spread, and how far that is from a baseline: the population stability index.

PSI = Σ (aᵢ − bᵢ) · ln(aᵢ / bᵢ) over the bins i, where aᵢ is the share of the values that are checked and bᵢ that of
the baseline, neither taken as less than 0.0001 (N. Siddiqi, Credit Risk Scorecards, Wiley 2006; B. Yurdakul,
Statistical Properties of Population Stability Index, 2018). Numbers, dates and timestamps are binned at the nine
deciles of the baseline, so that a bin holds the values greater than one decile up to the next; a value that is several
deciles at once has a bin of its own. Other values are categories: the 50 most frequent of the baseline have a bin each,
all others share one.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from shared.data_quality.expectations.checks import DistributionShift, Source
from shared.data_quality.expectations.outcomes import Verdict
from shared.data_quality.expectations.sql import (
    CheckedColumn,
    CheckedRelation,
    CheckError,
    Parameters,
    column_of,
    condition,
)
from shared.data_quality.expectations.suite import Expectation

LEAST_SHARE = 0.0001
MOST_CATEGORIES = 50
DECILES = ", ".join(f"0.{tenth}" for tenth in range(1, 10))


@dataclass(frozen=True)
class Distribution:
    """How many values each bin has.

    Attributes:
        ordered: Whether the values have an order: then a bin ends at each bound, else it is a category.
        bins: The bounds, each with the sign `<` or `<=` that tells whether it belongs to the bin; or the categories.
        counts: One for each of them, and one more for what is in none.
    """

    ordered: bool
    bins: list[tuple[str, float]] | list[str]
    counts: list[int]

    def shift_from(self, baseline: Distribution) -> float:
        """Return the population stability index against a baseline with the same bins."""
        pairs = zip(self._shares(), baseline._shares(), strict=True)
        return sum((actual - expected) * math.log(actual / expected) for actual, expected in pairs)

    def _shares(self) -> list[float]:
        total = sum(self.counts)
        return [max(count / total, LEAST_SHARE) for count in self.counts]


@dataclass(frozen=True)
class Values:
    """The values of a column in the rows that count, without nulls and NaN."""

    relation: CheckedRelation
    column: CheckedColumn
    where: str | None = None

    @property
    def ordered(self) -> bool:
        """Whether they have an order that bins follow."""
        return self.column.kind in ("number", "moment")

    @property
    def sql(self) -> str:
        """A query for them, in the column `value`."""
        name = self.column.sql
        if self.column.kind == "moment":
            value = f"cast(extract(epoch from {name}) as double precision)"
        else:
            value = f"cast({name} as {'double precision' if self.ordered else 'varchar'})"
        wanted = f"{condition(self.where)} and {name} is not null"
        return f"(select {value} as value from {self.relation.sql} where {wanted} and not ({self.column.is_nan})) as v"

    def bins(self) -> list[tuple[str, float]] | list[str]:
        """Return the bins that these values make as a baseline."""
        if not self.ordered:
            rows = self.relation.fetch(
                f"select value from {self.sql} group by value order by count(*) desc, value limit {MOST_CATEGORIES}"
            )
            return [value for (value,) in rows]
        ((found,),) = self.relation.fetch(
            f"select percentile_disc(array[{DECILES}]) within group (order by value) from {self.sql}"
        )
        deciles = [value for value in found or () if value is not None]
        bounds: list[tuple[str, float]] = []
        for value in dict.fromkeys(deciles):
            signs = ("<", "<=") if deciles.count(value) > 1 else ("<=",)
            bounds += [(sign, value) for sign in signs]
        return bounds

    def distribution(self, bins: list[tuple[str, float]] | list[str]) -> Distribution:
        """Count the values in bins."""
        parameters = Parameters()
        cases = [self._case(entry, parameters) for entry in bins]
        chosen = " ".join(f"when {case} then {place}" for place, case in enumerate(cases))
        place = f"case {chosen} else {len(bins)} end" if bins else "0"
        rows = self.relation.fetch(
            f"select place, count(*) from (select {place} as place from {self.sql}) as placed group by place",
            parameters,
        )
        counts = dict(rows)
        return Distribution(self.ordered, bins, [counts.get(place, 0) for place in range(len(bins) + 1)])

    @staticmethod
    def _case(entry: tuple[str, float] | str, parameters: Parameters) -> str:
        if isinstance(entry, str):
            return f"value = {parameters.bind(entry)}"
        return f"value {entry[0]} {parameters.bind(entry[1])}"


def distribution_shift(
    relation: CheckedRelation, expectation: Expectation, check: DistributionShift, stored: str | None
) -> Verdict:
    """Compare how a column's values are spread with a baseline.

    Args:
        stored: The distribution that was kept when the check last passed.

    Raises:
        CheckError: The baseline has no values, or is of another kind.
    """
    values = Values(relation, relation.column(check.column), expectation.where)
    if isinstance(check.baseline, Source):
        return compared(values, check, baseline_of(values, check.baseline))
    if stored is None:
        kept = values.distribution(values.bins())
        said = "no baseline is kept yet, these values become it"
        return Verdict(True, sum(kept.counts), None, said, written(kept) if sum(kept.counts) else None)
    verdict = compared(values, check, read(stored, values))
    if not verdict.passed:
        return verdict
    return Verdict(True, verdict.rows_checked, None, verdict.observed, written(values.distribution(values.bins())))


def baseline_of(values: Values, source: Source) -> Distribution:
    """Return how the values of another column are spread."""
    others = Values(*column_of(values.relation.warehouse, source))
    if others.ordered != values.ordered or (values.ordered and others.column.kind != values.column.kind):
        raise CheckError(
            f"`{values.column.name}` is {values.column.type_name}, its baseline {others.column.type_name}",
            hint="compare columns of one kind",
        )
    baseline = others.distribution(others.bins())
    if not sum(baseline.counts):
        raise CheckError(f"no value in the baseline: `{source.table}`.`{source.column}`", hint="fill that table first")
    return baseline


def compared(values: Values, check: DistributionShift, baseline: Distribution) -> Verdict:
    """Judge how far values are from a baseline; where there are none, they have gone as far as can be."""
    actual = values.distribution(baseline.bins)
    count, before = sum(actual.counts), sum(baseline.counts)
    if not count:
        return Verdict(False, 0, None, f"no value to compare with the {before} of the baseline")
    shift = actual.shift_from(baseline)
    said = f"PSI {shift:.4g} over {len(actual.counts)} bins, {count} values against {before}"
    return Verdict(shift <= check.maximum, count, None, said)


def written(distribution: Distribution) -> str:
    """Return a distribution as JSON."""
    return json.dumps(asdict(distribution), ensure_ascii=False)


def read(text: str, values: Values) -> Distribution:
    """Read a distribution from JSON.

    Raises:
        CheckError: It is of values of another kind than the column has now.
    """
    content = json.loads(text)
    if content["ordered"] != values.ordered:
        raise CheckError(
            f"`{values.column.name}` is {values.column.type_name} now, what was kept is of another kind",
            hint="give the check another `name`: its history begins anew then",
        )
    bins = [tuple(entry) for entry in content["bins"]] if content["ordered"] else content["bins"]
    return Distribution(content["ordered"], bins, content["counts"])
