"""What a first declaration says: kinds by the look of values, rules by how many pairs they would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from entity_resolution.new.choice import Choice
from entity_resolution.new.profile import Look
from shared.errors import UserError

# A value of a class comes so many times at least, and there are so many classes at most.
ROWS_A_CLASS, MOST_CLASSES = 20, 60
# What is empty nearly everywhere tells nothing.
LEAST_FILLED = 0.05
# Pairs that a rule may make for each row.
PAIRS_A_ROW = 20
MOST_RULES, MOST_COLUMNS = 10, 12
Rules = tuple[tuple[str, ...], ...]
Pairs = Callable[[tuple[str, ...]], float]
Chosen = Callable[[Sequence[Look]], Choice | None]


@dataclass(frozen=True)
class Proposal:
    """What a declaration is written from: each part as the code of its items.

    Attributes:
        columns: The columns that are compared.
        compare: Their kinds, as they are written.
        block, sure, sessions: Columns that two records agree in, by rule.
        recall: Which share of all pairs of one entity `sure` finds.
        threshold: The probability from which two records are the same; None for the one that entities have.
        reached: Which share of all pairs of one entity `block` is expected to find; None where it is not known.
    """

    columns: tuple[str, ...]
    compare: tuple[str, ...]
    block: Rules
    sure: Rules
    sessions: Rules
    recall: float = 0.6
    threshold: float | None = None
    reached: float | None = None


def kind_of(look: Look) -> str | None:
    """Return the kind of a column as it is written, None where there is nothing to compare."""
    if look.distinct < 2 or look.filled < look.rows * LEAST_FILLED or look.kind in ("timestamp", "boolean", "binary"):
        return None
    if look.kind == "date":
        return f'Date("{look.name}")'
    if look.kind == "nested":
        return f'Items("{look.name}")'
    if look.distinct <= MOST_CLASSES and look.filled >= look.distinct * ROWS_A_CLASS:
        return f'Category("{look.name}")'
    if look.kind in ("integer", "decimal", "float"):
        return _kind_of_number(look)
    if look.kind != "text":
        return None
    if look.digits > 0.5:
        return f'Identifier("{look.name}")'
    return f'Words("{look.name}")' if look.words >= 2.5 else f'Name("{look.name}")'


def propose(looks: Sequence[Look], pairs: Pairs, chosen: Chosen) -> Proposal:
    """Return what to declare of columns, by what agreeing in them comes to.

    Args:
        looks: The columns that may be compared.
        pairs: Says how many pairs agree in all of some columns, for as many rows as were looked at.
        chosen: Chooses rules of some columns by how rows agree in them, where that tells enough.

    Raises:
        UserError: There are less than two columns to compare.
    """
    kinds = {look.name: kind for look in looks if (kind := kind_of(look))}
    if len(kinds) < 2:
        raise UserError(
            f"there are less than two columns to compare: `{', '.join(kinds) or 'none'}`",
            hint="records are compared by names, dates, codes or texts, filled in at least one row of twenty",
        )
    # Those that say most by being equal first, as they make the fewest pairs for what is filled in.
    filled = {look.name: look.filled for look in looks}
    equal = [name for name, kind in kinds.items() if not kind.startswith(("Items", "Number"))] or list(kinds)
    telling = sorted(equal, key=lambda name: (pairs((name,)) / max(filled[name], 1) ** 2, name))[:MOST_COLUMNS]
    columns = tuple(name for name in kinds if name in telling or name not in equal)
    compare = tuple(kinds[name] for name in columns)
    choice = chosen([look for look in looks if look.name in columns])
    if choice:
        return Proposal(columns, compare, **vars(choice))
    return Proposal(columns, compare, *_by_rarity(telling, list(kinds), pairs, looks[0].rows))


def _by_rarity(telling: Sequence[str], names: Sequence[str], pairs: Pairs, rows: int) -> tuple[Rules, Rules, Rules]:
    """Return rules, and those to train by, of columns whose values few rows share: what is left where nothing is known
    of which rows are the same.
    """
    alone = [name for name in telling if pairs((name,)) <= PAIRS_A_ROW * rows]
    rest = combinations([name for name in telling if name not in alone], 2)
    both = [each for each in rest if pairs(each) <= PAIRS_A_ROW * rows]
    block = (*((name,) for name in alone), *both)[:MOST_RULES] or (tuple(telling),)
    first, *others = telling
    second = others[:2] or [name for name in names if name != first][:1]
    return block, tuple((first, each) for each in second), ((first,), tuple(second))


def _kind_of_number(look: Look) -> str:
    if look.kind == "integer" and look.smallest >= 1000 and look.largest <= 2200:
        return f'Number("{look.name}", within=(1.0, 5.0))'
    if look.kind == "integer" and look.largest >= 10_000:
        return f'Identifier("{look.name}")'
    step = max((look.largest - look.smallest) / 100, 1e-6)
    return f'Number("{look.name}", within=({step:.3g}, {step * 5:.3g}))'.replace("e+", "e")
