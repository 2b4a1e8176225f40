"""The command line: what it says when it cannot do what it was asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import Platform, table_of, training_alone

from shared.monitoring.alerts import Alerts
from shared.warehouse import open_warehouse


def test_core_is_missing(platform: Platform) -> None:
    """Without core.dim_customer the user is told to run what makes it."""
    finished = platform.run("run")
    assert finished.code == 2
    assert "error: there are no parties to resolve, table missing: `core.dim_customer`" in finished.err
    assert "hint: run `./pixiw run ingest` and `./pixiw run transform-core` first" in finished.err
    assert "Traceback" not in finished.err


def test_predict_never_trains(platform: Platform, sample: pa.Table) -> None:
    """`predict` asks for a model where there is none, and uses the one that `train` made."""
    platform.put(sample.slice(0, 40))
    finished = platform.run("predict")
    assert (finished.code, "there is no model of `customer` yet" in finished.err) == (2, True)
    alerts = Alerts.from_settings(platform.settings)
    assert [episode.subject for episode in alerts.failing()] == ["step resolve"]
    assert platform.run("train").code == 0
    finished = platform.run("predict")
    assert (finished.code, "✓ train" in finished.err, alerts.failing()) == (0, False, [])
    assert platform.fetch("select count(*) from master.customer_xref") == [(40,)]


def test_evaluate(again: Platform, truth: Path) -> None:
    """`evaluate` measures what master holds, prints it and stores it in master and as metrics of its run."""
    assert "f1" not in again.measures()
    finished = again.run("evaluate", "--truth", str(truth))
    measures = again.measures()
    assert measures["pairs_right"] + measures["pairs_missed"] == 200
    assert f"f1 {measures['f1']:.4f}" in finished.out
    metrics = again.fetch(
        "select value from ops.run_metric join ops.run using (run_id) where step = 'evaluate' and name = 'f1'"
    )
    assert metrics == [(measures["f1"],)]


def test_evaluate_before_there_is_anything(platform: Platform, truth: Path) -> None:
    """There is nothing to evaluate before the first run, and the user is told so."""
    finished = platform.run("evaluate", "--truth", str(truth))
    assert (finished.code, "there is no resolution of `customer` to evaluate" in finished.err) == (2, True)


def test_evaluate_without_truth(platform: Platform) -> None:
    """`evaluate` needs a truth."""
    finished = platform.run("evaluate")
    assert (finished.code, "there is no truth to compare with" in finished.err) == (2, True)


def test_run_without_truth_says_so(platform: Platform) -> None:
    """A run without a truth tells that nothing was measured and shows no figures."""
    finished = platform.put(table_of([])).resolve()
    assert "customer quality: not measured, there is no truth" in finished.out
    assert set(platform.measures()) == {"parties", "entities", "entities_joined", "largest_entity"}


def test_truth_that_is_not_there(platform: Platform) -> None:
    """A truth that was asked for and does not exist is an error, not a run without one."""
    finished = platform.run("run", "--truth", "nowhere.csv")
    assert (finished.code, "nowhere.csv`" in finished.err) == (2, True)


@pytest.mark.parametrize("value", ["high", "0", "1.5"])
def test_threshold_that_is_no_probability(platform: Platform, value: str) -> None:
    """A threshold that cannot be one is refused with its value."""
    platform.environment["ENTITY_MATCH_THRESHOLD"] = value
    finished = platform.run("run")
    assert finished.code == 2
    assert f"error: ENTITY_MATCH_THRESHOLD cannot be used: `{value}`" in finished.err


@training_alone
def test_model_that_cannot_be_read(again: Platform) -> None:
    """A damaged model is named with the way out, and training anew is that way."""
    model = again.model_folder / "model-1.json"
    for damage in ("{}", "{", None):
        model.unlink() if damage is None else model.write_text(damage)
        finished = again.run("run")
        assert finished.code == 2
        assert f"error: cannot read the model: `{model}`" in finished.err
    again.resolve("--retrain")


def test_warehouse_in_use(platform: Platform) -> None:
    """A run that finds somebody at work gives up after the timeout and says who it was."""
    platform.put(table_of([])).environment["WAREHOUSE_LOCK_TIMEOUT"] = "0.2"
    with open_warehouse(platform.settings, holder="a long load", role="entity_resolution", mode="write"):
        process = platform.start("run")
        _, err = process.communicate()
    assert process.returncode == 1
    assert "a long load" in err


def test_help_does_without_splink() -> None:
    """Help and errors come without waiting for Splink."""
    program = "import sys, entity_resolution.cli; sys.exit('splink' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
