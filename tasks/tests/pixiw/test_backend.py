"""How ./pixiw chooses between pixi and uv, and how it comes by a uv."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.tests.pixiw.conftest import Workspace

Program = Callable[[str, str], str]
NEEDED = ("sh", "dirname", "sed", "sort", "head", "tail", "cat", "cmp", "env", "mkdir", "mv", "rm", "ls")


def fake_pixi(program: Program, version: str, installs: bool) -> str:
    """A pixi that tells its arguments, of a version, that can or can't install; returns its folder."""
    can = "exit 0" if installs else "echo 'cannot reach the channel' >&2; exit 1"
    return program(
        "pixi", f'case $1 in --version) echo "pixi {version}";; install) {can};; *) echo "pixi got: $*";; esac'
    )


def with_pixi(workspace: Workspace, folder: str, **extra: str) -> dict[str, str]:
    """The variables of a user with that pixi on PATH."""
    variables = workspace.variables(**extra)
    return {**variables, "PATH": f"{folder}:{variables['PATH']}"}


@pytest.mark.parametrize("version", ["0.68", "0.100.1", "1.2.0"])
def test_pixi_is_first_choice(workspace: Workspace, program: Program, version: str) -> None:
    """A pixi that is new enough and can install gets the command line, and the manifest to use."""
    workspace.manifest("")
    env = with_pixi(workspace, fake_pixi(program, version, installs=True))
    result = workspace.run("./pixiw", "run", "-e", "left", "task", "--flag", env=env)
    assert result.stdout == f"pixi got: run --manifest-path {workspace.root}/pixi.toml -e left task --flag\n"


@pytest.mark.parametrize(
    ("version", "installs", "reason"),
    [
        ("0.9.1", True, "pixi 0.9.1 is older than 0.68"),
        ("0.77.0", False, "pixi can't install `default` (cannot reach the channel)"),
    ],
)
def test_uv_where_pixi_cannot(
    workspace: Workspace, program: Program, version: str, installs: bool, reason: str
) -> None:
    """Where pixi is too old or can't install, one line says why and uv does the job."""
    workspace.manifest('[tasks]\nhello = "echo hello"\n')
    env = with_pixi(workspace, fake_pixi(program, version, installs))
    result = workspace.run("./pixiw", "run", "hello", env=env)
    assert result.stdout == "hello\n"
    assert next(line for line in result.stderr.splitlines() if "using uv" in line).startswith(
        f"pixiw: {reason}, using uv"
    )


@pytest.mark.parametrize(
    ("backend", "code", "said"),
    [
        ("uv", 0, "hello"),
        ("pixi", 0, "pixi got: run"),
        ("conda", 2, "error: PIXIW_BACKEND must be pixi or uv: `conda`"),
    ],
)
def test_backend_can_be_forced(workspace: Workspace, program: Program, backend: str, code: int, said: str) -> None:
    """PIXIW_BACKEND forces a route without asking what pixi can do, and any other value is refused."""
    workspace.manifest('[tasks]\nhello = "echo hello"\n')
    env = with_pixi(workspace, fake_pixi(program, "0.77.0", installs=backend == "uv"), PIXIW_BACKEND=backend)
    result = workspace.run("./pixiw", "run", "hello", env=env)
    assert result.returncode == code
    assert said in result.stdout + result.stderr


def test_forced_pixi_must_be_there(workspace: Workspace) -> None:
    """PIXIW_BACKEND=pixi without a pixi is an error that says so."""
    result = workspace.pixiw("info", PIXIW_BACKEND="pixi")
    assert result.returncode == 2
    assert "no pixi on PATH" in result.stderr


def bare_path(program: Program, python: str | None) -> str:
    """A PATH without uv: the usual tools, and a `python3` of that shell text."""
    folder = program("python3", python) if python else program("nothing", "exit 1")
    for name in NEEDED:
        found = shutil.which(name)
        assert found
        (Path(folder) / name).symlink_to(found)
    return folder


@pytest.mark.parametrize("ensurepip", [True, False])
def test_brings_its_own_uv(workspace: Workspace, program: Program, ensurepip: bool) -> None:
    """Without uv pixiw installs a pinned one under .pixi, also with a Python that can't make a venv with pip."""
    workspace.manifest('[tasks]\nversion = "uv --version"\n')
    refuse = "" if ensurepip else 'case "$1 $2" in "-m venv") echo "ensurepip is not available" >&2; exit 1;; esac; '
    path = bare_path(program, f'{refuse}exec "{Path(sys.executable).resolve()}" "$@"')
    try:
        first = workspace.run("./pixiw", "run", "version", env=workspace.variables(path=path))
        second = workspace.run("./pixiw", "run", "version", env=workspace.variables(path=path))
        assert first.stdout.startswith("uv 0."), first.stderr
        assert "installing one into .pixi/uv" in first.stderr
        assert second.stdout == first.stdout
        assert "installing" not in second.stderr
        assert [entry.name for entry in workspace.root.glob(".pixi/uv*")] == ["uv"]
    finally:
        shutil.rmtree(workspace.root / ".pixi/uv", ignore_errors=True)


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "neither uv nor a Python 3.9 or newer on PATH"),
        ("case $1 in -c) ;; *) exit 1;; esac", "cannot install uv"),
    ],
)
def test_no_way_to_uv_is_explained(workspace: Workspace, program: Program, python: str | None, said: str) -> None:
    """Without uv and a Python that can fetch it the error says what to install; nothing half-made is left."""
    workspace.manifest("")
    result = workspace.run("./pixiw", "info", env=workspace.variables(path=bare_path(program, python)))
    assert result.returncode == 1
    assert f"error: {said}" in result.stderr
    assert "hint: install uv" in result.stderr
    assert not [*workspace.root.glob(".pixi/uv*")]
