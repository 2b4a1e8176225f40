"""Which threshold to take: measured where the truth is known, estimated from a labelled sample, or from the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from entity_resolution.engine import resolve, sweep
from entity_resolution.engine.in_memory import in_memory, session_in
from entity_resolution.engine.linking.splink_log import splink_logged
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import current_parties
from entity_resolution.engine.tables import FORMED
from shared.errors import UserError
from shared.matching import Drawn, Labels, estimate, read_labels
from shared.utils.console import step

CANDIDATES = (0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class Figures:
    """How good a resolution is at a threshold, or is thought to be.

    Attributes:
        deviations: Of precision and recall, where they are estimated from a sample that tells them.
    """

    threshold: float
    precision: float
    recall: float
    deviations: tuple[float | None, float | None] = (None, None)

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Suggestion:
    """What each candidate comes to.

    Attributes:
        figures: By threshold, the smallest first.
        how: How they were found, in words.
    """

    figures: Sequence[Figures]
    how: str

    @property
    def threshold(self) -> float:
        """That of the largest F1; of equal ones the highest, which joins least."""
        return max(self.figures, key=lambda each: (round(each.f1, 6), each.threshold)).threshold


def suggest(job: resolve.Job, labels: Path | None = None, drawn: Drawn = "records") -> Suggestion:
    """Look at candidates for the threshold of the model in use, by the parties of now; nothing is written.

    Args:
        job: Where to work.
        labels: A labelled sample, see `shared.matching.read_labels`; it goes before the truth.
        drawn: What it is a sample of.

    Raises:
        UserError: There is no model, core holds no parties as declared, or the labels name none of them.
        InputError: The truth or the labels cannot be read.
    """
    sample = read_labels(labels) if labels else None
    model, truth = resolve.required_model(job), job.options.truth
    wanted = sorted({*CANDIDATES, job.options.threshold})
    resolve.start_splink()
    with splink_logged(job.settings):
        if sample:
            return _sampled(job, model, wanted, sample, drawn)
        rows = sweep.measured(job, truth, wanted, 0.0) if truth else []
        # A truth that names no pair of these records says nothing.
        if any(row["pairs_right"] or row["pairs_missed"] for row in rows):
            names = ("threshold", "precision", "recall")
            shares = ([cast(float, row[name]) for name in names] for row in rows)
            figures = [Figures(threshold, precision, recall) for threshold, precision, recall in shares]
            return Suggestion(figures, "measured against the truth")
        return Suggestion(_estimated(job, model, wanted), "estimated by the model alone, without a truth")


def _sampled(job: resolve.Job, model: Model, thresholds: Sequence[float], sample: Labels, drawn: Drawn) -> Suggestion:
    """Estimate from entities that people have looked at."""
    figures, entities = [], 0
    for threshold, found in sweep.clusters_at_each(job, model, thresholds):
        clusters = dict(zip(found["party_id"].to_pylist(), found["cluster_id"].to_pylist(), strict=True))
        of_all = estimate(clusters, sample, drawn)
        deviations = (of_all.precision.deviation, of_all.recall.deviation)
        figures.append(Figures(threshold, of_all.precision.value, of_all.recall.value, deviations))
        entities = of_all.entities
    if not entities:
        raise UserError("the labels name none of these parties", hint="name another file with --labels")
    return Suggestion(figures, f"estimated from a sample of {entities:,} entities")


def _estimated(job: resolve.Job, model: Model, thresholds: Sequence[float]) -> list[Figures]:
    """Estimate from how probable each compared pair is, taking the model at its word.

    Of the pairs from a threshold on, as many are right as their probabilities add up to. All that are to be found are
    what those of all compared pairs add up to, or what the model thinks there are, whichever is more.
    """
    from entity_resolution.engine.linking.linking import linker_of

    parties = current_parties(job.warehouse, job.entity)
    label = f"estimate {len(thresholds)} thresholds"
    with step(label), in_memory(job.warehouse, job.settings, job.entity, parties) as connection:
        session = session_in(connection, job.entity)
        linker, _, _ = linker_of(session, model)
        pairs = linker.inference.predict().physical_name
        sums = [
            session.ask(f"select count(*), coalesce(sum(match_probability), 0) from {pairs} where {at_least}")[0]
            for at_least in ["true", *(f"match_probability >= {threshold!r}" for threshold in thresholds)]
        ]
        ((records,),) = session.ask(f"select count(*) from {FORMED}")
    (_, total), *of_each = sums
    prior = model.settings["probability_two_random_records_match"] * records * (records - 1) / 2
    there = max(total, prior)
    return [
        Figures(threshold, right / found if found else 1.0, right / there if there else 1.0)
        for threshold, (found, right) in zip(thresholds, of_each, strict=True)
    ]
