"""What a model's page tells: how it weighs agreement, what it can link, and how good it is where the truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entity_resolution.engine import resolve, sweep
from entity_resolution.engine.fillers import hold_out
from entity_resolution.engine.in_memory import in_memory, session_in
from entity_resolution.engine.linking.splink_log import splink_logged
from entity_resolution.engine.model_doubts import SHIFTED
from entity_resolution.engine.model_store import Model
from entity_resolution.engine.parties import current_parties
from entity_resolution.engine.profile import MISSING, Profile, index, profile
from entity_resolution.engine.thresholds import CANDIDATES
from shared.utils.console import step
from shared.utils.files import write_whole

if TYPE_CHECKING:
    from entity_resolution.engine.report.page import Section

MEASURES = ("precision", "recall", "f1")


def write_report(job: resolve.Job, file: Path | None) -> Path:
    """Write the page of the model in use, and return where it is.

    Args:
        job: Where to work; parties are read, and nothing is written to the warehouse.
        file: Where to write it; beside the model where None.

    Raises:
        UserError: There is no model, or core holds no parties as declared.
        InputError: The truth cannot be read.
    """
    model = resolve.required_model(job)
    name = str(job.models.current_name())
    resolve.start_splink()
    # Only now, as it imports Splink.
    from entity_resolution.engine.report.page import page

    with splink_logged(job.settings):
        sections = [*_of_model(job, model), _of_truth(job)]
    path = file or (job.models.folder / name).with_suffix(".html")
    write_whole(path, page(f"{job.entity.name}: {name}", _facts(job, model), sections))
    return path


def _facts(job: resolve.Job, model: Model) -> Mapping[str, str]:
    prior = model.settings["probability_two_random_records_match"]
    seen = ", ".join(f"{count:,} of {source}" for source, count in model.trained_on.items())
    return {
        "weights": "learned from the records" if model.learned else "Splink's starting weights: too few sure matches",
        "trained on": seen or "no records",
        "two records at random are the same": f"1 pair in {1 / prior:,.0f}" if prior else "never",
        "threshold": f"{job.options.threshold:g}",
    }


def _of_model(job: resolve.Job, model: Model) -> Iterator[Section]:
    """Return the sections that need no truth."""
    from entity_resolution.engine.linking.linking import make_linker
    from entity_resolution.engine.report.page import Section

    parties = current_parties(job.warehouse, job.entity)
    with step("draw the model"), in_memory(job.warehouse, job.settings, job.entity, parties) as connection:
        session = session_in(connection, job.entity)
        hold_out(session.ask, job.entity, model.fillers, model.words)
        linker = make_linker(session.api, model.settings)
        yield Section(
            "Match weights",
            "How much each level of agreement speaks for two records being the same (right) or not (left). 1 doubles "
            "the odds, and so does each further 1.",
            linker.visualisations.match_weights_chart().chart_dict,
        )
        yield Section(
            "m and u",
            "How often records that are the same agree at each level (m), and how often strangers do (u).",
            linker.visualisations.m_u_parameters_chart().chart_dict,
        )
        yield _stability(model.profile, profile(session.ask, job.entity))
        unlinkable = linker.evaluation.unlinkables_chart()
        yield Section(
            "Unlinkable records",
            "The share of records that say too little about themselves to be linked at a threshold, even to a record "
            "that is equal." + ("" if unlinkable.raw_records else " There is none."),
            unlinkable.chart_dict if unlinkable.raw_records else None,
        )


def _stability(then: Profile, now: Profile) -> Section:
    """Return the section of how far values are from those of the training."""
    from entity_resolution.engine.report.page import Section

    indices = {column: index(then[column], classes) for column, classes in now.items() if column in then}
    head = ["column", "index", "missing in training", "missing now"]
    rows = [
        [column, f"{value:.3f}", *(f"{_missing(spread[column]):.1%}" for spread in (then, now))]
        for column, value in sorted(indices.items(), key=lambda each: -each[1])
    ]
    return Section(
        "Stability",
        "How far the values of each column are from those that the model was trained on, by the population stability "
        f"index: from {SHIFTED} on they are held to be of another population, and a run warns.",
        rows=[head, *rows] if rows else [],
    )


def _missing(classes: Mapping[str, int]) -> float:
    """Return the share of records without a value; what is counted by hash is counted once."""
    missing = classes.get(MISSING, 0)
    filled = sum(n for name, n in classes.items() if name.startswith("hash"))
    return missing / (missing + filled) if missing + filled else 0.0


def _of_truth(job: resolve.Job) -> Section:
    """Return the section of precision and recall."""
    from entity_resolution.engine.report.page import Section

    title, truth = "Precision and recall", job.options.truth
    if truth is None:
        return Section(title, "Not measured: there is no truth (--truth or ENTITY_TRUTH).")
    rows = sweep.measured(job, truth, sorted({*CANDIDATES, job.options.threshold}), 0.0)
    if not any(row["pairs_right"] or row["pairs_missed"] for row in rows):
        return Section(title, "Not measured: the truth names no pair of these records.")
    head = ["threshold", *MEASURES, "pairs right", "wrong", "missed"]
    table = [
        [f"{row['threshold']:g}", *(f"{row[name]:.4f}" for name in MEASURES)]
        + [f"{row[f'pairs_{name}']:,}" for name in ("right", "wrong", "missed")]
        for row in rows
    ]
    text = "Of all pairs that are in one entity at each threshold, against the truth; the threshold in use among them."
    return Section(title, text, _lines(rows), [head, *table])


def _lines(rows: list[sweep.Row]) -> dict[str, Any]:
    values = [
        {"threshold": f"{row['threshold']:g}", "measure": name, "value": row[name]} for row in rows for name in MEASURES
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": values},
        "width": 600,
        "height": 260,
        "mark": {"type": "line", "point": True, "tooltip": True},
        "encoding": {
            # Apart alike, since what matters lies between 0.9 and 1.
            "x": {"field": "threshold", "type": "ordinal", "sort": None, "axis": {"labelAngle": 0}},
            "y": {"field": "value", "type": "quantitative", "scale": {"zero": False}, "title": None},
            "color": {"field": "measure", "type": "nominal", "sort": list(MEASURES), "title": None},
        },
    }
