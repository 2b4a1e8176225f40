"""An activation that fails: two lines, no variable shown, no command run, and a terminal that stays open."""

from __future__ import annotations

import re
import subprocess

import pytest

from tasks.tests.pixiw.conftest import Workspace

SECRET = "hunter2"
COMMAND, TASK = "python -c 'print(1)'", "packages"
# pixi runs them, without the environment; pixiw looks at none.
CASES = [("pixi", each) for each in (COMMAND, "pytest --version", "env", TASK)] + [("uv", COMMAND), ("uv", TASK)]


@pytest.fixture
def broken(workspace: Workspace) -> Workspace:
    """A workspace with an environment whose lock names a package with a wrong hash."""
    workspace.manifest('[environments]\nsmall = []\n\n[tasks]\npackages = "uv pip list"\n')
    lock = workspace.lock("small", "markupsafe")
    lock.write_text(re.sub(r"sha256:\w+", "sha256:" + "0" * 64, lock.read_text()))
    return workspace


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What a run printed but for what says which task begins and what is being installed."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if not line.startswith(("✨", "pixiw: ", "installing "))]


@pytest.mark.parametrize(("route", "command"), CASES)
def test_two_lines_and_nothing_runs(broken: Workspace, route: str, command: str) -> None:
    """Whatever is to run in the environment ends at once with an error and a hint, and shows no variable."""
    variables = broken.with_pixi(CRM_PASSWORD=SECRET, PIXIW_BACKEND=route)
    done = broken.run("./pixiw", "run", "-e", "small", command, env=variables)
    assert done.returncode == 1
    error, hint = said(done)
    assert error.startswith("error: cannot install `small`: `uv pip sync` failed: ")
    assert hint.startswith("hint: ")
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(("route", "shell"), [("pixi", "bash"), ("uv", "bash"), ("uv", "sh")])
def test_terminal_stays_open(broken: Workspace, route: str, shell: str) -> None:
    """A terminal that sources the script says why, stays open and has its commands, but no Python of another place."""
    variables = broken.with_pixi(PIXI_PROJECT_ROOT=str(broken.root), PIXI_ENVIRONMENT_NAME="small")
    if route == "pixi":
        broken.run("pixi", "install", "-e", "small", env=variables)
        variables["CONDA_PREFIX"] = str(broken.root / ".pixi/envs/small")
    text = ". tasks/activate.sh; echo open; ls -d tasks; python -c 'print(1)'; echo $?"
    done = broken.run(shell, "-i", env={**variables, "PS1": "", "ENV": ""}, stdin=text)
    assert done.stdout.splitlines() == ["open", "tasks", "1"]
    assert done.stderr.count("error: cannot install `small`") == 1
    assert "error: environment is not installed: `small`" in done.stderr


def test_mended_environment_runs(broken: Workspace) -> None:
    """Once the lock is right the same command runs, and nothing of the failure is left."""
    variables = broken.with_pixi(PIXIW_BACKEND="pixi")
    command = ["./pixiw", "run", "-e", "small", "python", "-c", "import markupsafe; print('there')"]
    assert broken.run(*command, env=variables).returncode == 1
    broken.lock("small", "markupsafe")
    assert broken.run(*command, env=variables).stdout == "there\n"
    assert not [*broken.root.glob(".pixi/venvs/.failed/*")]


def test_password_of_an_index_is_masked(broken: Workspace) -> None:
    """The name and the password in the address of a package index are in no message."""
    broken.lock("small", "mdurl")
    index = {f"UV_{'INDEX'}_URL": f"http://user:{SECRET}@127.0.0.1:9/simple"}
    variables = broken.variables(UV_NO_CACHE="1", **index)
    done = broken.run("./pixiw", "run", "-e", "small", "python", "-V", env={**variables, "PIXIW_BACKEND": "uv"})
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr
    log = broken.root / ".pixi/venvs/.failed/small/.uv.log"
    assert SECRET not in done.stdout + done.stderr + log.read_text()


def test_no_python_at_all(broken: Workspace) -> None:
    """Where pixi's own Python is gone and so nothing can be told, no other Python runs in its place."""
    variables = broken.with_pixi(PIXIW_BACKEND="pixi")
    broken.run("pixi", "install", "-e", "small", env=variables)
    (broken.root / ".pixi/envs/small/bin/python").unlink()
    done = broken.run("./pixiw", "run", "-e", "small", "python", "-V", env=variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert said(done)[-2:][0] == "error: environment is not installed: `small`"
