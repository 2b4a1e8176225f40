"""What a first declaration says: kinds by the look of values, rules by how many pairs they would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from entity_resolution.new.profile import Look
from shared.errors import UserError

# A value of a class comes so many times at least, and there are so many classes at most.
ROWS_A_CLASS, MOST_CLASSES = 20, 60
# What is empty nearly everywhere tells nothing.
LEAST_FILLED = 0.05
# Pairs that a rule may make for each row.
PAIRS_A_ROW = 20
MOST_RULES, MOST_COLUMNS = 10, 12
Pairs = Callable[[tuple[str, ...]], float]


@dataclass(frozen=True)
class Proposal:
    """What a declaration is written from: each part as the code of its items.

    Attributes:
        columns: The columns that are compared.
        compare: Their kinds, as they are written.
        block, sure, sessions: Columns that two records agree in, by rule.
    """

    columns: tuple[str, ...]
    compare: tuple[str, ...]
    block: tuple[tuple[str, ...], ...]
    sure: tuple[tuple[str, ...], ...]
    sessions: tuple[tuple[str, ...], ...]


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


def propose(looks: Sequence[Look], pairs: Pairs) -> Proposal:
    """Return what to declare of columns, by what agreeing in them comes to.

    Args:
        looks: The columns that may be compared.
        pairs: Says how many pairs agree in all of some columns, for as many rows as were looked at.

    Raises:
        UserError: There are less than two columns to compare.
    """
    kinds = {look.name: kind for look in looks if (kind := kind_of(look))}
    if len(kinds) < 2:
        raise UserError(
            f"there are less than two columns to compare: `{', '.join(kinds) or 'none'}`",
            hint="records are compared by names, dates, codes or texts, filled in at least one row of twenty",
        )
    rows = looks[0].rows
    # Those that say most by being equal first, as they make the fewest pairs for what is filled in.
    filled = {look.name: look.filled for look in looks}
    equal = [name for name, kind in kinds.items() if not kind.startswith(("Items", "Number"))] or list(kinds)
    telling = sorted(equal, key=lambda name: (pairs((name,)) / max(filled[name], 1) ** 2, name))[:MOST_COLUMNS]
    alone = [name for name in telling if pairs((name,)) <= PAIRS_A_ROW * rows]
    rest = combinations([name for name in telling if name not in alone], 2)
    both = [each for each in rest if pairs(each) <= PAIRS_A_ROW * rows]
    block: list[tuple[str, ...]] = [*((name,) for name in alone), *both][:MOST_RULES] or [tuple(telling)]
    first, *others = telling
    second = others[:2] or [name for name in kinds if name != first][:1]
    columns = tuple(name for name in kinds if name in telling or name not in equal)
    return Proposal(
        columns,
        tuple(kinds[name] for name in columns),
        tuple(block),
        sure=((first, second[0]),) if len(second) == 1 else ((first, second[0]), (first, second[1])),
        sessions=((first,), tuple(second)),
    )


def _kind_of_number(look: Look) -> str:
    if look.kind == "integer" and look.smallest >= 1000 and look.largest <= 2200:
        return f'Number("{look.name}", within=(1.0, 5.0))'
    if look.kind == "integer" and look.largest >= 10_000:
        return f'Identifier("{look.name}")'
    step = max((look.largest - look.smallest) / 100, 1e-6)
    return f'Number("{look.name}", within=({step:.3g}, {step * 5:.3g}))'.replace("e+", "e")
