"""The project's studies on a sample of the demo data, on both engines."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import DUCKDB_ONLY, PROJECT, Research
from research.record import read_records
from research.settings import Places

from shared.config import get_settings
from shared.warehouse import open_warehouse

STUDIES = sorted(path.stem for path in (PROJECT / "experiments").glob("*.yaml"))
# So that it ends soon; the experiment's own values are those of a run on all data.
QUICKER = {
    "customer_lifetime_value": [],
    "demand_forecast": ["--set", "windows=2", "--set", "departments=3"],
    "entity_resolution_errors": [],
    "promotion_lift": ["--set", "draws=20"],
}
FOUND: dict[str, dict[str, float | None]] = {
    "customer_lifetime_value": {"households": 124, "value_mean": None},
    "demand_forecast": {"departments": 3, "mase_SeasonalNaive": None, "coverage_95_AutoETS": None},
    "entity_resolution_errors": {"parties": 400, "master_pairs_missed": 40, "hidden_0.6_threshold_0.9_f1": 0.955},
    "promotion_lift": {"lift": None, "lift_low": None, "placebo_high": None},
}


@pytest.mark.parametrize("name", STUDIES)
def test_study_runs_headless(name: str, studies: Places, filled: Places, research: Research) -> None:
    """Each study runs on either engine, and leaves a record of what it found on which data and a page of it."""
    assert research("study", name, *QUICKER[name]) == 0
    (record,) = read_records(studies.outputs, name)
    assert record.status == "succeeded"
    for metric, value in FOUND[name].items():
        assert record.metrics[metric] == (pytest.approx(value) if value is not None else record.metrics[metric])
    assert all(source["rows"] > 0 and source["fingerprint"] != "0" for source in record.data.values())
    page = (studies.outputs / name / record.run / "page.html").read_text(encoding="utf-8")
    assert "<h1" in page and record.title in page and "data:image/svg+xml" in page


@DUCKDB_ONLY
def test_study_of_thresholds_needs_a_sweep(
    studies: Places, filled: Places, research: Research, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where entity resolution has swept no thresholds yet, the study ends with 2 and names the command that does."""
    with open_warehouse(get_settings(), holder="test", role="entity_resolution", mode="write") as warehouse:
        warehouse.execute("drop table master.threshold_sweep")
    assert research("study", "entity_resolution_errors") == 2
    said = capsys.readouterr().err
    assert "error: the warehouse has no table: `master.threshold_sweep`" in said
    assert "hint: `./pixiw run resolve --sweep` makes it" in said


def test_every_notebook_has_an_experiment() -> None:
    """A notebook without parameters, or parameters without a notebook, is no study."""
    assert sorted(path.stem for path in (PROJECT / "notebooks").glob("*.py")) == STUDIES


def test_notebooks_are_what_marimo_takes() -> None:
    """`marimo check` finds nothing to mend in any notebook."""
    marimo = Path(sys.executable).parent / "marimo"
    done = subprocess.run(
        [marimo, "check", "--strict", *sorted((PROJECT / "notebooks").glob("*.py"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_notebook_writes() -> None:
    """A notebook opens the warehouse by its study alone, which reads."""
    for path in (PROJECT / "notebooks").glob("*.py"):
        assert not re.search(r"open_warehouse|duckdb|psycopg", path.read_text(encoding="utf-8")), path.name
