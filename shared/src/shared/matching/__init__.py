"""How well records were matched: which of them are one entity, held against a truth."""

from shared.matching.clusters import connected
from shared.matching.measures import Clusters, Measures, compare
from shared.matching.truth import read_pairs

__all__ = ["Clusters", "Measures", "compare", "connected", "read_pairs"]
