"""What `. tasks/activate.sh` does to an environment and to the shell that sources it."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.pth_files import make_relative
from tasks.tests.pixiw.conftest import Workspace, uv_folder
from tasks.verification import look

IMPORT = "python -c 'import markupsafe, sys; print(sys.prefix)'"


def test_installs_then_stays_silent(workspace: Workspace) -> None:
    """The first activation installs and says so, the second says nothing, and both put the venv first on PATH."""
    workspace.lock("small", "markupsafe")
    first = workspace.run(*workspace.activation("small", IMPORT))
    second = workspace.run(*workspace.activation("small", IMPORT))
    venv = str(workspace.root / ".pixi/venvs/small")
    assert (first.stdout.strip(), second.stdout.strip()) == (venv, venv)
    assert "installed `small` in" in first.stderr
    assert second.stderr == ""


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_leaves_nothing_behind(workspace: Workspace, tmp_path: Path, shell: str) -> None:
    """Sourcing changes PATH and VIRTUAL_ENV only: no other variable, function, option, argument or directory."""
    workspace.lock("small", "markupsafe")
    workspace.run(*workspace.activation("small"))
    state = '{ set; echo "$- $# $1 $PWD"; }'
    setting = f"export PIXI_PROJECT_ROOT='{workspace.root}' PIXI_ENVIRONMENT_NAME=small; set -- one two"
    text = f"{setting}; {state} > {tmp_path}/before; . tasks/activate.sh; {state} > {tmp_path}/after"
    assert workspace.run(shell, "-c", text).returncode == 0
    before, after = ((tmp_path / name).read_text().splitlines() for name in ("before", "after"))
    changed = {line.split("=")[0] for line in {*before} ^ {*after}}
    assert changed - {"_", "PIPESTATUS", "BASH_ARGC", "BASH_ARGV"} == {"PATH", "VIRTUAL_ENV"}


def test_changed_lock_is_picked_up(workspace: Workspace) -> None:
    """A package that a lock gained is there at the next activation, one that it lost is gone."""
    workspace.lock("small", "markupsafe")
    workspace.run(*workspace.activation("small"))
    workspace.lock("small", "mdurl")
    result = workspace.run(*workspace.activation("small", "python -c 'import mdurl'; python -c 'import markupsafe'"))
    assert "installed `small`" in result.stderr
    assert "No module named 'markupsafe'" in result.stderr
    assert "mdurl" not in result.stderr


def test_stale_lock_is_told_until_made_again(workspace: Workspace) -> None:
    """A pyproject with other dependencies than the lock was made from is told at each activation."""
    workspace.lock("small", "markupsafe")
    project = workspace.root / "projects/small/pyproject.toml"
    project.write_text(project.read_text().replace("[]", '["mdurl"]'))
    for _ in range(2):
        result = workspace.run(*workspace.activation("small"))
        assert result.returncode == 0
        assert "warning: locks/small.txt was made from another pyproject.toml" in result.stderr
        assert "hint: run `./pixiw run lock small`" in result.stderr


def test_missing_interpreter_is_named_with_the_way_out(workspace: Workspace) -> None:
    """Where uv neither finds nor gets the Python of a lock, the error says which one is missing and what to do."""
    workspace.lock("small", "markupsafe", python="3.99")
    result = workspace.run(*workspace.activation("small"))
    assert result.returncode == 1
    assert "error: cannot install `small`" in result.stderr
    assert "hint: put a Python 3.99 on PATH or let uv download one" in result.stderr
    assert not workspace.stamp("small").exists()


def test_project_with_a_package_becomes_importable(workspace: Workspace) -> None:
    """A project is installed as it stands as soon as it has a package under src."""
    workspace.lock("small", "markupsafe")
    workspace.run(*workspace.activation("small"))
    package = workspace.root / "projects/small/src/small"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    with (package.parents[1] / "pyproject.toml").open("a") as file:
        file.write('[build-system]\nrequires = ["uv_build>=0.11,<0.14"]\nbuild-backend = "uv_build"\n')
    result = workspace.run(*workspace.activation("small", "python -c 'import small; print(small.__file__)'"))
    assert result.stdout.strip() == str(package / "__init__.py"), result.stderr


def test_no_path_of_the_workspace_is_read_in_the_locale(tmp_path: Path) -> None:
    """A .pth file leads to the workspace from where it lies: Python 3.11 could not read an umlaut where LC_ALL is C.

    What uv's cache has stays as it was, and the package lists the file as it is.
    """
    file = tmp_path / "ü/.pixi/venvs/small/lib/python3.11/site-packages/_small.pth"
    file.parent.mkdir(parents=True)
    cached = tmp_path / "cached.pth"
    cached.write_text(f"{tmp_path}/ü/projects/small/src\n")
    file.hardlink_to(cached)
    record = file.parent / "small-1.dist-info/RECORD"
    record.parent.mkdir()
    record.write_text("_small.pth,sha256=old,99\nsmall-1.dist-info/RECORD,,\n")
    make_relative(file, tmp_path / "ü")
    assert cached.read_text() == f"{tmp_path}/ü/projects/small/src\n"
    assert [*look(tmp_path / "ü/.pixi/venvs/small")] == []
    text = file.read_text().strip()
    assert text.isascii()
    assert os.path.normpath(file.parent / text) == f"{tmp_path}/ü/projects/small/src"


def test_uv_writes_into_the_workspace_where_it_cannot_write_at_home(workspace: Workspace) -> None:
    """Where HOME is none or another user's, uv's cache and its Pythons are below .pixi; one that is chosen stays."""
    workspace.lock("small", "markupsafe")
    workspace.run(*workspace.activation("small"))
    shown = workspace.activation("small", 'echo "${UV_CACHE_DIR-}" "${UV_PYTHON_INSTALL_DIR-}"')
    unset = dict.fromkeys(("UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "XDG_CACHE_HOME"), "")
    own = f"{workspace.root}/.pixi/uv-"
    for variables, expected in (
        ({"HOME": "/dev/null"}, f"{own}cache {own}python"),
        ({"HOME": "/dev/null", "UV_CACHE_DIR": "/tmp/cache"}, f"/tmp/cache {own}python"),
        ({"HOME": str(workspace.root)}, ""),
    ):
        assert workspace.run(*shown, env=workspace.variables(**unset | variables)).stdout.strip() == expected


def test_failed_install_counts_for_nothing(workspace: Workspace) -> None:
    """A package with a wrong hash ends the activation with a clear message; mending the lock is enough afterwards."""
    lock = workspace.lock("small", "markupsafe")
    good = lock.read_text()
    lock.write_text(re.sub(r"sha256:\w+", "sha256:" + "0" * 64, good))
    failed = workspace.run(*workspace.activation("small", "echo went on"))
    assert failed.returncode == 1
    assert "error: cannot install `small`: `uv pip sync` failed" in failed.stderr
    assert "hint: " in failed.stderr
    assert "went on" not in failed.stdout
    assert not workspace.stamp("small").exists()
    lock.write_text(good)
    assert workspace.run(*workspace.activation("small", IMPORT)).returncode == 0


def test_second_activation_waits_for_the_first(workspace: Workspace) -> None:
    """While one process installs an environment, another one says for which process it waits, then finds it done."""
    workspace.lock("small", "markupsafe")
    path = workspace.root / ".pixi/venvs/.small.lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write("4242")
        held.flush()
        waiting = [
            subprocess.Popen(
                workspace.activation("small", IMPORT),
                cwd=workspace.root,
                env=workspace.variables(),
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            for _ in range(2)
        ]
        for process in waiting:
            assert process.stderr
            assert process.stderr.readline() == "waiting for process 4242, which installs `small`\n"
    told = [process.communicate(timeout=60)[1] for process in waiting]
    assert [process.returncode for process in waiting] == [0, 0]
    assert sum("installed `small`" in text for text in told) == 1


def test_killed_install_is_made_again(workspace: Workspace, program: Callable[[str, str], str]) -> None:
    """An installation ended by kill -9 leaves no environment that counts as good, and the next activation mends it."""
    workspace.lock("small", "markupsafe")
    real = Path(uv_folder()) / "uv"
    mark = workspace.root / "half-made"
    slow = program("uv", f'if [ "$1 $2" = "pip sync" ]; then touch "{mark}"; sleep 60; fi; exec "{real}" "$@"')
    env = workspace.variables(path=f"{slow}:{os.environ['PATH']}")
    process = subprocess.Popen(workspace.activation("small"), cwd=workspace.root, env=env, start_new_session=True)
    while not mark.exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    mark.unlink()
    assert (workspace.root / ".pixi/venvs/small/bin/python").exists()
    assert not workspace.stamp("small").exists()
    assert workspace.run(*workspace.activation("small", IMPORT)).returncode == 0


def test_lost_interpreter_is_replaced(workspace: Workspace) -> None:
    """A venv whose interpreter is gone is made again."""
    workspace.lock("small", "markupsafe")
    workspace.run(*workspace.activation("small"))
    python = workspace.root / ".pixi/venvs/small/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert workspace.run(*workspace.activation("small", IMPORT)).returncode == 0


def test_environment_without_lock_is_just_tools(workspace: Workspace) -> None:
    """Without a lock an activation makes no venv and succeeds."""
    result = workspace.run(*workspace.activation("tools", 'echo "${VIRTUAL_ENV-none}"'))
    assert (result.returncode, result.stdout.strip()) == (0, "none")
    assert not (workspace.root / ".pixi/venvs/tools").exists()


def conda_prefix(folder: Path, build: str) -> Path:
    """What activation sees of an environment that pixi made: its interpreter and the record of it."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "conda-meta").mkdir(exist_ok=True)
    for old in (folder / "conda-meta").iterdir():
        old.unlink()
    (folder / "conda-meta" / f"python-3.11.9-{build}.json").write_text("{}")
    if not (folder / "bin/python").exists():
        (folder / "bin/python").symlink_to(Path(sys.executable).resolve())
    return folder


