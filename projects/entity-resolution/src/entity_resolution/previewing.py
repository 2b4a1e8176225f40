"""The commands that look and write nothing to master: `run --dry-run`, `model`, `suggest-threshold`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from entity_resolution.engine.preview import Preview
from entity_resolution.engine.thresholds import Suggestion
from shared.command_line import Parser


def add_parsers(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the arguments of `model` and `suggest-threshold`."""
    parser = commands.add_parser("model", help="look at saved models")
    kinds = parser.add_subparsers(dest="look", required=True)
    diff = kinds.add_parser("diff", help="what a model would change in what another one finds; nothing is written")
    diff.add_argument("first", metavar="A", help="a saved model: `model-1.json`, or its number")
    diff.add_argument("second", metavar="B", help="the one in its place")
    diff.set_defaults(truth=None)
    report = kinds.add_parser("report", help="write a page of weights, precision and recall of the model in use")
    report.add_argument("--output", metavar="FILE", help="where to write it; beside the model otherwise")
    report.add_argument("--truth", metavar="PATH", help="CSV of pairs of the same entity")
    for command in (diff, report):
        command.add_argument("--entity", metavar="NAME", help="whose; needed where several entities are declared")
    suggest = commands.add_parser("suggest-threshold", help="measure or estimate which threshold does best")
    suggest.add_argument("--truth", metavar="PATH", help="CSV of pairs of the same entity; without one it is estimated")
    suggest.add_argument(
        "--labels", metavar="PATH", help="CSV of some entities with all their records, to estimate from"
    )
    suggest.add_argument(
        "--drawn", choices=["records", "entities"], default="records", help="what the labels are a random sample of"
    )
    suggest.add_argument("--entity", metavar="NAME", help="only this one; all that are declared otherwise")


def suggested(name: str, suggestion: Suggestion, threshold: float) -> Iterator[str]:
    """Return what is told of the candidates for an entity's threshold, of which one is in use."""
    yield f"{name}, {suggestion.how}:"
    for each in suggestion.figures:
        precision, recall = (_within(deviation) for deviation in each.deviations)
        figures = f"precision {each.precision:.4f}{precision}, recall {each.recall:.4f}{recall}, f1 {each.f1:.4f}"
        yield f"  {each.threshold:g}: {figures}" + (" (in use)" if each.threshold == threshold else "")
    yield f"  suggested: {suggestion.threshold:g}"


def _within(deviation: float | None) -> str:
    return "" if deviation is None else f" ± {deviation:.4f}"


def lines(name: str, preview: Preview) -> Iterator[str]:
    """Return what is told of an entity's preview, ids and counts alone."""
    if not preview.happenings:
        yield f"{name}: nothing would change, {preview.entities:,} entities"
        return
    pairs = preview.pairs
    yield (
        f"{name}: {preview.entities:,} entities; of the pairs of records {pairs.pairs_right:,} stay together, "
        f"{pairs.pairs_wrong:,} would be joined and {pairs.pairs_missed:,} parted"
    )
    for each in preview.happenings:
        yield f"  {each.event}: {each.entities:,}"
        for entity_id, reason in each.first:
            yield f"    {entity_id}: {reason}"
        if each.entities > len(each.first):
            yield f"    and {each.entities - len(each.first):,} more"
