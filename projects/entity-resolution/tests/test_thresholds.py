"""Which threshold is suggested, and by what."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from conftest import Platform, training_alone

from entity_resolution.engine.thresholds import Figures, Suggestion


def figures(told: str) -> dict[float, list[float]]:
    """Return precision, recall and F1 of each threshold that is told."""
    found = {}
    for line in told.splitlines():
        threshold, _, rest = line.strip().partition(": precision ")
        if rest:
            found[float(threshold)] = [float(word.split(" ")[-1]) for word in rest.replace(" (in use)", "").split(", ")]
    return found


# All is worked out in memory, as the page of a model is, which is read from both engines.
@training_alone
def test_suggested_by_truth_and_without(resolved_sample: Platform, truth: Path) -> None:
    """With a truth it is measured, without one estimated and called so; precision comes to nearly the same."""
    measured = resolved_sample.run("suggest-threshold", "--entity", "customer", "--truth", str(truth))
    estimated = resolved_sample.run("suggest-threshold", "--entity", "customer")
    assert (measured.code, estimated.code) == (0, 0), measured.err + estimated.err
    assert "customer, measured against the truth:" in measured.out
    assert "customer, estimated by the model alone, without a truth:" in estimated.out
    assert "  0.95: " in measured.out
    assert measured.out.count("(in use)") == 1
    true, thought = figures(measured.out), figures(estimated.out)
    assert true.keys() == thought.keys() > {0.01, 0.95, 0.9999}
    best = float(measured.out.rpartition("suggested: ")[2])
    assert true[best][2] == max(f1 for _, _, f1 in true.values())
    # Precision rises and recall falls with the threshold, as all is estimated of the same pairs.
    precision, recall, _ = zip(*thought.values(), strict=True)
    assert (list(precision), list(recall)) == (sorted(precision), sorted(recall, reverse=True))
    assert all(thought[each][0] == pytest.approx(true[each][0], abs=0.03) for each in (0.5, 0.95))


@training_alone
def test_suggested_by_a_labelled_sample(resolved_sample: Platform, truth: Path, tmp_path: Path) -> None:
    """Every other couple, labelled, says nearly what all of them say, with deviations; a file of others is refused."""
    with truth.open(encoding="utf-8") as file:
        couples = [*csv.DictReader(file)]
    lines = [
        f"{source},{couple[column]},{number}"
        for number, couple in enumerate(couples[::2])
        for source, column in (("crm", "customer_id"), ("loyalty", "member_id"))
    ]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["source_system,source_id,entity", *lines]))
    line = ("suggest-threshold", "--entity", "customer", "--labels", str(labels))
    sampled, measured = resolved_sample.run(*line), resolved_sample.run(*line[:3], "--truth", str(truth))
    assert sampled.code == 0, sampled.err
    assert "customer, estimated from a sample of " in sampled.out
    assert " ± " in sampled.out
    thought, true = figures(re.sub(r" ± [\d.]+", "", sampled.out)), figures(measured.out)
    assert thought.keys() == true.keys()
    for threshold, values in true.items():
        assert thought[threshold] == pytest.approx(values, abs=0.05)
    labels.write_text("source_system,source_id,entity\nelsewhere,1,a\n")
    others = resolved_sample.run(*line)
    assert (others.code, "the labels name none of these parties" in others.err) == (2, True)


def test_of_equal_thresholds_the_one_that_joins_least() -> None:
    """Where several are as good as each other the highest is suggested, and nothing right is no error."""
    same = [Figures(0.1, 0.9, 0.8), Figures(0.5, 0.9, 0.8), Figures(0.9, 1.0, 0.5), Figures(0.99, 0.0, 0.0)]
    assert Suggestion(same, "measured").threshold == 0.5
    assert same[-1].f1 == 0


def test_no_threshold_without_a_model(platform: Platform) -> None:
    """There is nothing to suggest before a model was trained."""
    finished = platform.run("suggest-threshold", "--entity", "customer")
    assert (finished.code, "there is no model of `customer` yet" in finished.err) == (2, True)
