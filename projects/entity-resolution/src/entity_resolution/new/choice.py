"""Rules, training and threshold chosen by what they would find, of pairs that are of one entity and of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from entity_resolution.engine.blocking.budget import budget
from entity_resolution.new.agreement import Agreement, Floats
from entity_resolution.new.latent import Classes

Columns = tuple[str, ...]
Flags = npt.NDArray[np.bool_]

MOST_RULES = 10
# What a rule must find of all pairs of one entity that no other rule finds.
LEAST_GAIN = 0.0003
# Rules that make so many pairs for each row cost the same; of more, it must find so many.
PAIRS_FREE, LEAST_YIELD = 5, 0.001
# Where hardly any pair of a pool is of another entity, two records that agree so are the same.
SURE = 0.9
MOST_SURE = 4
# Where less than this of what is of one entity is sure, the others are of no class that was told.
LEAST_SURE = 0.3
# Weights are learned among pairs of which so many are of one entity, of those that do not agree by chance.
LEARNED_AMONG, LEAST_PURE = 0.7, 0.1
# A column in which a class agrees at least so much of what rows of one entity do is none that it differs in.
STAYS = 0.5
# Rows that are of one entity in a pool at least, before anything is chosen by it.
LEAST_SAME = 100
# All ways in which two rows agree, differ or are empty are counted for so many columns: 3 to this power.
MOST_COUNTED = 10
LOWEST, HIGHEST = 0.95, 0.99999


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        block, sure, sessions: Columns that two records agree in, by rule; or the code of a rule.
        recall: Which share of all pairs of one entity `sure` finds.
        threshold: The probability from which two records are the same; None for the one that entities have.
        reached: Which share of all pairs of one entity `block` finds; None where it is not known.
    """

    block: tuple[Columns | str, ...]
    sure: tuple[Columns | str, ...]
    sessions: tuple[Columns | str, ...]
    recall: float
    threshold: float | None = None
    reached: float | None = None


@dataclass(frozen=True)
class Expected:
    """How many pairs of each class there are, and in how many of them each pattern.

    Attributes:
        columns: The columns of the patterns.
        agree: For each class, the probability that two rows agree in each column.
        pairs: Of all rows, for each class; of chance, all that are of no other.
        equal: A row for each pattern: in which columns the two agree.
        empty: In which columns one of the two has no value.
        shares: For each pattern and class, the probability of it.
        same: The classes that are of one entity.
    """

    columns: Columns
    agree: Floats
    pairs: Floats
    equal: Flags
    empty: Flags
    shares: Floats
    same: tuple[int, ...]

    def found_by(self, rules: Sequence[Columns]) -> Flags:
        """Return whether each pattern is found by a rule."""
        found = np.zeros(len(self.equal), dtype=bool)
        for rule in rules:
            found |= self.equal[:, [self.columns.index(name) for name in rule]].all(axis=1)
        return found

    @property
    def of_one(self) -> Floats:
        """How many pairs of one entity there are of each pattern."""
        of_one: Floats = self.shares[:, list(self.same)] @ self.pairs[list(self.same)]
        return of_one


def choose(found: Agreement, classes: Classes) -> Choice | None:
    """Choose by the classes of pairs; None where too few are of one entity, or they agree in too little."""
    same = classes.purity * np.array([pool.times.sum() for pool in found.pools])
    if not len(same) or same.max() < LEAST_SAME:
        return None
    expected = expect(found, classes)
    if not expected.of_one.sum():
        return None
    block = _block(found, expected, budget(found.rows))
    sure = _sure(expected)
    sessions = _sessions(_learned_among(found, classes, same))
    if not (block and sure and sessions):
        return None
    of_one = expected.of_one
    return Choice(
        block=block,
        sure=sure,
        sessions=sessions,
        recall=_share(of_one, expected.found_by(sure)),
        threshold=_threshold(expected, block),
        reached=_share(of_one, expected.found_by(block)),
    )


def expect(found: Agreement, classes: Classes) -> Expected:
    """Return how many pairs of each class are expected to agree in what."""
    # What tells most is counted.
    telling = np.argsort(found.chance, kind="stable")[:MOST_COUNTED]
    columns = tuple(found.columns[place] for place in telling)
    agree = classes.agree[:, telling]
    both = found.filled[telling] ** 2
    ways = np.array(list(product((0, 1, 2), repeat=len(columns))), dtype=np.int8)
    shares = np.ones((len(ways), len(agree)))
    for place in range(len(columns)):
        for kind, alike in enumerate(agree[:, place]):
            chances = np.array([both[place] * (1 - alike), both[place] * alike, 1 - both[place]])
            shares[:, kind] *= chances[ways[:, place]]
    pairs = np.array([_pairs(found, classes, kind) for kind in range(len(agree))])
    pairs[0] = max(found.rows * (found.rows - 1) / 2 - pairs[1:].sum(), 0)
    return Expected(columns, agree, pairs, ways == 1, ways == 2, shares, classes.same)


