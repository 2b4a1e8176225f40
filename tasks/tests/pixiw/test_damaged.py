"""An environment that somebody has damaged: the next command mends it, or names the command that does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.tests.pixiw.conftest import Workspace, uv_folder

# The fixture `workspace` leaves what begins with `d`: so one installation serves all of these tests.
NAME = "damaged"
IMPORT = "import markupsafe._native, sys; print(sys.prefix)"


@pytest.fixture
def venv(workspace: Workspace) -> Path:
    """An environment that is as it should be."""
    workspace.manifest(f"[environments]\n{NAME} = []\n")
    workspace.lock(NAME, "markupsafe")
    assert workspace.run(*workspace.activation(NAME)).returncode == 0
    return workspace.root / ".pixi" / "venvs" / NAME


def package(venv: Path) -> Path:
    """The folder of the package that the lock names."""
    return venv / "lib" / "python3.11" / "site-packages" / "markupsafe"


def cut(path: Path, size: int) -> None:
    """Cut a file short, not the one in uv's cache that it may be a link to."""
    content = path.read_bytes()[:size]
    path.unlink()
    path.write_bytes(content)


def cut_record(venv: Path) -> None:
    """Cut the list of a package's files short."""
    (record,) = package(venv).parent.glob("markupsafe-*.dist-info/RECORD")
    cut(record, 60)


def lose_interpreter(venv: Path) -> None:
    """Leave a link to a Python that is gone."""
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/nowhere/python")


def keep_stamp_alone(venv: Path) -> None:
    """Leave the stamp, which says that all is well, of a venv that is gone."""
    stamp = (venv / ".stamp").read_bytes()
    shutil.rmtree(venv)
    venv.mkdir()
    (venv / ".stamp").write_bytes(stamp)


def kill_half_way(venv: Path) -> None:
    """Leave what an installation that was killed leaves: no stamp, and a part of the packages."""
    (venv / ".stamp").unlink()
    shutil.rmtree(package(venv))


def take_foreign_bytecode(venv: Path) -> None:
    """Lay another Python's bytecode where this one looks for its own."""
    cache = package(venv) / "__pycache__"
    cache.mkdir(exist_ok=True)
    for module in ("__init__", "_native"):
        (cache / f"{module}.{sys.implementation.cache_tag}.pyc").write_bytes(b"\x6f\x0d\x0d\x0a" + b"nonsense" * 9)


def move(venv: Path) -> None:
    """Make it the venv of a clone that lay elsewhere."""
    stamp = venv / ".stamp"
    stamp.write_text(stamp.read_text().replace(str(venv.parents[2]), "/elsewhere"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda venv: shutil.rmtree(package(venv)),
        lambda venv: (package(venv) / "__init__.py").unlink(),
        lambda venv: shutil.rmtree(venv / "lib"),
        lose_interpreter,
        cut_record,
        keep_stamp_alone,
        kill_half_way,
        take_foreign_bytecode,
        move,
    ],
    ids=["package", "module", "lib", "interpreter", "record", "stamp-alone", "killed", "bytecode", "moved"],
)
def test_next_command_mends(workspace: Workspace, venv: Path, damage: Callable[[Path], None]) -> None:
    """What is seen cheaply is mended before the next command runs, and the one after it has nothing to do."""
    damage(venv)
    mended = workspace.run(*workspace.activation(NAME, f"python -c '{IMPORT}'"))
    assert (mended.returncode, mended.stdout.strip()) == (0, str(venv)), mended.stderr
    assert [line for line in next(package(venv).parent.glob("markupsafe-*/RECORD")).open() if "RECORD,," in line]
    assert workspace.run(*workspace.activation(NAME)).stderr == ""


def test_failed_command_says_what_is_damaged(workspace: Workspace, venv: Path) -> None:
    """A command that fails for a file deep in a package says which, and the same command again runs."""
    (package(venv) / "_native.py").unlink()
    command = ["run", "-e", NAME, "python", "-c", IMPORT]
    failed = workspace.pixiw(*command)
    assert failed.returncode == 1
    lost = (package(venv) / "_native.py").relative_to(venv)
    assert f"error: environment is damaged: `{NAME}`: {lost} is gone\n" in failed.stderr
    assert "hint: run the same command again" in failed.stderr
    mended = workspace.pixiw(*command)
    assert (mended.returncode, mended.stdout.strip()) == (0, str(venv)), mended.stderr


def test_failed_command_under_pixi_names_what_mends(workspace: Workspace, venv: Path) -> None:
    """pixi looks at nothing after a command: Python names the command that does, for a package's module alone."""
    env = workspace.with_pixi()
    command = ["pixi", "run", "-e", NAME, "python", "-c"]
    assert workspace.run(*command, IMPORT, env=env).returncode == 0
    (package(venv) / "_native.py").unlink()
    hint = f"hint: `./pixiw install -e {NAME}` mends it where a file of the environment is gone\n"
    assert workspace.run(*command, IMPORT, env=env).stderr.endswith(hint)
    assert hint not in workspace.run(*command, "import no_such_module", env=env).stderr


def test_pixiws_own_environment(workspace: Workspace) -> None:
    """What pixiw itself needs is told as any other damage, and `install`, which needs less, mends it."""
    workspace.manifest('[tasks.greet]\ncmd = "echo {{ name }}"\nargs = ["name"]\n')
    (module,) = workspace.root.glob(".pixi/venvs/default/lib/python3*/site-packages/jinja2/environment.py")
    module.unlink()
    failed = workspace.pixiw("run", "greet", "ann")
    assert "error: environment is damaged: `default`: " in failed.stderr
    assert workspace.pixiw("install").returncode == 0
    assert workspace.pixiw("run", "greet", "ann").stdout == "ann\n"


