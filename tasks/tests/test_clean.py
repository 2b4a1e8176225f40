"""What `clean` removes, and what it leaves alone. The workspace is a folder: nothing is installed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from shared.utils.own_folder import MARK, used
from tasks.environments import HERE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a workspace with an environment, and beside it a data folder that the platform has made."""
    (tmp_path / "root" / ".pixi" / "venvs" / "small").mkdir(parents=True)
    (tmp_path / "elsewhere" / "landing").mkdir(parents=True)
    (tmp_path / "elsewhere" / MARK).touch()
    return tmp_path / "root"


def clean(root: Path, *flags: str, data: str = "../elsewhere", stdin: int = subprocess.DEVNULL) -> tuple[int, str]:
    """Run `clean` and return its exit code and all that it said."""
    environment = {**os.environ, "PIXI_PROJECT_ROOT": str(root), "DATA_DIR": data}
    line = [sys.executable, "-m", "tasks.clean", *flags]
    done = subprocess.run(line, cwd=HERE, env=environment, stdin=stdin, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_data_folder_is_where_data_dir_says(root: Path) -> None:
    """A DATA_DIR relative to the root is removed with its mark, whatever else is called `data`."""
    (root / "data").mkdir()
    assert clean(root, "--data", "--yes")[0] == 0
    assert (root / "data").exists()
    assert not (root / ".pixi" / "venvs").exists()
    assert not (root.parent / "elsewhere").exists()


def test_a_folder_that_is_not_marked_stays(root: Path) -> None:
    """What the platform has not made is not removed, nor anything else in that call."""
    (root.parent / "elsewhere" / MARK).unlink()
    code, said = clean(root, "--data", "--yes")
    assert (code, "error: not marked as made by the platform: `" in said) == (2, True)
    assert (root.parent / "elsewhere" / "landing").exists()
    assert (root / ".pixi" / "venvs" / "small").exists()


def test_a_link_is_not_followed(root: Path) -> None:
    """Of a link in the data folder the link goes, not what it leads to; a link to the folder itself stays."""
    (root / "photos").mkdir()
    (root.parent / "elsewhere" / "link").symlink_to(root / "photos")
    (root / "data").symlink_to(root.parent / "elsewhere")
    assert clean(root, "--only-data", "--yes", data="")[0] == 0
    assert (root / "photos").exists()
    assert [*(root / "data").iterdir()] == []


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 2), (None, 2)])
def test_somebody_has_to_say_yes(root: Path, answer: bytes | None, code: int) -> None:
    """On a terminal it asks, and any other answer than yes is a no; without one it names `--yes`."""
    if answer is None:
        found, said = clean(root, "--only-data")
        assert "hint: add --yes" in said
    else:
        outer, inner = pty.openpty()
        os.write(outer, answer)
        found, said = clean(root, "--only-data", stdin=inner)
        os.close(inner)
        os.close(outer)
        assert "[y/N]" in said
    assert found == code
    assert (root.parent / "elsewhere").exists() == (code != 0)


@pytest.mark.parametrize("place", ["../elsewhere", ".pixi/venvs/small"])
def test_nothing_is_removed_while_a_command_runs(root: Path, place: str) -> None:
    """A command that uses the data folder, or runs in an environment of this workspace, keeps all of it."""
    with used((root / place).resolve()):
        code, said = clean(root, "--data", "--yes")
    assert (code, "error: a command uses it: `" in said) == (1, True)
    assert (root.parent / "elsewhere" / "landing").exists()
    assert clean(root, "--data", "--yes")[0] == 0


def test_a_server_that_runs_keeps_its_data(root: Path) -> None:
    """While the local PostgreSQL server runs its files stay; what a killed one has left does not hold anybody up."""
    file = root.parent / "elsewhere" / "postgres17" / "cluster" / "postmaster.pid"
    file.parent.mkdir(parents=True)
    file.write_text(f"{os.getpid()}\n")
    code, said = clean(root, "--data", "--yes")
    assert (code, "postgres-stop" in said) == (2, True)
    file.write_text("99999999\n")
    assert clean(root, "--data", "--yes")[0] == 0
