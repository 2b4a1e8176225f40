"""`run --sweep`: what other thresholds would find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Platform, PlatformOn, Platforms, table_of, training_alone

from entity_resolution.engine.quality import JUDGED
from entity_resolution.engine.sweep import SCHEMA, TABLE, THRESHOLDS

COLUMNS = [name for name in SCHEMA.names if name not in ("swept_at", "run_id")]
Rows = dict[tuple[float, float], dict[str, Any]]


def swept(platform: Platform) -> Rows:
    """Return the sweep that the warehouse holds, without times and run ids."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in platform.fetch(f"select {', '.join(COLUMNS)} from {TABLE}")]
    return {(row["hidden_share"], row["threshold"]): row for row in rows}


def test_thresholds_are_measured(
    platforms: Platforms, resolved_sample_on: PlatformOn, truth: Path, tmp_path: Path
) -> None:
    """Each threshold is measured, as the records are and poorer, the same on both engines; master stays as it is."""
    sweeps: list[Rows] = []
    for engine in ("duckdb", "postgres"):
        platform = platforms.new(tmp_path / engine, engine, resolved_sample_on(engine))
        before = platform.master()
        finished = platform.resolve("--truth", str(truth), "--sweep", "0.5", "0.999", "--hide", "0.6")
        sweeps.append(swept(platform))
        assert {name: platform.master()[name] for name in ("xref", "golden")} == {
            name: before[name] for name in ("xref", "golden")
        }
        measures = platform.measures()
        assert {name: sweeps[-1][0.0, 0.95][name] for name in JUDGED} == {name: measures[name] for name in JUDGED}
        assert platform.fetch(f"select row_count from ops.run_output where relation = '{TABLE}'") == [(6,)]
        assert finished.out.count("threshold ") == 6
    rows = sweeps[0]
    assert sweeps[1] == rows
    assert rows.keys() == {(share, threshold) for share in (0.0, 0.6) for threshold in (0.5, 0.95, 0.999)}
    assert rows[0.6, 0.999]["recall"] < rows[0.0, 0.999]["recall"]
    assert rows[0.6, 0.999]["recall"] < rows[0.6, 0.5]["recall"]
    assert (rows[0.0, 0.5]["model"], rows[0.6, 0.5]["model"]) == ("model-1.json", None)


@training_alone
def test_a_sweep_replaces_the_former_one(again: Platform, truth: Path) -> None:
    """The table holds the last sweep alone; where none is named the usual thresholds are tried, by the same model."""
    again.resolve("--truth", str(truth), "--sweep", "0.3")
    finished = again.resolve("--truth", str(truth), "--sweep")
    assert swept(again).keys() == {(0.0, threshold) for threshold in THRESHOLDS}
    assert "nothing new" in finished.err


@training_alone
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sweep"], "there is no truth to compare with"),
        (["--hide", "0.5"], "argument --hide: not without --sweep"),
        (["--sweep", "1"], "argument --sweep: not between 0 and 1: `1`"),
        (["--sweep", "often"], "argument --sweep: not between 0 and 1: `often`"),
    ],
)
def test_sweep_that_cannot_be(platform: Platform, words: list[str], message: str) -> None:
    """Without a truth, or with what is no probability, nothing begins."""
    finished = platform.put(table_of([])).run("run", *words)
    assert (finished.code, f"error: {message}" in finished.err) == (2, True)
    assert "read parties" not in finished.err


@training_alone
def test_truth_that_names_none_of_the_parties(platform: Platform, truth: Path) -> None:
    """A sweep that could measure nothing is refused, and the resolution before it stands."""
    finished = platform.put(table_of([])).run("run", "--sweep", "--truth", str(truth))
    assert (finished.code, "error: the truth names none of these parties: `" in finished.err) == (2, True)
    assert platform.measures()["parties"] == 0
