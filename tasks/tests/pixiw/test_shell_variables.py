"""What of the user's shell reaches an environment, and what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.tests.pixiw.conftest import Workspace

DUMP = "import json, markupsafe, os; print(json.dumps([markupsafe.__file__, dict(os.environ)]))"
# pixi itself, at which nothing stands before it; pixiw in front of it; uv.
ROUTES = {"pixi": ("pixi", "pixi"), "pixiw on pixi": ("./pixiw", "pixi"), "uv": ("./pixiw", "uv")}
NONSENSE = dict.fromkeys(
    ("DBT_TARGET", "DBT_PROFILES_DIR", "DBT_ENGINE_X", "MYPYPATH", "PYTHONSAFEPATH", "PYTHONWARNINGS"), "nonsense"
)
# pixi leaves these as they are: nothing that a script does takes a variable out, and they mean something when empty.
ONLY_BY_PIXIW = dict.fromkeys(("PYSPARK_PYTHON", "SPARK_HOME", "UV_PROJECT", "UV_SYSTEM_PYTHON"), "nonsense")
REACHES = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "WAREHOUSE_URL": "duckdb:///x", "DBT_KEPT": "1"}


@pytest.fixture
def small(workspace: Workspace) -> Workspace:
    """A workspace with a small environment that sets a variable of dbt's itself."""
    settings = '[feature.small.activation.env]\nDBT_PROJECT_DIR = "ours"\n'
    workspace.manifest(f'[environments]\nsmall = ["small"]\n{settings}')
    workspace.lock("small", "markupsafe")
    return workspace


@pytest.mark.parametrize("route", ROUTES)
def test_shells_python_and_dbt_stay_outside(small: Workspace, tmp_path: Path, route: str) -> None:
    """No folder of the shell's is imported from, dbt is told nothing, and what is listed or kept is there."""
    (tmp_path / "markupsafe.py").write_text("raise SystemExit('evil')")
    program, backend = ROUTES[route]
    folders = {"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path), "DBT_PROJECT_DIR": str(tmp_path)}
    nonsense = NONSENSE | ({"PYTHONHOME": "/nowhere"} if route == "uv" else {})
    given = {**nonsense, **folders, **REACHES, **(ONLY_BY_PIXIW if program == "./pixiw" else {})}
    env = small.with_pixi(PIXIW_BACKEND=backend, PIXIW_KEEP="DBT_KEPT DBT_OTHER", **given)
    done = small.run(program, "run", "-e", "small", "python", "-c", DUMP, env=env)
    assert done.returncode == 0, done.stderr
    imported, found = json.loads(done.stdout)
    assert imported.startswith(str(small.root))
    assert {name for name in {*nonsense, *ONLY_BY_PIXIW, "PYTHONPATH"} if found.get(name)} == set()
    assert found["VIRTUAL_ENV"] == str(small.root / ".pixi/venvs/small")
    assert found["DBT_PROJECT_DIR"] == "ours"
    assert {name: found.get(name) for name in REACHES} == REACHES


def test_value_that_looks_like_a_variable(small: Workspace) -> None:
    """Lines of a value are no commands, whatever they look like, and take nothing out that is not dbt's or Python's."""
    value = "first\nexport HOME=x\nexport DBT_X$(touch evil)=1\n'; touch evil; '"
    done = small.pixiw(
        "run", "-e", "small", "python", "-c", "import os; print(repr(os.environ['TRICKY']))", TRICKY=value
    )
    assert done.stdout.strip() == repr(value), done.stderr
    assert not (small.root / "evil").exists()
