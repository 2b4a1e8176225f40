"""The BG/NBD model of repeat buying: how often customers come back, and whether they still do.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD
Model, Marketing Science 24 (2), 2005. While a customer is active, purchases are a Poisson process whose rate is gamma
distributed over customers (r, alpha); after each purchase the customer becomes inactive with a probability that is
beta distributed (a, b). A customer is known by three numbers: `frequency` x, repeat purchases; `recency` t_x, time
from the first purchase to the last; `age` T, time from the first purchase to now.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from shared.errors import InputError

Array = npt.NDArray[np.float64]
FEWEST_CUSTOMERS = 10


@dataclass(frozen=True)
class BgNbd:
    """A fitted model; `alpha` is in the unit of time of the data.

    Attributes:
        log_likelihood: Of the data it was fitted to.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def probability_active(self, frequency: Array, recency: Array, age: Array) -> Array:
        """Return how probably each customer is still active; who has not come back yet is, in this model."""
        return 1 / (1 + self._odds_inactive(frequency, recency, age))

    def expected_purchases(self, time: float, frequency: Array, recency: Array, age: Array) -> Array:
        """Return how many purchases each customer is expected to make in the `time` that comes.

        The paper's equation (10), after Euler's transformation of the hypergeometric function: as it stands there,
        powers of the frequency overflow for customers who come every day.
        """
        z = time / (self.alpha + age + time)
        series = hyp2f1(self.a + self.b - 1 - self.r, self.a - 1, self.a + self.b + frequency - 1, z)
        active = (self.a + self.b + frequency - 1) / (self.a - 1) * (1 - (1 - z) ** (self.a - 1) * series)
        return np.asarray(active * self.probability_active(frequency, recency, age))

    def _odds_inactive(self, frequency: Array, recency: Array, age: Array) -> Array:
        came_back = frequency > 0
        repeats = np.where(came_back, frequency, 1)
        growth = np.log((self.alpha + age) / (self.alpha + recency))
        return np.where(came_back, self.a / (self.b + repeats - 1) * np.exp((self.r + frequency) * growth), 0.0)


def fit_bg_nbd(frequency: Array, recency: Array, age: Array) -> BgNbd:
    """Fit the model by maximum likelihood.

    Raises:
        InputError: There are too few customers, or nobody has come back.
    """
    if len(frequency) < FEWEST_CUSTOMERS or not (frequency > 0).any():
        raise InputError(
            f"too few customers who have come back: `{int((frequency > 0).sum())}` of `{len(frequency)}`",
            hint="take a larger sample or a longer time",
        )
    # So that the search sees times near 1 whatever their unit; alpha is scaled back.
    scale = float(np.mean(age))

    def loss(logs: Array) -> float:
        return -float(np.mean(log_likelihoods(np.exp(logs), frequency, recency / scale, age / scale)))

    best = minimize(loss, np.zeros(4), method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-7, "fatol": 1e-11})
    r, alpha, a, b = np.exp(best.x) * (1, scale, 1, 1)
    total = float(np.sum(log_likelihoods(np.array([r, alpha, a, b]), frequency, recency, age)))
    return BgNbd(float(r), float(alpha), float(a), float(b), total)


def log_likelihoods(parameters: Array, frequency: Array, recency: Array, age: Array) -> Array:
    """Return the log-likelihood of each customer, the paper's equation (6)."""
    r, alpha, a, b = parameters
    common = gammaln(r + frequency) - gammaln(r) + r * np.log(alpha) + betaln(a, b + frequency) - betaln(a, b)
    still_active = -(r + frequency) * np.log(alpha + age)
    repeats = np.maximum(frequency, 1)
    gone = np.log(a) - np.log(b + repeats - 1) - (r + frequency) * np.log(alpha + recency)
    return np.asarray(common + np.logaddexp(still_active, np.where(frequency > 0, gone, -np.inf)))