def test_command_that_fails_of_itself_says_nothing(workspace: Workspace, venv: Path) -> None:
    """In a good environment a command that fails is nothing to the environment."""
    failed = workspace.pixiw("run", "-e", NAME, "python", "-c", "raise SystemExit(3)")
    assert (failed.returncode, failed.stderr) == (3, "")
    assert (venv / ".stamp").exists()


@pytest.mark.parametrize("route", ["uv", "pixi"])
def test_install_looks_at_every_file(workspace: Workspace, venv: Path, route: str) -> None:
    """`./pixiw install` sees a changed byte and bytecode cut short, which an activation does not, on both routes."""
    env = workspace.with_pixi(PIXIW_BACKEND=route)
    assert workspace.run("./pixiw", "run", "-e", NAME, "python", "-c", IMPORT, env=env).returncode == 0
    changed = package(venv) / "_native.py"
    content = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(content.replace(b"def", b"fed"))
    os.utime(changed, (venv.stat().st_mtime + 9, (venv / ".stamp").stat().st_mtime + 9))
    assert workspace.run("./pixiw", "install", "-e", NAME, env=env).returncode == 0
    assert changed.read_bytes() == content
    assert workspace.run("./pixiw", "run", "-e", NAME, "python", "-c", IMPORT, env=env).returncode == 0
    (bytecode,) = (package(venv) / "__pycache__").glob("_native.*.pyc")
    cut(bytecode, 40)
    assert workspace.run("./pixiw", "install", "-e", NAME, env=env).returncode == 0
    assert workspace.run("./pixiw", "run", "-e", NAME, "python", "-c", IMPORT, env=env).returncode == 0


def test_damage_that_reached_uvs_cache(workspace: Workspace, venv: Path, tmp_path: Path) -> None:
    """A file that was emptied in place is so in uv's cache, which links it: it is fetched anew."""
    env = {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_LINK_MODE": "hardlink"}
    shutil.rmtree(venv)
    assert workspace.pixiw("install", "-e", NAME, **env).returncode == 0
    emptied = package(venv) / "_native.py"
    assert emptied.stat().st_nlink > 1
    emptied.write_bytes(b"")
    done = workspace.pixiw("install", "-e", NAME, **env)
    assert done.returncode == 0, done.stderr
    assert "once more without uv's cache" in done.stderr
    assert emptied.stat().st_size > 0


@pytest.fixture
def read_only(venv: Path) -> Iterator[list[str]]:
    """What runs a command as somebody who may not write the environments' folder, which root always may."""
    folders = [venv, venv.parent]
    modes = [folder.stat().st_mode for folder in folders]
    for folder in folders:
        folder.chmod(0o555)
    yield [] if os.geteuid() else ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    for folder, mode in zip(folders, modes, strict=True):
        folder.chmod(mode)


def test_folder_that_another_user_owns(workspace: Workspace, venv: Path, read_only: list[str]) -> None:
    """Where `.pixi` is not writable a good environment runs; for a damaged one the command and its user are named."""
    command = [*read_only, "./pixiw", "run", "-e", NAME, "python", "-c", IMPORT]
    good = workspace.run(*command)
    assert good.stdout.strip() == str(venv), good.stderr
    hint = f"hint: run `./pixiw install -e {NAME}` as the user who owns .pixi\n"
    (package(venv) / "_native.py").unlink()
    unseen = workspace.run(*command)
    shutil.rmtree(package(venv))
    seen = workspace.run(*command)
    assert [run.returncode for run in (unseen, seen)] == [1, 1]
    assert hint in unseen.stderr and "error: environment is damaged" in unseen.stderr
    assert hint in seen.stderr and "error: cannot install" in seen.stderr


NO_UV = """case "$2" in
  venv) mkdir -p "$3/bin" && ln -s "{uv}" "$3/bin/uv" && ln -s "$0" "$3/bin/python" ;;
  pip | "") ;;
  *) exec "{python}" "$@" ;;
esac"""


@pytest.mark.parametrize("left", ["", "#!/bin/sh\n"], ids=["none", "broken"])
def test_uv_that_is_gone(workspace: Workspace, venv: Path, program: Callable[[str, str], str], left: str) -> None:
    """`.pixi/uv` without a uv gets one, in its place, and `install` sees one that does not work."""
    own = workspace.root / ".pixi" / "uv"
    (own / "bin").mkdir(parents=True)
    if left:
        (own / "bin/uv").write_text(left)
        (own / "bin/uv").chmod(0o755)
    python = NO_UV.format(uv=Path(uv_folder()) / "uv", python=Path(sys.executable).resolve())
    env = workspace.variables(path=os.pathsep.join([program("python3", python), "/usr/bin", "/bin"]))
    try:
        done = workspace.run("./pixiw", "install", "-e", NAME, env=env)
        assert done.returncode == 0, done.stderr
        version = subprocess.run([own / "bin/uv", "--version"], capture_output=True, text=True, check=True)
        assert version.stdout.startswith("uv ")
        assert [path.name for path in workspace.root.glob(".pixi/uv*")] == ["uv"]
        assert sorted(path.name for path in own.iterdir()) == ["bin"]
    finally:
        shutil.rmtree(own)
