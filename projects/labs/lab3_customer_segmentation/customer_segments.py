"""Clusters of households by k-means: the scores they are made from, how many there are, and how stable they are.

What the lab's Python models share. Every result depends on the rows alone, neither on their order nor on the run: rows
are sorted by household, k-means is seeded and computes on one thread, and clusters are numbered by their centres.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

KEY = "household_id"
# What a household is judged by, in the columns of `slv_households`; the first decides how clusters are numbered.
MEASURES = {
    "sales": "monetary_score",
    "baskets": "frequency_score",
    "recency_days": "recency_score",
    "promotion_share": "promotion_score",
}
SCORES = [*MEASURES.values()]
CLUSTER_COUNTS = range(3, 9)
RESAMPLES = 20
SEED = 20170101

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


def scores(households: pd.DataFrame) -> pd.DataFrame:
    """Return each household's scores, sorted by household: logs of one plus the measure, with mean 0 and deviation 1.

    A measure that is the same everywhere says nothing: its score is 0.
    """
    ordered = households.sort_values(KEY, ignore_index=True)
    logs = np.log1p(ordered[[*MEASURES]].to_numpy(dtype=np.float64))
    deviations = logs.std(axis=0)
    same = deviations < 1e-12
    scaled = np.where(same, 0.0, (logs - logs.mean(axis=0)) / np.where(same, 1.0, deviations))
    scored = pd.DataFrame(scaled, columns=SCORES)
    scored.insert(0, KEY, ordered[KEY])
    return scored


def cluster_choice(scored: pd.DataFrame) -> pd.DataFrame:
    """Return, for each number of clusters that was tried, its mean silhouette and inertia, and which one is chosen.

    The highest silhouette wins, of equals the smallest number.

    Raises:
        ValueError: The households are too few, or too much alike, for three clusters.
    """
    points = _points(scored)
    distinct = len(np.unique(points, axis=0))
    tried = [count for count in CLUSTER_COUNTS if count < distinct]
    if not tried:
        raise ValueError(f"three clusters need at least four different households: `{distinct}`")
    rows = []
    for count in tried:
        fitted = _fit(points, count)
        with _one_thread():
            silhouette = float(silhouette_score(points, fitted.labels_))
        rows.append(
            {"clusters": count, "silhouette": round(silhouette, 6), "inertia": round(float(fitted.inertia_), 4)}
        )
    choice = pd.DataFrame(rows)
    choice["is_chosen"] = choice.index == choice["silhouette"].idxmax()
    return choice


def chosen_count(choice: pd.DataFrame) -> int:
    """Return the number of clusters that `cluster_choice` chose."""
    return int(choice.loc[choice["is_chosen"], "clusters"].iloc[0])


def clusters(scored: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the scores with each household's cluster, numbered from 1 by how much the cluster's centre spends."""
    labelled = scored.copy()
    labelled.insert(1, "cluster", _numbered(_fit(_points(scored), count)))
    return labelled


def stability(scored: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return how well the clusters of bootstrap resamples agree with those of all households.

    Each resample draws as many households as there are, with replacement; its clusters are then asked about all
    households, and their labels compared with the clusters of all by the adjusted Rand index: 1 is the same clusters,
    0 is what chance gives.
    """
    points = _points(scored)
    reference = _fit(points, count).labels_
    generator = np.random.default_rng(SEED)
    rows = []
    for resample in range(1, RESAMPLES + 1):
        drawn = points[generator.integers(0, len(points), len(points))]
        fitted = _fit(drawn, min(count, len(np.unique(drawn, axis=0))))
        with _one_thread():
            agreement = float(adjusted_rand_score(reference, fitted.predict(points)))
        rows.append({"resample": resample, "adjusted_rand_index": round(agreement, 6)})
    return pd.DataFrame(rows)


def _points(scored: pd.DataFrame) -> Points:
    points: Points = scored.sort_values(KEY)[SCORES].to_numpy(dtype=np.float64)
    return points


def _fit(points: Points, count: int) -> KMeans:
    with _one_thread():
        return KMeans(n_clusters=count, n_init=10, random_state=SEED).fit(points)


def _numbered(fitted: KMeans) -> Labels:
    """Return a fit's labels with clusters from 1, by falling centre: k-means numbers them at random."""
    centres: Points = fitted.cluster_centers_
    # Rounded, so that rounding errors decide nothing; the last key of lexsort is the first to count.
    order = np.lexsort(np.round(-centres, 9).T[::-1])
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(1, len(order) + 1)
    labels: Labels = numbers[fitted.labels_]
    return labels


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread: sums over several differ in their last digits from run to run."""
    with threadpool_limits(limits=1):
        yield
