"""Fixtures: research in a temporary folder, a warehouse with a sample of the demo data, and the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from research.cli import main
from research.settings import Places, get_places
from sample import fill_warehouse, tables

from shared.command_line import command
from shared.testing.marks import mark_slow

pytest_plugins = ["shared.testing.engines"]

PROJECT = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]
Research = Callable[..., int]
RunResearch = Callable[..., Done]

# For what is the same beside both engines.
DUCKDB_ONLY = pytest.mark.parametrize("engine", ["duckdb"], indirect=True)

NOTEBOOK = """
import marimo

app = marimo.App()

with app.setup:
    import marimo as mo
    from research.study import open_study


@app.cell
def _():
    study = open_study("{name}")
    return (study,)


@app.cell
def _(study):
    {body}
    return


if __name__ == "__main__":
    app.run()
"""
READS = 'rows = study.read(rows="select id from core.t")["rows"]'


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what takes long out of `test-fast`."""
    mark_slow(items, files={"test_studies", "test_commands", "test_writers"})


@pytest.fixture(scope="session")
def sample() -> dict[str, pa.Table]:
    """Return the sample, read before any test points DATA_DIR elsewhere."""
    return tables()


@pytest.fixture
def places(sample: dict[str, pa.Table], warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Make a research folder without studies, beside an empty warehouse that is not there yet on DuckDB."""
    for name in [*os.environ]:
        if name.startswith(("WAREHOUSE_", "ENTITY_", "DATA_", "RESEARCH_")) and name != "WAREHOUSE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RESEARCH_DIR", str(tmp_path / "research"))
    monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", "research")
    return get_places()


@pytest.fixture
def studies(places: Places) -> Places:
    """Copy the project's studies into the research folder."""
    for folder in ("notebooks", "experiments"):
        shutil.copytree(PROJECT / folder, places.folder / folder, ignore=shutil.ignore_patterns("__*"))
    return places


@pytest.fixture
def filled(places: Places, sample: dict[str, pa.Table]) -> Places:
    """Fill the warehouse with the sample, and lay the truth beside it."""
    fill_warehouse(sample)
    truth = places.settings.data_dir / "demo" / "truth.csv"
    truth.parent.mkdir(parents=True)
    sample["truth"].to_pandas().to_csv(truth, index=False)
    return places


@pytest.fixture
def research(places: Places) -> Research:
    """Run a command of research in this process and return its exit code."""
    return lambda *words: command(main, words)


@pytest.fixture
def run_research(places: Places) -> RunResearch:
    """Run `python -m research ARGUMENTS` in a process of its own."""

    def run(*words: str) -> Done:
        line = [sys.executable, "-m", "research", *words]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    return run


def write_study(places: Places, name: str, body: str, parameters: str = "{limit: 3, share: 0.5}") -> Path:
    """Write a study whose notebook has one cell beside the one that opens it."""
    for folder in (places.notebooks, places.experiments):
        folder.mkdir(parents=True, exist_ok=True)
    notebook = places.notebooks / f"{name}.py"
    notebook.write_text(NOTEBOOK.format(name=name, body=body.replace("\n", "\n    ")))
    (places.experiments / f"{name}.yaml").write_text(f"title: A question?\nparameters: {parameters}\n")
    return notebook
