"""Which pairs are worth comparing, where the rules would make more than can be afforded.

Pairs grow with the square of the records, and time with the pairs. So there is a budget of pairs that grows with
n log n, and rules are tightened, those that make most first, until all of them are within it: two records must then
agree in one value more, of whichever column. Who agrees in a date of birth and in nothing else is
hardly ever the same person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from entity_resolution.engine.blocking.bounds import bounded_and_counted, count
from entity_resolution.engine.blocking.rules import Rule
from entity_resolution.engine.tables import PARTIES, SAMPLED, Ask

# What is always afforded; and for each record and each doubling of the records.
LEAST_BUDGET, PAIRS_A_RECORD = 5_000_000, 1.0
# How many of a rule's pairs may agree in a column that is to tell them apart.
TELLING = 0.05
# From how many pairs a record on, before it was tightened, a rule takes less time by one join for each column beside;
# for each of these. What such a join takes grows with the records, what one by the rule alone takes with the pairs.
PAIRS_A_JOIN = 2
# A sixteenth of the records, which makes a 256th of the pairs; the same records on every engine.
SAMPLE = f"select * from {PARTIES} where left(md5(party_id), 1) = '0'"


def budget(records: int) -> int:
    """Return how many pairs may be compared among so many records."""
    return max(LEAST_BUDGET, round(PAIRS_A_RECORD * records * math.log2(max(records, 2))))


def within_budget(ask: Ask, rules: Sequence[Rule], columns: Sequence[str], most: int | None = None) -> list[Rule]:
    """Return the rules without the values that are too common, and those tightened that make too many pairs together.

    Args:
        ask: Runs a statement where the parties are.
        rules: The rules, in their order; one that is tightened stays so.
        columns: In which of them two records may agree beside what a rule says.
        most: Pairs of all rules together; by the number of records where None.
    """
    counted = bounded_and_counted(ask, rules)
    ((records,),) = ask(f"select count(*) from {PARTIES}")
    allowed = budget(records) if most is None else most
    if sum(pairs for _, pairs in counted) <= allowed:
        return [_joined(rule, pairs, records) for rule, pairs in counted]
    ask(f"drop table if exists {SAMPLED}")
    ask(f"create table {SAMPLED} as {SAMPLE}")
    kept = [
        (rule, _left(pairs, _shares(ask, rule, rule.beside_one_of)) if rule.beside_one_of else pairs)
        for rule, pairs in counted
    ]
    for place in sorted(range(len(kept)), key=lambda place: -kept[place][1]):
        if sum(pairs for _, pairs in kept) <= allowed:
            break
        rule, pairs = kept[place]
        if not rule.beside_one_of:
            kept[place] = tightened(ask, rule, pairs, columns)
    return [_joined(rule, pairs, records) for (rule, _), (_, pairs) in zip(kept, counted, strict=True)]


def _joined(rule: Rule, pairs: int, records: int) -> Rule:
    """Say how the pairs of a rule are found, which would make so many if it were not tightened."""
    joins = len(rule.beside_one_of)
    return replace(rule, is_split=joins > 0 and pairs > PAIRS_A_JOIN * joins * records)


def tightened(ask: Ask, rule: Rule, pairs: int, columns: Iterable[str]) -> tuple[Rule, int]:
    """Tighten a rule of so many pairs: two records must agree in one column more, of those in which few pairs agree.

    Returns:
        The rule, and how many pairs are left at most.
    """
    shares = _shares(ask, rule, [column for column in columns if column not in rule.columns])
    telling = {column: share for column, share in shares.items() if share <= TELLING}
    return (replace(rule, beside_one_of=tuple(telling)), _left(pairs, telling)) if telling else (rule, pairs)


def _left(pairs: int, shares: Mapping[str, float]) -> int:
    """Return how many of so many pairs are left at most that agree in one of some columns."""
    return round(pairs * min(1.0, sum(shares.values())))


def _shares(ask: Ask, rule: Rule, columns: Iterable[str]) -> dict[str, float]:
    """Return which share of a rule's pairs agrees in each column, by a sample of the records."""
    of_all = count(ask, rule, of=SAMPLED).pairs
    return {column: count(ask, rule.beside(column), of=SAMPLED).pairs / of_all for column in columns} if of_all else {}
