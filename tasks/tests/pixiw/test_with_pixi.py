"""pixi's own ways: tasks from inside an environment, its cache, its folders, and the change from route to route."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from shared.config import Settings
from shared.postgres.server import LocalServer, free_port
from tasks.tests.pixiw.conftest import ROOT, Workspace

MANIFEST = """
[environments]
default = ["base"]
small = ["small"]
other = []

[feature.base.tasks]
hello = "echo hello from $PIXI_ENVIRONMENT_NAME"
setup = "python -m tasks.setup_all"

[feature.small.tasks]
here = "echo here in $PIXI_ENVIRONMENT_NAME"
starts-another = "./pixiw run -e default hello"

[tool.pixiw.environments]
default = { project = "tasks", groups = ["test"] }
small = { project = "projects/small" }
"""
CACHE = "[experimental]\nuse-environment-activation-cache = true\n"
ROUTES = ["pixi", "uv"]


@pytest.fixture
def small(workspace: Workspace) -> Workspace:
    """A workspace with a small environment, and one that has no Python packages."""
    workspace.manifest(MANIFEST)
    workspace.lock("small", "markupsafe")
    return workspace


def pixi(workspace: Workspace, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run pixi itself."""
    return workspace.run("pixi", *words, env=workspace.with_pixi(**extra))


def test_pixi_looks_in_the_environment_around_it(small: Workspace) -> None:
    """The stand-in does what pixi was seen to do: a nested call without -e fails, an unknown task ends with 127."""
    failed = pixi(small, "run", "-e", "small", "pixi run hello")
    assert failed.returncode == 1
    assert "the task 'hello' is not available in environment 'small'" in failed.stderr
    assert pixi(small, "run", "no-such-task").returncode == 127
    assert pixi(small, "run", "-e", "nowhere", "hello").returncode == 1


@pytest.mark.parametrize("outer", ["small", "other"])
@pytest.mark.parametrize("route", ROUTES)
def test_pixiw_from_inside_an_environment(small: Workspace, route: str, outer: str) -> None:
    """`./pixiw run TASK` finds a task of another environment from within any, on both routes, in a shell too."""
    env = small.with_pixi(PIXIW_BACKEND=route, SHELL="/bin/sh")
    nested = small.run("./pixiw", "run", "-e", outer, "./pixiw run hello", env=env)
    assert nested.stdout == "hello from default\n", nested.stderr
    shell = small.run("./pixiw", "shell", "-e", outer, env=env, stdin="./pixiw run hello\n")
    assert shell.stdout == "hello from default\n", shell.stderr


@pytest.mark.parametrize("route", ROUTES)
def test_task_that_starts_others(small: Workspace, route: str) -> None:
    """A task that runs tasks of other environments does so from inside another one, and gives them nothing of it."""
    env = small.with_pixi(PIXIW_BACKEND=route)
    inside = ["./pixiw", "run", "-e", "small"]
    started = small.run(*inside, "./pixiw run -e small starts-another", env=env)
    assert started.stdout == "hello from default\n", started.stderr
    done = small.run(*inside, "./pixiw run -e default setup", env=env)
    assert done.returncode == 0, done.stderr
    assert re.search(r"small\s+│?\s*3\.11.*ready", done.stdout), done.stdout


POSTGRES = """
[environments]
default = ["base"]
small = []
postgres = ["postgres"]

[feature.base.tasks]
demo = "echo demo in $PIXI_ENVIRONMENT_NAME on $WAREHOUSE_URL and $ERP_URL"

[feature.postgres.tasks]
demo-postgres = "python -m tasks.postgres demo"
"""


# By what a task starts another one, of which the routes differ, there is the test above.
def test_demo_on_postgres_from_inside_another_environment(small: Workspace, tmp_path: Path) -> None:
    """`demo-postgres` runs in its environment, and the demo that it starts in another, from inside a third one."""
    small.manifest(POSTGRES)
    shutil.copy(ROOT / "locks/postgres.txt", small.root / "locks")
    if not (small.root / "infra").exists():
        (small.root / "infra").symlink_to(ROOT / "infra")
    (tmp_path / "landing/pos").mkdir(parents=True)
    for name, condition in {"transactions": "household_id <= 5", "products": "product_id % 50 = 0"}.items():
        source, target = Settings().landing_dir / "pos", tmp_path / "landing/pos"
        duckdb.sql(f"copy (from '{source}/{name}.parquet' where {condition}) to '{target}/{name}.parquet'")
    port = free_port()
    env = small.with_pixi(PIXIW_BACKEND="pixi", DATA_DIR=str(tmp_path), POSTGRES_PORT=str(port))
    done = small.run("./pixiw", "run", "-e", "small", "./pixiw run demo-postgres", env=env)
    server = f"postgresql://127.0.0.1:{port}"
    assert done.stdout.splitlines()[-1:] == [f"demo in default on {server}/warehouse and {server}/erp"], done.stderr
    assert LocalServer(tmp_path / "postgres17").pid is None


