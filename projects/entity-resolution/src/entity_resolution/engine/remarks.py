"""What a run did not look at, and says so: values that stand for nothing, and values that too many records share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from entity_resolution.engine.blocking.bounds import PAIRS_OF_A_VALUE
from entity_resolution.engine.blocking.rules import Rule
from entity_resolution.engine.linking.workplace import Linked
from entity_resolution.engine.model_store import Model
from shared.utils.excerpts import excerpt

# How many fillers of a column are named, and how many characters of each.
NAMED, CHARACTERS = 3, 30


def remarks(linked: Linked, model: Model) -> list[str]:
    """Return a sentence for each column and rule of which something was held out.

    Only fillers are told as they are. What a rule skips may be somebody's name, so it is counted.
    """
    rules = [*_skipped("linking", linked.rules), *_skipped("training", [*model.sure, *model.sessions])]
    return [*_fillers(linked), *dict.fromkeys(rules)]


def _fillers(linked: Linked) -> Iterator[str]:
    for column, values in linked.fillers.items():
        there = sorted(((n, value) for value, n in values.items() if n), reverse=True)
        if there:
            named = ", ".join(f"`{excerpt(value, CHARACTERS)}` of {n:,} records" for n, value in there[:NAMED])
            more = f" and {len(there) - NAMED} more values" if len(there) > NAMED else ""
            yield f"{column}: {named}{more} stands for nothing and is not compared"


def _skipped(step: str, rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        if rule.beside_one_of:
            yield f"rule `{', '.join(rule.columns)}` of {step} is tightened: two must agree in another column as well"
        common = [n for n in rule.skipped.values() if n]
        if rule.is_off:
            yield f"rule `{rule.name}` of {step} is left out: too many of its values are too common"
        elif common:
            yield (
                f"rule `{rule.name}` of {step} skips {len(common):,} values, of {max(common):,} records at most: "
                f"each would make more than {PAIRS_OF_A_VALUE:,} pairs"
            )
