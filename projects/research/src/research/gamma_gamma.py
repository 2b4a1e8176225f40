"""The gamma-gamma model of spend: what a customer pays on average, from the few purchases that are known.

P. S. Fader, B. G. S. Hardie, The Gamma-Gamma Model of Monetary Value, 2013 (brucehardie.com/notes/025). It takes the
spend per purchase for independent of how often somebody buys: look at their correlation before you believe it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import gammaln

from shared.errors import InputError

Array = npt.NDArray[np.float64]
FEWEST_CUSTOMERS = 10


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model; `v` is in the unit of money of the data."""

    p: float
    q: float
    v: float

    def expected_spend(self, purchases: Array, mean_spend: Array) -> Array:
        """Return the expected spend per purchase: between the customer's own mean and that of all."""
        return np.asarray(self.p * (self.v + purchases * mean_spend) / (self.p * purchases + self.q - 1))


def fit_gamma_gamma(purchases: Array, mean_spend: Array) -> GammaGamma:
    """Fit the model by maximum likelihood to customers with at least one purchase whose mean spend is positive.

    Raises:
        InputError: There are too few of them.
    """
    known = (purchases > 0) & (mean_spend > 0)
    if known.sum() < FEWEST_CUSTOMERS:
        raise InputError(
            f"too few customers with spend: `{int(known.sum())}`", hint="take a larger sample or a longer time"
        )
    x, scale = purchases[known], float(np.mean(mean_spend[known]))
    m = mean_spend[known] / scale

    def loss(logs: Array) -> float:
        return -float(np.mean(log_likelihoods(np.exp(logs), x, m)))

    best = minimize(loss, np.zeros(3), method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-7, "fatol": 1e-11})
    p, q, v = np.exp(best.x) * (1, 1, scale)
    return GammaGamma(float(p), float(q), float(v))


def log_likelihoods(parameters: Array, purchases: Array, mean_spend: Array) -> Array:
    """Return the log-likelihood of each customer."""
    p, q, v = parameters
    px = p * purchases
    return np.asarray(
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(v)
        + (px - 1) * np.log(mean_spend)
        + px * np.log(purchases)
        - (px + q) * np.log(purchases * mean_spend + v)
    )
