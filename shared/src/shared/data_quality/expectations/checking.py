"""Check tables against their expectations: SQL only, few passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.data_quality.expectations.checks import DistributionShift, ForeignKey, Unique
from shared.data_quality.expectations.distribution import distribution_shift
from shared.data_quality.expectations.one_pass import Aggregate, aggregate_of, sample_of_rows
from shared.data_quality.expectations.outcomes import Outcome, Status, Verdict
from shared.data_quality.expectations.own_pass import Found, foreign_key, unique
from shared.data_quality.expectations.sql import CheckedRelation, CheckError, Parameters
from shared.data_quality.expectations.storing import stored_distribution
from shared.data_quality.expectations.suite import Expectation, Suite, TableExpectations
from shared.monitoring.logs import log_event
from shared.warehouse import Warehouse

MOST_SAMPLES = 20


def validate(
    warehouse: Warehouse, suite: Suite, *, run_id: str | None = None, samples: int = MOST_SAMPLES
) -> list[Outcome]:
    """Make every check of a suite, in its order; what cannot be checked is an outcome too, and the rest goes on.

    Each query is a read-only transaction of its own, so call it outside of one.

    Args:
        run_id: The run that asks, for the log.
        samples: How many of the rows that fail are kept of each check; 0 keeps no values.

    Raises:
        PlatformError: The warehouse itself is in trouble.
    """
    outcomes = [
        outcome for table, wanted in suite.tables.items() for outcome in check_table(warehouse, table, wanted, samples)
    ]
    for outcome in outcomes:
        if outcome.status != "passed":
            log_event(
                warehouse.settings,
                f"expectation {outcome.status}",
                run=run_id,
                relation=outcome.table,
                name=outcome.name,
                severity=outcome.severity,
                said=outcome.sentence,
            )
    return outcomes


def check_table(warehouse: Warehouse, table: str, wanted: TableExpectations, samples: int) -> list[Outcome]:
    """Make the checks of one table."""
    try:
        relation = CheckedRelation(warehouse, table)
        for name in wanted.key:
            relation.column(name)
    except CheckError as error:
        return [erroneous(table, expectation, error) for expectation in wanted.expect]
    return _TableCheck(relation, wanted, samples).outcomes()


@dataclass
class _TableCheck:
    """The checks of a table that is there."""

    relation: CheckedRelation
    wanted: TableExpectations
    samples: int

    def outcomes(self) -> list[Outcome]:
        """Make the checks that one pass can make together, then each of the others."""
        aggregates: dict[str, Aggregate] = {}
        refused: dict[str, CheckError] = {}
        for expectation in self.wanted.expect:
            try:
                if aggregate := aggregate_of(self.relation, expectation):
                    aggregates[expectation.name] = aggregate
            except CheckError as error:
                refused[expectation.name] = error
        verdicts = self._in_one_pass(aggregates, refused)
        outcomes = []
        for expectation in self.wanted.expect:
            try:
                if expectation.name in refused:
                    raise refused[expectation.name]
                if expectation.name in verdicts:
                    found = self._sampled(expectation, aggregates[expectation.name], verdicts[expectation.name])
                else:
                    found = self._alone(expectation)
                outcomes.append(outcome_of(self.relation.table, expectation, found))
            except CheckError as error:
                outcomes.append(erroneous(self.relation.table, expectation, error))
        return outcomes

    def _in_one_pass(self, aggregates: Mapping[str, Aggregate], refused: dict[str, CheckError]) -> dict[str, Verdict]:
        """Return the verdicts by name, and add those that the engine refuses to the others that are refused."""
        if not aggregates:
            return {}
        parameters = Parameters()
        asked = {name: aggregate.expressions(parameters) for name, aggregate in aggregates.items()}
        selected = ", ".join(expression for expressions in asked.values() for expression in expressions)
        try:
            (row,) = self.relation.fetch(f"select {selected} from {self.relation.sql}", parameters)
            values = iter(row)
            return {name: aggregates[name].judge([next(values) for _ in asked[name]]) for name in aggregates}
        except CheckError as error:
            if len(aggregates) == 1:
                refused.update(dict.fromkeys(aggregates, error))
                return {}
            # One of them spoils it for all, so each is asked alone.
            alone = [self._in_one_pass({name: aggregate}, refused) for name, aggregate in aggregates.items()]
            return {name: verdict for verdicts in alone for name, verdict in verdicts.items()}

    def _sampled(self, expectation: Expectation, aggregate: Aggregate, verdict: Verdict) -> Found:
        if verdict.passed or not self.samples:
            return verdict, ()
        return verdict, sample_of_rows(self.relation, expectation, aggregate, self.wanted.key, self.samples)

    def _alone(self, expectation: Expectation) -> Found:
        """Make a check that needs a pass of its own."""
        wanted = expectation.check
        if isinstance(wanted, Unique):
            return unique(self.relation, expectation, wanted, self.samples)
        if isinstance(wanted, ForeignKey):
            return foreign_key(self.relation, expectation, wanted, self.wanted.key, self.samples)
        assert isinstance(wanted, DistributionShift)
        stored = stored_distribution(self.relation.warehouse, self.relation.table, expectation.name)
        return distribution_shift(self.relation, expectation, wanted, stored), ()


def outcome_of(table: str, expectation: Expectation, found: Found) -> Outcome:
    """Return the outcome of a check that could be made."""
    verdict, sample = found
    status: Status = "passed" if verdict.passed else "failed" if expectation.severity == "error" else "warned"
    return Outcome(
        table=table,
        name=expectation.name,
        kind=expectation.check.kind,
        dimension=expectation.check.dimension,
        severity=expectation.severity,
        status=status,
        rows_checked=verdict.rows_checked,
        rows_failed=verdict.rows_failed,
        expected=expectation.check.expected,
        observed=verdict.observed,
        sample=sample,
        distribution=verdict.distribution,
    )


def erroneous(table: str, expectation: Expectation, error: CheckError) -> Outcome:
    """Return the outcome of a check that could not be made."""
    return Outcome(
        table=table,
        name=expectation.name,
        kind=expectation.check.kind,
        dimension=expectation.check.dimension,
        severity=expectation.severity,
        status="error",
        rows_checked=0,
        rows_failed=None,
        expected=expectation.check.expected,
        observed=error.message,
        hint=error.hint,
    )
