"""How many values the rules of dbt's models emptied: declared by the macro `valid_or_null`, counted after a build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.monitoring import Run
from shared.utils.console import say
from shared.warehouse import Warehouse, quote

# How the macro names a rule in a model's `meta`.
MARK = "emptied "


@dataclass(frozen=True)
class Rule:
    """A rule that empties values of a column.

    Attributes:
        rule: What is wrong with an emptied value.
        given: The value before, an SQL expression of the model's columns.
        emptied: The SQL condition under which it is gone.
        at_most: The share of given values that may be emptied without a warning.
    """

    column: str
    rule: str
    given: str
    emptied: str
    at_most: float


@dataclass(frozen=True)
class Emptied:
    """What a rule has done: how many of how many values it emptied."""

    column: str
    rule: str
    emptied: int
    given: int
    at_most: float

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than the rule's bound."""
        return self.emptied > self.at_most * self.given

    @property
    def share(self) -> float:
        """What share of the given values it emptied."""
        return self.emptied / self.given if self.given else 0.0

    def __str__(self) -> str:
        return f"{self.share:.1%} of `{self.column}` emptied ({self.emptied:,} of {self.given:,}): {self.rule}"


def rules_in(meta: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Return the rules that a model's `meta` declares."""
    return tuple(Rule(**declared) for name, declared in meta.items() if name.startswith(MARK))


def counted(warehouse: Warehouse, relation: str, rules: Iterable[Rule]) -> tuple[int, list[Emptied]]:
    """Return how many rows a relation has, and what its rules have emptied: both in one look at it."""
    rules = list(rules)
    columns = ["count(*)"]
    for rule in rules:
        columns += [
            f"count(*) filter (where ({rule.given}) is not null)",
            f"count(*) filter (where ({rule.given}) is not null and ({rule.emptied}))",
        ]
    ((rows, *counts),) = warehouse.fetch(f"select {', '.join(columns)} from {quote(relation)}")
    pairs = zip(rules, counts[::2], counts[1::2], strict=True)
    return rows, [Emptied(rule.column, rule.rule, emptied, given, rule.at_most) for rule, given, emptied in pairs]


def as_detail(found: Iterable[Emptied]) -> dict[str, object]:
    """Return what the ledger keeps with a relation, nothing where it has no rule."""
    entries = [asdict(each) for each in found]
    return {"emptied": entries} if entries else {}


def tell(run: Run, relation: str, found: Iterable[Emptied]) -> None:
    """Show what was emptied, as a warning where it is too much, and note it as a check of the run."""
    for each in found:
        if each.emptied:
            say(f"  {'warning: ' if each.is_too_much else ''}{relation}: {each}")
        run.check(
            f"emptied: {each.column}: {each.rule}",
            relation=relation,
            status="warned" if each.is_too_much else "passed",
            severity="warn",
            failed_rows=each.emptied,
            observed=str(each),
        )
