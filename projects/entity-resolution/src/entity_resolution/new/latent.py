"""Which rows are of one entity, told by nothing but how they agree: a latent class model of pairs.

Rows agree by chance, since they are of one entity, or since they belong together otherwise: people of one household,
inventors of one patent. In each of these classes they agree in a column with a probability of its own, wherever they
are found; what differs from pool to pool is how many are of which class. Learned by expectation maximisation.

Goodman, L. A. (1974). Exploratory latent structure analysis using both identifiable and unidentifiable models.
Biometrika 61(2), with the class of chance held fixed, and the shares of the classes by pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entity_resolution.new.agreement import Agreement, Floats, Pool

CLASSES = 3
# A class that says this share of what the one that says most does is of one entity as well: people who moved are.
AS_TELLING = 0.6
ROUNDS, ENOUGH = 300, 1e-3
# Where learning starts from, for what is of one entity.
AGREES = 0.92
# No pool says more than so many of its pairs.
MOST_OF_POOL = 2_000.0
LEAST, MOST = 1e-6, 0.995


@dataclass(frozen=True)
class Classes:
    """What was learned.

    Attributes:
        agree: For each class, chance first, the probability that two rows agree in each column.
        shares: For each pool, the share of each class.
        same: The classes that are of one entity.
    """

    agree: Floats
    shares: Floats
    same: tuple[int, ...]

    @property
    def purity(self) -> Floats:
        """Which share of each pool is of one entity."""
        purity: Floats = self.shares[:, list(self.same)].sum(axis=1)
        return purity


def learn(found: Agreement) -> Classes:
    """Learn the classes of pairs from pools of them."""
    chance = np.clip(found.chance, LEAST, MOST)
    steps = np.arange(1, CLASSES) / (CLASSES - 1)
    agree = np.vstack([chance, *(chance + (AGREES - chance) * step for step in steps)])
    shares = np.full((len(found.pools), CLASSES), 1 / CLASSES)
    before = -np.inf
    for _ in range(ROUNDS):
        times, known, likelihood = np.zeros_like(agree), np.zeros_like(agree), 0.0
        for place, pool in enumerate(found.pools):
            expected, likely = _expected(pool, agree, shares[place])
            # Half a pair of each class, so that none is ruled out by a small pool.
            share = expected.sum(axis=0) + 0.5
            shares[place] = share / share.sum()
            times += expected.T @ np.nan_to_num(pool.patterns)
            known += expected.T @ ~np.isnan(pool.patterns)
            likelihood += likely
        # Nobody agrees in a column less than by chance, and chance is known.
        agree = np.clip(np.maximum((times + agree) / (known + 1), chance), LEAST, MOST)
        agree[0] = chance
        if abs(likelihood - before) < ENOUGH:
            break
        before = likelihood
    told = (agree[1:] * -np.log2(chance)).sum(axis=1)
    same = tuple(int(place) + 1 for place in np.flatnonzero(told >= AS_TELLING * told.max()))
    return Classes(agree, shares, same)


def _expected(pool: Pool, agree: Floats, shares: Floats) -> tuple[Floats, float]:
    """Return how many pairs of each pattern are of each class, and the logarithm of how likely all of them are."""
    known, agreed = ~np.isnan(pool.patterns), np.nan_to_num(pool.patterns)
    logs = agreed @ np.log(agree).T + (known - agreed) @ np.log(1 - agree).T + np.log(shares)
    most = logs.max(axis=1, keepdims=True)
    odds = np.exp(logs - most)
    of_all = odds.sum(axis=1, keepdims=True)
    times = pool.times * min(1.0, MOST_OF_POOL / pool.times.sum())
    return odds / of_all * times[:, None], float(times @ (np.log(of_all) + most)[:, 0])
