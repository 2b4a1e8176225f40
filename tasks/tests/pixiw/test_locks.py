"""How locks are made and compared with what they are made from."""

from __future__ import annotations

import pytest

from shared.workspace.manifest import read_manifest
from tasks.environments import ROOT
from tasks.pixiw.steps import plan
from tasks.tests.pixiw.conftest import Workspace

MANIFEST = """
[environments]
small = ["small"]

[feature.small.tasks]
lock = "python -m tasks.locks"

[tool.pixiw.environments]
default = { project = "tasks", groups = ["test"] }
small = { project = "projects/small" }
"""


@pytest.fixture
def locks(workspace: Workspace) -> list[str]:
    """The command that makes locks, on a workspace with one small project that has a lock."""
    workspace.manifest(MANIFEST)
    workspace.lock("small", "markupsafe", dependencies='["markupsafe"]')
    return ["run", "python", "-m", "tasks.locks"]


def test_check_names_what_does_not_fit(workspace: Workspace, locks: list[str]) -> None:
    """--check passes while locks fit, and names the lock whose project has changed, and one that is missing."""
    good = workspace.pixiw(*locks, "--check")
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "all locks fit their pyproject.toml")
    project = workspace.root / "projects/small/pyproject.toml"
    project.write_text(project.read_text().replace("markupsafe", "mdurl"))
    changed = workspace.pixiw(*locks, "--check")
    assert changed.returncode == 1
    assert changed.stdout.startswith("locks/small.txt: inputs was `")
    (workspace.root / "locks/small.txt").unlink()
    assert workspace.pixiw(*locks, "--check").stdout == "locks/small.txt: missing\n"


def test_lock_is_made_and_stable(workspace: Workspace, locks: list[str]) -> None:
    """A new lock fits, has hashes, names no address or path of the machine, and is the same when made twice."""
    project = workspace.root / "projects/small/pyproject.toml"
    project.write_text(project.read_text().replace("markupsafe", "mdurl"))
    assert workspace.pixiw(*locks, "small").returncode == 0
    first = (workspace.root / "locks/small.txt").read_text()
    assert workspace.pixiw(*locks, "small").returncode == 0
    assert (workspace.root / "locks/small.txt").read_text() == first
    assert first.startswith("# environment: small\n# python: 3.11\n# project: projects/small\n")
    assert "mdurl==" in first
    assert "--hash=sha256:" in first
    assert "://" not in first
    assert str(workspace.root) not in first
    assert workspace.pixiw(*locks, "--check").returncode == 0


def test_unsolvable_project_keeps_its_lock(workspace: Workspace, locks: list[str]) -> None:
    """Where uv finds no solution its words are shown, the exit code is 1 and the old lock stays."""
    project = workspace.root / "projects/small/pyproject.toml"
    project.write_text(project.read_text().replace("markupsafe", "markupsafe==99"))
    before = (workspace.root / "locks/small.txt").read_text()
    result = workspace.pixiw(*locks, "small")
    assert result.returncode == 1
    assert "error: locks/small.txt: " in result.stderr
    assert "markupsafe==99" in result.stderr
    assert (workspace.root / "locks/small.txt").read_text() == before


def test_unknown_environment(workspace: Workspace, locks: list[str]) -> None:
    """An environment that has no lock is a mistake that lists those that have."""
    result = workspace.pixiw(*locks, "smal")
    assert result.returncode == 2
    assert "there is: default, small" in result.stderr


def test_demo_goes_through_the_projects_in_order() -> None:
    """The real manifest's demo runs each project's step in that project's own environment, in the order of the flow."""
    steps = [(step.task, step.environment) for step in plan(read_manifest(ROOT), "demo", "default", [])]
    assert steps == [
        ("demo-data", "default"),
        ("demo-ingest", "ingress"),
        ("transform-core", "transformation"),
        ("resolve", "entity-resolution"),
        ("transform-egress", "transformation"),
        ("demo-deliver", "egress"),
        ("report", "reporting"),
        ("demo", "default"),
    ]


def test_every_environment_can_be_planned() -> None:
    """Every task of the real manifest is one that pixiw understands, in every environment that has it."""
    manifest = read_manifest(ROOT)
    for name, environment in manifest.environments.items():
        for task, table in environment.merged("tasks").items():
            given = [entry if isinstance(entry, str) else entry["arg"] for entry in table.get("args", [])]
            assert plan(manifest, task, name, given)