def test_cached_activation_and_a_changed_lock(small: Workspace) -> None:
    """With pixi's cache of activations a command whose lock has changed says so and what to do, and that does it."""
    (small.root / ".pixi/config.toml").write_text(CACHE)
    command = ["run", "-e", "small", "python", "-c", "import sys; print(sys.prefix)"]
    venv = str(small.root / ".pixi/venvs/small")
    assert [pixi(small, *command).stdout.strip() for _ in range(2)] == [venv, venv]
    small.lock("small", "mdurl")
    refused = pixi(small, *command)
    error, hint = [line for line in refused.stderr.splitlines() if not line.startswith("✨")]
    assert (refused.returncode, refused.stdout) == (2, "")
    assert error == "error: environment is not what locks/small.txt says: `small`"
    assert "--force-activate" in hint
    told = re.search(r"`pixi (.*?)`", hint)
    assert told
    assert pixi(small, *told[1].split()).returncode == 0
    assert pixi(small, "run", "-e", "small", "python", "-c", "import mdurl; print('new')").stdout == "new\n"


def test_cached_activation_and_a_venv_that_is_gone(small: Workspace) -> None:
    """With pixi's cache of activations no bare Python runs where the environment has gone."""
    (small.root / ".pixi/config.toml").write_text(CACHE)
    assert pixi(small, "run", "-e", "small", "python", "-V").returncode == 0
    shutil.rmtree(small.root / ".pixi/venvs/small")
    for program in ("python", "python3", "pytest"):
        done = pixi(small, "run", "-e", "small", program, "-V")
        assert (done.returncode, done.stdout) == (1, "")
        assert "error: environment is not installed: `small`\nhint: " in done.stderr
        assert "--force-activate" in done.stderr
    assert pixi(small, "run", "--force-activate", "-e", "small", "python", "-V").returncode == 0


def test_one_venv_serves_both_routes(small: Workspace) -> None:
    """What pixi has installed is not made anew on uv's route, nor back; only its own interpreter will do for pixi."""
    command = ["./pixiw", "run", "-e", "small", "python", "-c", "import markupsafe, sys; print(sys.base_prefix)"]
    runs = [small.run(*command, env=small.with_pixi(PIXIW_BACKEND=route)) for route in ("uv", "pixi", "uv", "pixi")]
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert "installed `small`" in runs[0].stderr
    assert "install" not in runs[2].stderr
    assert small.stamp("small").read_text().startswith(f"{small.root}/.pixi/envs/small/conda-meta/python-3.11")
    mark = small.root / ".pixi/venvs/small/of-the-first-time"
    mark.touch()
    small.run(*command, env=small.with_pixi(PIXIW_BACKEND="uv"))
    small.run(*command, env=small.with_pixi(PIXIW_BACKEND="pixi"))
    assert mark.exists()


def test_moved_workspace_is_installed_anew(small: Workspace) -> None:
    """A workspace that was moved, or a cached `.pixi` laid into another folder, gets scripts with the right path."""
    assert small.pixiw("run", "-e", "small", "python", "-V").returncode == 0
    venv = small.root / ".pixi/venvs/small"
    stamp = small.stamp("small")
    stamp.write_text(stamp.read_text().replace(str(small.root), "/elsewhere"))
    (venv / "of-the-old-place").touch()
    done = small.pixiw("run", "-e", "small", "python", "-V")
    assert "installed `small`" in done.stderr
    assert not (venv / "of-the-old-place").exists()


def test_restored_cache_is_taken_as_it_is(small: Workspace) -> None:
    """A `.pixi` that CI has restored from its cache at the same place needs no installation."""
    assert pixi(small, "run", "-e", "small", "python", "-V").returncode == 0
    kept = small.root.parent / "restored"
    for folder in ("venvs/small", "envs"):
        shutil.copytree(small.root / ".pixi" / folder, kept / folder, symlinks=True)
        shutil.rmtree(small.root / ".pixi" / folder)
        shutil.copytree(kept / folder, small.root / ".pixi" / folder, symlinks=True)
    stamp = small.stamp("small").stat().st_ino
    assert pixi(small, "run", "-e", "small", "python", "-c", "import markupsafe").returncode == 0
    assert small.stamp("small").stat().st_ino == stamp
    shutil.rmtree(kept)


