"""How many pairs the rules make of the parties, and which values they skip, so that no run stands still over one.

The square of what many records share is what makes blocks slow: a name of 6,000 records makes 18,000,000 pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from entity_resolution.engine.blocking.rules import Rule, hashed
from entity_resolution.engine.tables import PARTIES, Ask
from shared.warehouse import literal

# Pairs of one value: those of 1,000 records.
PAIRS_OF_A_VALUE = 500_000
# What can be listed in a condition; a rule with more such values is no help.
MOST_SKIPPED = 1_000


@dataclass(frozen=True)
class Blocks:
    """What a rule makes of the parties.

    Attributes:
        pairs: How many pairs, those of values that are too common not among them.
        common: The hashes of these values, and how many records have each.
    """

    pairs: int
    common: dict[str, int]


def bounded(ask: Ask, rules: Sequence[Rule], most: int = PAIRS_OF_A_VALUE) -> list[Rule]:
    """Return the rules with the values skipped that make too many pairs, and those that they have skipped so far."""
    return [rule for rule, _ in bounded_and_counted(ask, rules, most)]


def bounded_and_counted(ask: Ask, rules: Sequence[Rule], most: int = PAIRS_OF_A_VALUE) -> list[tuple[Rule, int]]:
    """Return `bounded`, and how many pairs each makes, what it wants beside left out of account."""
    counted = [(rule, count(ask, rule, most)) for rule in rules]
    return [(_bounded(rule, blocks), blocks.pairs) for rule, blocks in counted]


def count(
    ask: Ask, rule: Rule, most: int = PAIRS_OF_A_VALUE, of: str = PARTIES, shared_with: str | None = None
) -> Blocks:
    """Count the pairs that a rule would make.

    Args:
        ask: Runs a statement where the parties are.
        rule: The rule; what it skips already is skipped.
        most: From how many pairs on a value is too common.
        of: The records: a table, or a query in brackets.
        shared_with: Other records, of which only the values are looked at, in whichever of the two columns.
    """
    keys = [f"key_{place}" for place in range(len(rule.left))]
    listed = ", ".join(keys)
    among = None
    if shared_with:
        sides = [*dict.fromkeys([rule.left, rule.right])]
        among = " union ".join(f"select {listed} from ({block(shared_with, side, keys)}) as theirs" for side in sides)
    blocks = f"left_block as ({block(of, rule.left, keys, among)})"
    if rule.is_even:
        sized = "n, n * (n - 1) / 2.0 as pairs from left_block"
    else:
        # Each pair is made one way round only, that of the smaller id.
        blocks += f", right_block as ({block(of, rule.right, keys, among)})"
        sized = f"l.n + r.n as n, l.n * r.n / 2.0 as pairs from left_block as l join right_block as r using ({listed})"
    known = f" or {hashed(keys)} in ({', '.join(map(literal, sorted(rule.skipped)))})" if rule.skipped else ""
    rows = ask(
        f"with {blocks}, sized as (select {listed}, {sized}), "
        f"judged as (select *, pairs > {most}{known} as is_common from sized where n > 1) "
        f"select null as value, count(*), sum(pairs) from judged where not is_common union all "
        f"(select {hashed(keys)}, n, pairs from judged where is_common order by pairs desc limit {MOST_SKIPPED + 1})"
    )
    common = {value: int(records) for value, records, _ in rows if value is not None}
    return Blocks(sum(int(pairs or 0) for value, _, pairs in rows if value is None), common)


def _bounded(rule: Rule, blocks: Blocks) -> Rule:
    skipped = {**dict.fromkeys(rule.skipped, 0), **blocks.common}
    return replace(rule, skipped=skipped, is_off=rule.is_off or len(skipped) > MOST_SKIPPED)


def block(records: str, texts: Sequence[str], keys: Sequence[str], among: str | None = None) -> str:
    """Return the query for the values that records are blocked by, columns `keys`, and `n`: how many have each.

    Args:
        records: A table, or a query in brackets.
        texts: The values, on a record `l`.
        keys: What these are called.
        among: A query for the values that are looked at, columns `keys`; all where None.
    """
    named = ", ".join(f"{text} as {key}" for text, key in zip(texts, keys, strict=True))
    filled = " and ".join(f"{text} is not null" for text in texts)
    places = ", ".join(str(place + 1) for place in range(len(keys)))
    listed = f" and ({', '.join(texts)}) in ({among})" if among else ""
    return f"select {named}, count(*) as n from {records} as l where {filled}{listed} group by {places}"
