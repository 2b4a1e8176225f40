"""Fixtures for the labs: a copy of them all in a temporary folder, and the runner's command line on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.config import get_settings

LABS = Path(__file__).resolve().parents[1]
Done = subprocess.CompletedProcess[str]
RunLab = Callable[..., Done]


@pytest.fixture
def labs_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the labs, without data, and point LABS_DIR and DATA_DIR at the copy: no test touches the user's."""
    folder = tmp_path / "labs"
    shutil.copytree(
        LABS, folder, ignore=shutil.ignore_patterns("data", "target", "logs", "tests", "src", "__pycache__")
    )
    monkeypatch.setenv("LABS_DIR", str(folder))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("LAB_DATABASE", raising=False)
    return folder


@pytest.fixture
def run_lab(labs_dir: Path) -> RunLab:
    """Return a function that runs `python -m labs ARGUMENTS` on the copy."""

    def run(*arguments: str, expect: int | None = 0, **variables: str) -> Done:
        command = [sys.executable, "-m", "labs", *arguments]
        environment = {**os.environ, **variables}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=labs_dir, env=environment)
        assert expect is None or done.returncode == expect, done.stderr + done.stdout
        return done

    return run


@pytest.fixture(scope="session")
def demo_dir() -> Path:
    """Return the folder of the demo's sales data."""
    folder = get_settings().landing_dir / "pos"
    if not folder.is_dir():
        pytest.fail("no demo data: run `./pixiw run demo-data` first")
    return folder
