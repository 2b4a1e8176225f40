"""Precision, recall, F1 and homogeneity of a clustering of records, one definition for everybody who measures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from shared.utils.calculator import calculator

Clusters: TypeAlias = Mapping[str, str] | pa.Table

# A cell of the contingency table holds the records of one found and one true cluster. What follows needs only how many
# there are with these three counts, which are few however many records there are.
CELLS = """
    with cell as (
        select found.cluster as found, truth.cluster as truth, count(*) as n
        from found inner join truth on found.record = truth.record group by all
    )
    select n, of_found, of_truth, count(*) from (
        select n, sum(n) over (partition by found) as of_found, sum(n) over (partition by truth) as of_truth from cell
    ) group by all
"""


@dataclass(frozen=True)
class Measures:
    """How a clustering compares with the true one, over the records that both name.

    What was never claimed is not wrong, and what is not there cannot be missed: precision is 1 where no pair was
    found, recall 1 where the truth has none, and each measure is 1 where there is no record.

    Attributes:
        records: How many records both name.
        pairs_right: Pairs of records that share a cluster in both.
        pairs_wrong: Pairs that share a found cluster and no true one.
        pairs_missed: Pairs that share a true cluster and no found one.
        precision: Share of the found pairs that are right.
        recall: Share of the true pairs that were found.
        f1: Harmonic mean of the two.
        bcubed_precision: Mean over records of the share of its found cluster that is in its true one.
        bcubed_recall: Mean over records of the share of its true cluster that is in its found one.
        bcubed_f1: Harmonic mean of the two.
        homogeneity: How little found clusters mix true ones: 1 - H(true | found) / H(true), and 1 where all records
            are one true cluster.
    """

    records: int
    pairs_right: int
    pairs_wrong: int
    pairs_missed: int
    precision: float
    recall: float
    f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    homogeneity: float


def compare(found: Clusters, truth: Clusters) -> Measures:
    """Measure a clustering against the true one, in time that grows with the records and not with their pairs.

    Args:
        found: The cluster of each record: a mapping, or a table whose first two columns are record and cluster. It has
            a record once; a cluster's name means nothing beyond it.
        truth: The same; a record that only one of the two names is not judged.
    """
    with calculator() as connection:
        connection.register("found", _as_table(found))
        connection.register("truth", _as_table(truth))
        cells = [tuple(map(int, row)) for row in connection.sql(CELLS).fetchall()]
    records = sum(count * n for n, _, _, count in cells)
    right = sum(count * n * (n - 1) for n, _, _, count in cells) // 2
    pairs_found = sum(count * n * (of_found - 1) for n, of_found, _, count in cells) // 2
    pairs_true = sum(count * n * (of_truth - 1) for n, _, of_truth, count in cells) // 2
    # Sums that are exact whatever the order, as the same clusters shall give the same figures.
    bcubed_precision = _share(math.fsum(count * n * n / of_found for n, of_found, _, count in cells), records)
    bcubed_recall = _share(math.fsum(count * n * n / of_truth for n, _, of_truth, count in cells), records)
    mixed = math.fsum(count * n * math.log(of_found / n) for n, of_found, _, count in cells)
    entropy = math.fsum(count * n * math.log(records / of_truth) for n, _, of_truth, count in cells)
    return Measures(
        records=records,
        pairs_right=right,
        pairs_wrong=pairs_found - right,
        pairs_missed=pairs_true - right,
        precision=_share(right, pairs_found),
        recall=_share(right, pairs_true),
        f1=_share(2 * right, pairs_found + pairs_true),
        bcubed_precision=bcubed_precision,
        bcubed_recall=bcubed_recall,
        bcubed_f1=2 * bcubed_precision * bcubed_recall / (bcubed_precision + bcubed_recall),
        homogeneity=max(0.0, 1 - mixed / entropy) if entropy else 1.0,
    )


def _as_table(clusters: Clusters) -> pa.Table:
    if isinstance(clusters, Mapping):
        return pa.table(
            {"record": pa.array(clusters, pa.string()), "cluster": pa.array(clusters.values(), pa.string())}
        )
    return clusters.select([0, 1]).rename_columns(["record", "cluster"])


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 1.0
