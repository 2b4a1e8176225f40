"""What a change touches: in a small workspace, and by commits of the history in this one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from shared.errors import UserError
from shared.workspace.manifest import Manifest, parse_toml
from tasks.doctor.repo import Repo
from tasks.suites.__main__ import main
from tasks.suites.affected import Affected, Change

ROOT = Path(__file__).parents[3]
MANIFEST = """\
[environments]
default = ["workspace"]
shop = ["shop"]
models = ["models"]
page = ["page"]
drive = ["drive"]

[feature.workspace.tasks]
fetch = "python -m tasks.fetch"
test-tasks = "pytest tasks"

[feature.shop.tasks]
sell = "python -m shop"
show = "python -m tasks.fetch -- python -m shop"
test-shop = { cmd = "pytest projects/shop", depends-on = [{ task = "fetch", environment = "default" }] }

[feature.models.tasks]
test-models = "pytest projects/models"

[feature.page.tasks]
test-page = "pytest projects/page"

[feature.drive.dependencies]
python = "3.11.*"

[feature.drive.tasks]
test-drive = { cmd = "pytest projects/drive", depends-on = [{ task = "ready", environment = "shop" }] }

[feature.shop.tasks.ready]
cmd = "python --version"

[feature.workspace.tasks.test-in-turn]
depends-on = [
  { task = "test-tasks", environment = "default" },
  { task = "test-shop", environment = "shop" },
  { task = "test-models", environment = "models" },
  { task = "test-page", environment = "page" },
  { task = "test-drive", environment = "drive" },
]

[tool.pixiw.environments]
default = { project = "tasks" }
shop = { project = "projects/shop" }
models = { project = "projects/models" }
page = { project = "projects/page" }
drive = { project = "projects/drive" }
"""
FILES = {
    "pixi.toml": MANIFEST,
    "pytest.ini": "[pytest]\n",
    "docs/index.md": "Docs.\n",
    "tasks/fetch.py": "from tasks import places\n",
    "tasks/places.py": "",
    "tasks/lint.py": "",
    "shared/src/shared/money.py": "",
    "shared/src/shared/prices.py": "from shared.money import round\n",
    "shared/src/shared/steps/__init__.py": "",
    "shared/src/shared/steps/0001_first.sql": "select 1\n",
    "projects/shop/src/shop/__init__.py": "from shared.prices import price\n",
    "projects/page/pyproject.toml": '[tool.platform]\nreads = ["core"]\n',
    "projects/page/src/page/__init__.py": "from shared import steps\n",
    "projects/drive/src/drive/__init__.py": "",
    "projects/models/dbt_project.yml": """\
name: models
model-paths: [models]
macro-paths: [macros]
models:
  models:
    staging: { +schema: staging }
    core: { +schema: core }