def test_first_installation_is_told_on_the_terminal(small: Workspace) -> None:
    """Under pixi, which keeps what the script prints, the terminal shows what is installed and when it is done."""
    env = small.with_pixi(PIXIW_BACKEND="pixi")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(small.root)
        os.execvpe("pixi", ["pixi", "run", "-e", "small", "python", "-V"], env)
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            shown += chunk
    except OSError:
        # On Linux the end of a terminal is an error.
        pass
    os.waitpid(child, 0)
    os.close(terminal)
    text = shown.decode()
    assert "installing `small` (Python 3.11) from locks/small.txt" in text
    assert text.index("installed `small` in") < text.index("Python 3.11.")


def test_detached_environments(small: Workspace, tmp_path: Path) -> None:
    """With pixi's environments in another folder, theirs is the interpreter, and a nested run leaves it behind."""
    (small.root / ".pixi").mkdir(exist_ok=True)
    (small.root / ".pixi/config.toml").write_text(f'detached-environments = "{tmp_path}"\n')
    assert pixi(small, "run", "-e", "small", "python", "-V").returncode == 0
    assert small.stamp("small").read_text().startswith(f"{tmp_path}/data-platform-1/envs/small/conda-meta/python-3.11")
    nested = pixi(small, "run", "-e", "small", "./pixiw run -e default 'echo $PATH'")
    assert "/envs/small" not in nested.stdout
    text = "import os; from pathlib import Path; from shared.workspace.environments import conda_prefix\n"
    text += "print(conda_prefix(Path(os.environ['PIXI_PROJECT_ROOT']), 'default'))"
    found = pixi(small, "run", "-e", "small", "python", "-c", text)
    assert found.stdout.strip() == f"{tmp_path}/data-platform-1/envs/default"


def test_packages_of_an_environment(small: Workspace) -> None:
    """`packages` lists what uv has installed, which `pixi list` cannot see."""
    real = (ROOT / "pixi.toml").read_text()
    task = re.search(r"^\[tasks\.packages\]\n.*?(?=\n\n)", real, re.MULTILINE | re.DOTALL)
    assert task
    small.manifest(f"{MANIFEST}\n{task[0]}\n")
    for route in ROUTES:
        done = small.run("./pixiw", "run", "-e", "small", "packages", env=small.with_pixi(PIXIW_BACKEND=route))
        assert "markupsafe" in done.stdout, done.stderr
    assert "markupsafe" not in pixi(small, "list", "-e", "small").stdout


def test_nothing_is_installed_as_is(small: Workspace) -> None:
    """`--as-is` installs nothing on uv's route and says what would; `--frozen` and `--locked` are as always there."""
    refused = small.pixiw("run", "--as-is", "-e", "small", "here")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "hint: run `./pixiw install -e small`" in refused.stderr
    assert small.pixiw("run", "--frozen", "-e", "small", "here").stdout == "here in small\n"
    assert small.pixiw("run", "--as-is", "-e", "small", "here").stdout == "here in small\n"
    assert small.pixiw("run", "--locked", "-e", "small", "here").stdout == "here in small\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["list"], "`./pixiw run -e ENV packages`"),
        (["add", "--pypi", "rich"], "pyproject.toml, then `./pixiw run lock`"),
        (["workspace", "channel", "list"], "PIXIW_BACKEND=pixi"),
    ],
)
def test_what_only_pixi_has(small: Workspace, words: list[str], hint: str) -> None:
    """A command that only pixi has is refused on uv's route with what does the same there."""
    done = small.pixiw(*words)
    assert done.returncode == 2
    assert f"error: only pixi itself has the command: `{words[0]}`" in done.stderr
    assert hint in done.stderr


def test_package_that_pixi_adds_is_found(small: Workspace) -> None:
    """A conda package that `pixi add` wrote is refused by name where no pixi is and nothing stands in for it."""
    assert pixi(small, "add", "-f", "small", "jq").returncode == 0
    assert pixi(small, "run", "-e", "small", "here").stdout == "here in small\n"
    refused = small.pixiw("run", "-e", "small", "here")
    assert "needs what [tool.pixiw.native] does not know: `jq`" in refused.stderr


def test_shell_hook_activates(small: Workspace) -> None:
    """What `shell-hook` prints on uv's route activates the environment in the shell that evaluates it."""
    text = 'eval "$(./pixiw shell-hook -e small)"; echo "$PIXI_ENVIRONMENT_NAME"; python -c "import markupsafe"'
    done = small.run("sh", "-c", text, env=small.variables(PIXIW_BACKEND="uv"))
    assert (done.returncode, done.stdout) == (0, "small\n"), done.stderr
