"""What lets editors find each project's Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.tests.pixiw.conftest import Workspace

MANIFEST = """
[environments]
small = []

[tool.pixiw.environments]
default = { project = "tasks", groups = ["test"] }
small = { project = "projects/small" }
"""
EDITORS = ["run", "-e", "default", "python", "-m", "tasks.editors"]


@pytest.fixture
def project(workspace: Workspace) -> Path:
    """A workspace with a small project; its folder."""
    workspace.manifest(MANIFEST)
    workspace.lock("small", "markupsafe")
    return workspace.root / "projects" / "small"


def test_each_project_finds_its_own_python(workspace: Workspace, project: Path) -> None:
    """VS Code's setting names the Python of the project's environment, and direnv activates it, on both routes."""
    assert workspace.pixiw(*EDITORS).returncode == 0
    setting = json.loads((project / ".vscode/settings.json").read_text())["python.defaultInterpreterPath"]
    for route in ("pixi", "uv"):
        env = workspace.with_pixi(PIXIW_BACKEND=route)
        text = "watch_file() { ls $* > /dev/null; }; . ./.envrc; command -v python; python -c 'import markupsafe'"
        done = workspace.run("bash", "-c", text, env=env, cwd=project)
        python = Path(done.stdout.strip())
        assert (done.returncode, python) == (0, workspace.root / ".pixi/venvs/small/bin/python"), done.stderr
        assert Path(setting.replace("${workspaceFolder}", str(project))).resolve() == python.resolve()
    folders = json.loads((workspace.root / "small.code-workspace").read_text())["folders"]
    assert {"path": "projects/small"} in folders


def test_what_is_there_is_kept(workspace: Workspace, project: Path) -> None:
    """Other settings and an .envrc of somebody else stay; a file that cannot be read is named and left as it is."""
    (project / ".vscode").mkdir()
    (project / ".vscode/settings.json").write_text('{"editor.rulers": [120]}')
    (project / ".envrc").write_text("export MINE=1\n")
    done = workspace.pixiw(*EDITORS)
    assert "left alone, as it is not ours" in done.stderr
    assert (project / ".envrc").read_text() == "export MINE=1\n"
    assert json.loads((project / ".vscode/settings.json").read_text())["editor.rulers"] == [120]
    (project / ".vscode/settings.json").write_text("// mine\n{}")
    refused = workspace.pixiw(*EDITORS)
    assert refused.returncode == 2
    assert "no JSON object, left as it is" in refused.stderr
    assert (project / ".vscode/settings.json").read_text() == "// mine\n{}"
