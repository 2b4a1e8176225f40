"""The page of how files arrive says what the trial of readers has found."""

import json
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_files_compared_fits_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/files_compared.md is what the script writes from the committed result: neither was changed by hand."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "trials")
    trial = import_module("delimited_page")
    result = json.loads(trial.RESULT.read_text(encoding="utf-8"))
    assert trial.PAGE.read_text(encoding="utf-8") == trial.page(result)