""",
    "projects/models/macros/cents.sql": "",
    "projects/models/models/staging/stg_sales.sql": "select 1\n",
    "projects/models/models/staging/stg_unused.sql": "select 1\n",
    "projects/models/models/core/sales.sql": "select * from {{ ref('stg_sales') }}\n",
    "projects/models/models/core/sales.yml": "models: []\n",
}
SUITES = {"tasks", "shop", "models", "page", "drive"}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace of a shop, models of its sales, a page of these, and what drives the shop."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def touched(root: Path, *files: str, manifest: str = MANIFEST) -> Affected:
    """Return what a change of files touches; `manifest` is what pixi.toml said before."""
    return Change(repo_of(root), files, Manifest(root, parse_toml(manifest))).affected()


@cache
def repo_of(root: Path) -> Repo:
    """Return a workspace, read once."""
    return Repo(root)


def names(affected: Affected) -> set[str]:
    """Return which suites are touched."""
    return {suite.task.removeprefix("test-") for suite in affected.suites}


@pytest.mark.parametrize(
    ("file", "suites"),
    [
        # The one that drives the shop runs its commands.
        ("projects/shop/src/shop/__init__.py", {"shop", "drive"}),
        ("projects/shop/src/shop/gone.py", {"shop", "drive"}),
        ("projects/drive/src/drive/__init__.py", {"drive"}),
        # Nobody imports the first but by the second.
        ("shared/src/shared/money.py", {"shop", "drive"}),
        ("shared/src/shared/steps/0001_first.sql", {"page"}),
        ("projects/models/models/staging/stg_sales.sql", {"models", "page"}),
        ("projects/models/models/staging/stg_unused.sql", {"models"}),
        ("projects/models/models/core/sales.yml", {"models", "page"}),
        ("projects/models/macros/cents.sql", {"models", "page"}),
        ("tasks/places.py", {"tasks", "shop"}),
        ("tasks/lint.py", {"tasks"}),
        ("docs/index.md", {"tasks"}),
        ("locks/page.txt", {"page"}),
        ("pytest.ini", SUITES),
        ("something/new.txt", SUITES),
    ],
)
def test_suites_that_a_file_touches(workspace: Path, file: str, suites: set[str]) -> None:
    """A file touches the suites of its project, of those who import it, run it, or read what is made from it."""
    assert names(touched(workspace, file)) == suites


def test_projects_environments_and_tasks(workspace: Path) -> None:
    """With a project come its environment, its tasks and the tasks that depend on those, each project with a reason."""
    affected = touched(workspace, "shared/src/shared/money.py")
    assert affected.projects == {
        "projects/shop": "projects/shop/src/shop/__init__.py needs shared/src/shared/money.py",
        "shared": "shared/src/shared/money.py",
    }
    assert affected.environments == ["shop"]
    assert affected.tasks == ["ready", "sell", "show", "test-drive", "test-in-turn", "test-shop"]


@pytest.mark.parametrize(
    ("before", "after", "suites"),
    [
        ('python = "3.11.*"', 'python = "3.10.*"', {"drive"}),
        ('test-page = "pytest projects/page"', 'test-page = "pytest -x projects/page"', {"page"}),
        ('fetch = "python -m tasks.fetch"', 'fetch = "python -m tasks.fetch --now"', {"shop"}),
        ('{ project = "projects/shop" }', '{ project = "projects/shop", groups = ["test"] }', {"shop", "drive"}),
        ('default = ["workspace"]', 'default = ["workspace", "page"]', {"tasks", "shop"}),
        ("[environments]", '[dependencies]\nuv = "*"\n\n[environments]', SUITES),
    ],
)
def test_suites_that_the_manifest_touches(workspace: Path, before: str, after: str, suites: set[str]) -> None:
    """Of pixi.toml only what it now says differently touches something: a feature, a task, where a lock comes from."""
    assert before in MANIFEST
    assert names(touched(workspace, "pixi.toml", manifest=MANIFEST.replace(before, after))) == suites


def test_what_was_changed_since_a_commit(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--since` counts from where a branch has left, with what is not committed yet, and git's answer is cut short."""
    monkeypatch.setenv("PIXI_PROJECT_ROOT", str(workspace))
    git = ["git", "-C", str(workspace), "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    run(git, "init", "--quiet", "--initial-branch=main")
    run(git, "add", ".")
    run(git, "commit", "--quiet", "--message=first")
    run(git, "branch", "feature")
    (workspace / "projects/page/src/page/other.py").write_text("")
    run(git, "add", ".")
    run(git, "commit", "--quiet", "--message=second, on main alone")
    run(git, "checkout", "--quiet", "feature")
    (workspace / "projects/drive/README.md").write_text("New.\n")
    assert main(["--show", "--json", "--since", "main"]) == 0
    assert [suite["task"] for suite in json.loads(capsys.readouterr().out)["include"]] == ["test-drive"]


def run(git: Sequence[str], *arguments: str) -> None:
    """Run git."""
    subprocess.run([*git, *arguments], check=True)


# Each judged by hand: who would have had to run again.
COMMITS = {
    "bdb8620": {"shared", "shared-on-duckdb", "labs", "lab-forecast", "orchestration"},
    "eb19c3b": {"entity-resolution", "spark", "orchestration", "tasks"},
    "0b2f22a": {"reporting", "orchestration", "tasks"},
    "7354ffe": {"reporting", "orchestration", "tasks"},
    "01294aa": {"tasks"},
    "1eaeac3": {"research", "tasks"},
    "fa0dd9c": {"tasks"},
    "19ac30a": {"ingress", "orchestration", "tasks"},
    "f88393a": {"orchestration"},
    "cb8101c": {"transformation", "entity-resolution", "spark", "egress", "reporting", "orchestration", "tasks"},
}


@pytest.mark.parametrize(("commit", "suites"), COMMITS.items(), ids=COMMITS)
def test_commits_of_the_history(commit: str, suites: set[str]) -> None:
    """What ten commits changed touches, as this workspace is now, the suites that a reader of them would run."""
    command = ["git", "diff-tree", "--no-commit-id", "--name-only", "--no-renames", "-r", commit]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this clone has no history")
    assert names(touched(ROOT, *done.stdout.split(), manifest=(ROOT / "pixi.toml").read_text())) == suites


def test_unknown_commit_is_the_users_mistake() -> None:
    """A commit that is not here is refused with what to do, and nothing that looks like an option reaches git."""
    for reference in ("no-such-branch", "--output=stolen"):
        with pytest.raises(UserError, match="git cannot say what has changed") as raised:
            main(["--show", f"--since={reference}"])
        assert "name a commit" in (raised.value.hint or "")
