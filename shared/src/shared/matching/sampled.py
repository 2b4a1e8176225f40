"""Precision and recall of a clustering, estimated from some entities that people have looked at.

The estimators are those of Binette et al., "Estimating the Performance of Entity Resolution Algorithms" (2022,
arXiv:2210.01230), for entities that were sampled whole: unlike the share of right pairs among the labelled ones, they
count what a labelled record was wrongly joined with, labelled or not, and weigh each entity by how rarely such a one is
drawn.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared.errors import InputError

Drawn = Literal["records", "entities"]
COLUMNS = ("source_system", "source_id", "entity")
WEIGHT = "weight"


@dataclass(frozen=True)
class Labels:
    """Entities that were drawn, with all of their records.

    Attributes:
        entities: The entity of each record, `source:id`.
        weights: What each entity counts: one by the chance with which it was drawn, in any unit. None where that
            follows from how they were drawn.
    """

    entities: Mapping[str, str]
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Estimate:
    """A share, and the standard deviation of its estimate; None where the sample does not tell."""

    value: float
    deviation: float | None


@dataclass(frozen=True)
class Estimates:
    """What a sample says of all pairs.

    Attributes:
        entities: How many of the sample have records that were clustered.
        precision: Share of the found pairs that are right; 1 where the sample has none.
        recall: Share of the true pairs that were found; 1 where the sample has none.
    """

    entities: int
    precision: Estimate
    recall: Estimate


def read_labels(path: Path) -> Labels:
    """Read a sample.

    Args:
        path: A CSV file in UTF-8 with a line for each record: `COLUMNS`, and `WEIGHT`, if it has that.

    Raises:
        InputError: It cannot be read, lacks a column or value, has a record in two entities, or weights that are none.
    """
    entities: dict[str, str] = {}
    weights: dict[str, float] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            weighted = WEIGHT in (reader.fieldnames or ())
            for row in reader:
                source, record, entity = (row[name] for name in COLUMNS)
                weight = float(row[WEIGHT] or 0) if weighted else 1.0
                known = entities.setdefault(f"{source}:{record}", entity) != entity
                differs = weights.setdefault(entity, weight) != weight
                if known or differs or not (source and record and entity and 0 < weight < math.inf):
                    raise _unreadable(path)
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise _unreadable(path) from error
    return Labels(entities, weights if weighted else None)


def estimate(found: Mapping[str, str], labels: Labels, drawn: Drawn) -> Estimates:
    """Estimate how good a clustering is.

    Args:
        found: The cluster of each record, of all records.
        labels: The sample; records that were not clustered do not count.
        drawn: What was drawn where the labels have no weights: entities, each as likely as the others, or records, so
            that an entity is drawn the more often the more records it has.
    """
    sizes = Counter(found.values())
    parts: dict[str, Counter[str]] = {}
    for record, entity in labels.entities.items():
        if record in found:
            parts.setdefault(entity, Counter())[found[record]] += 1
    right, of_found, of_true = [], [], []
    for entity, clusters in parts.items():
        records = sum(clusters.values())
        weight = labels.weights[entity] if labels.weights else 1 / records if drawn == "records" else 1.0
        pairs = sum(math.comb(count, 2) for count in clusters.values())
        wrong = sum(count * (sizes[cluster] - count) for cluster, count in clusters.items())
        right.append(weight * pairs)
        # A wrong pair belongs to two entities, and either may be drawn.
        of_found.append(weight * (pairs + wrong / 2))
        of_true.append(weight * math.comb(records, 2))
    return Estimates(len(parts), _ratio(right, of_found), _ratio(right, of_true))


def _ratio(parts: Sequence[float], wholes: Sequence[float]) -> Estimate:
    """Estimate the ratio of two means, with its bias corrected to the first order, and its deviation."""
    count, part, whole = len(wholes), math.fsum(parts), math.fsum(wholes)
    if not whole:
        return Estimate(1.0, None)
    if not part or count < 2:
        return Estimate(part / whole, None)
    a = [value * count / whole for value in wholes]
    b = [value * count / part for value in parts]
    between = math.fsum(x * (y - x) for x, y in zip(a, b, strict=True))
    spread = math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    value = part / whole * (1 + between / count / (count - 1))
    deviation = part / whole * math.sqrt(spread / count / (count - 1))
    return Estimate(min(1.0, value), deviation)


def _unreadable(path: Path) -> InputError:
    return InputError(
        f"cannot read the labels: `{path}`",
        hint=f"it must be a CSV file in UTF-8 with the columns {', '.join(COLUMNS)} filled in on every line, a "
        f"record in one entity; `{WEIGHT}`, if there is one, above 0 and the same for all records of an entity",
    )
