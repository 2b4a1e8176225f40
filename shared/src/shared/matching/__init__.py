"""How well records were matched: which of them are one entity, held against a truth."""

from shared.matching.clusters import connected
from shared.matching.measures import Clusters, Measures, compare
from shared.matching.sampled import Drawn, Estimates, Labels, estimate, read_labels
from shared.matching.truth import read_pairs

__all__ = [
    "Clusters",
    "Drawn",
    "Estimates",
    "Labels",
    "Measures",
    "compare",
    "connected",
    "estimate",
    "read_labels",
    "read_pairs",
]