def test_pixis_interpreter_is_taken(workspace: Workspace, tmp_path: Path) -> None:
    """Under pixi the interpreter is pixi's, and a new build of it is noticed."""
    workspace.lock("small", "markupsafe")
    for build in ("first", "second"):
        env = workspace.variables(CONDA_PREFIX=str(conda_prefix(tmp_path / "prefix", build)))
        result = workspace.run(*workspace.activation("small", IMPORT), env=env)
        assert result.returncode == 0, result.stderr
        assert (
            workspace.stamp("small")
            .read_text()
            .startswith(f"{tmp_path}/prefix/conda-meta/python-3.11.9-{build}.json\n")
        )
        assert workspace.run(*workspace.activation("small", IMPORT), env=env).stderr == ""


def test_pixis_interpreter_must_fit_the_lock(workspace: Workspace, tmp_path: Path) -> None:
    """A lock for another Python than pixi brought is refused with what to do."""
    workspace.lock("small", "markupsafe", python="3.10")
    env = workspace.variables(CONDA_PREFIX=str(conda_prefix(tmp_path / "prefix", "first")))
    result = workspace.run(*workspace.activation("small", "python -V"), env=env)
    assert result.returncode == 1
    assert "pixi's Python is 3.11, locks/small.txt is for 3.10" in result.stderr
    assert "hint: run `./pixiw run lock small`" in result.stderr
