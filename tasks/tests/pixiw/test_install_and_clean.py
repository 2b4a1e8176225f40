"""Installing every environment, and removing what was made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shared.utils.own_folder import MARK
from tasks.tests.pixiw.conftest import Workspace

MANIFEST = """
[environments]
small = []

[tool.pixiw.environments]
default = { project = "tasks" }
small = { project = "projects/small" }
"""


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    """A workspace with an environment that is not installed, and something under data/."""
    workspace.manifest(MANIFEST)
    workspace.lock("small", "markupsafe")
    (workspace.root / "data").mkdir(exist_ok=True)
    (workspace.root / "data" / "warehouse.duckdb").write_text("precious")
    (workspace.root / "data" / MARK).touch()
    return workspace


def clean(workspace: Workspace, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the task's command with an interpreter that is not removed with the environments."""
    command = ["python3", "-m", "tasks.clean", *flags]
    shared = str(workspace.root / "shared" / "src")
    return workspace.run(*command, env=workspace.variables(PIXI_PROJECT_ROOT=str(workspace.root), PYTHONPATH=shared))


def data(workspace: Workspace) -> Path:
    """The file that stands for the user's data."""
    return workspace.root / "data" / "warehouse.duckdb"


def test_install_all_installs_every_environment(filled: Workspace) -> None:
    """Every environment of the manifest is there afterwards, and each is named."""
    result = filled.pixiw("install", "--all")
    assert result.returncode == 0, result.stderr
    assert filled.stamp("small").exists()
    assert "small" in result.stdout + result.stderr


def test_failed_environment_is_named_and_the_others_are_installed(filled: Workspace) -> None:
    """One environment that cannot be installed fails the command and keeps no other from being installed."""
    filled.manifest(MANIFEST.replace("small = []", "small = []\nbroken = []"))
    filled.lock("broken", "markupsafe", python="3.99")
    result = filled.pixiw("install", "--all")
    assert result.returncode == 1
    assert "broken" in result.stdout + result.stderr
    assert filled.stamp("small").exists()


def test_dry_run_removes_nothing(filled: Workspace) -> None:
    """`--dry-run` only says what would go."""
    result = clean(filled, "--data", "--dry-run")
    assert "would remove data" in result.stdout
    assert filled.stamp("default").exists()
    assert data(filled).exists()


def test_only_data_keeps_the_environments(filled: Workspace) -> None:
    """`--only-data` removes data/ and nothing else."""
    assert clean(filled, "--only-data", "--yes").returncode == 0
    assert not data(filled).exists()
    assert filled.stamp("default").exists()


def test_without_a_flag_data_stays(filled: Workspace) -> None:
    """Environments can be made again, data cannot: it goes only when asked for."""
    filled.pixiw("install", "-e", "small")
    kept = filled.root / ".pixi" / "kept"
    (filled.root / ".pixi" / "venvs").rename(kept)
    (filled.root / ".pixi" / "venvs" / "small").mkdir(parents=True)
    assert clean(filled, "--yes").returncode == 0
    assert not (filled.root / ".pixi" / "venvs").exists()
    assert data(filled).exists()
    kept.rename(filled.root / ".pixi" / "venvs")