def _pairs(found: Agreement, classes: Classes, kind: int) -> float:
    """Return how many pairs of all rows are of a class: the median of what its pools come to, by their rows of it."""
    several, weights = [], []
    for pool, share in zip(found.pools, classes.shares[:, kind], strict=True):
        places = [found.columns.index(name) for name in pool.columns]
        if (classes.agree[kind, places] <= found.chance[places]).any():
            continue
        chance = float(np.prod(classes.agree[kind, places] * found.filled[places] ** 2))
        several.append(pool.pairs * share / chance)
        weights.append(pool.times.sum() * share * share)
    if not several:
        return 0.0
    order = np.argsort(several)
    middle = np.searchsorted(np.cumsum(np.array(weights)[order]), sum(weights) / 2)
    return float(np.array(several)[order][middle])


def _block(found: Agreement, expected: Expected, most: float) -> tuple[Columns, ...]:
    """Return the rules that find most for what they cost, as long as each finds something that no other does."""
    left = {pool.columns: pool for pool in found.pools if set(pool.columns) <= set(expected.columns)}
    # What a value that is too common holds together is not found.
    finds = {columns: expected.found_by([columns]) * (pool.kept / pool.pairs) for columns, pool in left.items()}
    of_one = expected.of_one
    rules: list[Columns] = []
    all_of, free = of_one.sum(), PAIRS_FREE * found.rows
    while len(rules) < MOST_RULES:
        worth = {
            columns: gain / (pool.kept + free)
            for columns, pool in left.items()
            if pool.kept <= most
            and (gain := of_one @ finds[columns]) >= max(LEAST_GAIN * all_of, LEAST_YIELD * (pool.kept - free))
        }
        best = max(worth, key=lambda columns: (worth[columns], columns), default=None)
        if best is None:
            break
        rules.append(best)
        most -= left.pop(best).kept
        of_one = of_one * (1 - finds[best])
    return tuple(rules)


def _sure(expected: Expected) -> tuple[Columns, ...]:
    """Return the rules of as few columns as will do that most pairs of one entity meet, and hardly any others.

    Two, or where much is empty, more of them.
    """
    of_one, of_all = expected.of_one, expected.shares @ expected.pairs
    for several, most in ((2, 2), (3, 2), (3, MOST_SURE)):
        found = {rule: expected.found_by([rule]) for rule in combinations(sorted(expected.columns), several)}
        finds = {rule: of_one[is_found].sum() for rule, is_found in found.items()}
        pure = [rule for rule, is_found in found.items() if finds[rule] >= SURE * of_all[is_found].sum() > 0]
        best = sorted(pure, key=lambda rule: (-finds[rule], rule))[:most]
        if best and _share(of_one, expected.found_by(best)) >= LEAST_SURE:
            return tuple(best)
    return ()


def _learned_among(found: Agreement, classes: Classes, same: Floats) -> list[Columns]:
    """Return the pools that have most of one entity, those of which that agree otherwise than by chance few are not.

    Those first that leave open what may differ: two of one street have one town, whether people move or not.
    """
    purity, apart = classes.purity, 1 - classes.shares[:, 0]
    of_one = classes.agree[list(classes.same)].max(axis=0)
    rest = [kind for kind in range(1, len(classes.agree)) if kind not in classes.same]
    stays = classes.agree[rest] >= STAYS * of_one
    places = [[found.columns.index(name) for name in pool.columns] for pool in found.pools]
    is_open = np.array([stays[:, some].all(axis=1).any() for some in places])
    order = np.lexsort((-same, ~is_open))
    enough = purity >= np.maximum(LEARNED_AMONG * apart, LEAST_PURE)
    return [found.pools[place].columns for place in order if enough[place]]


def _sessions(ranked: Sequence[Columns]) -> tuple[Columns, ...]:
    """Return two that share no column, as one learns of the columns that the other one fixes."""
    for place, first in enumerate(ranked):
        for second in ranked[place + 1 :]:
            if not set(first) & set(second):
                return first, second
    return ()


def _threshold(expected: Expected, block: Sequence[Columns]) -> float:
    """Return the probability at which as many pairs as possible are told rightly, by what they agree in."""
    same = list(expected.same)
    others = [kind for kind in range(len(expected.pairs)) if kind not in same]
    found, of_one = expected.found_by(block), expected.of_one
    # As Splink weighs: against chance alone, each column by itself.
    chance, agree = expected.agree[0], np.average(expected.agree[same], axis=0, weights=expected.pairs[same])
    logs = np.where(expected.equal, np.log2(agree / chance), np.log2((1 - agree) / (1 - chance)))
    weight = np.where(expected.empty, 0, logs).sum(axis=1) + np.log2(expected.pairs[same].sum() / expected.pairs.sum())
    order = np.argsort(-weight[found], kind="stable")
    right = np.cumsum(of_one[found][order])
    false = np.cumsum((expected.shares[:, others] @ expected.pairs[others])[found][order])
    f1 = 2 * right / (right + false + of_one.sum())
    at = weight[found][order][int(f1.argmax())]
    return round(float(np.clip(1 / (1 + 2.0**-at), LOWEST, HIGHEST)), 5)


def _share(of_one: Floats, found: Flags) -> float:
    return float(of_one[found].sum() / of_one.sum())
