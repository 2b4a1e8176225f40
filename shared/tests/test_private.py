"""What commands make is their owner's alone, and so is what earlier versions have left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.postgres.tools import TOOL_SECONDS, bin_dir
from shared.utils import private
from shared.utils.private import tighten

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")


def wide(folder: Path) -> list[str]:
    """Return what others can use of a folder and what is below it."""
    paths = [folder, *folder.rglob("*")]
    found = [path for path in paths if not path.is_symlink() and path.stat().st_mode & 0o077]
    return [path.relative_to(folder.parent).as_posix() for path in found]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder as an earlier version has left it."""
    data = tmp_path / "data"
    (data / "logs").mkdir(parents=True)
    for path in (data / "warehouse.duckdb", data / "logs" / "a.jsonl", tmp_path / "outside"):
        path.write_text("x")
        path.chmod(0o664)
    (data / "link").symlink_to(tmp_path / "outside")
    data.chmod(0o755)
    (data / "logs").chmod(0o775)
    return data


def test_command_makes_and_leaves_nothing_for_others(data: Path) -> None:
    """A command tightens the data folder and makes private files under any umask; a link's target is left alone."""
    script = (
        "import os, pathlib, sys; os.umask(0); from shared.command_line import command; "
        "new = pathlib.Path(os.environ['DATA_DIR'], 'new'); "
        "sys.exit(command(lambda _: (new.mkdir(), (new / 'file').touch()) and None, []))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "DATA_DIR": str(data)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (data / "new" / "file").is_file()
    assert wide(data) == []
    assert (data.parent / "outside").stat().st_mode & 0o777 == 0o664


def test_tightening_is_bounded_and_ends_with_the_folder_itself(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is, the folder is closed to others; one that is missing is none of our business."""
    monkeypatch.setattr(private, "MOST", 1)
    tighten(data, data / "postgres17")
    assert data.stat().st_mode & 0o777 == 0o700
    assert wide(data) != []
    tighten(data / "gone", data / "gone" / "postgres17")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """Return a folder whose outer ones anybody may pass through."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@as_root
def test_other_user_passes_through_to_the_server_alone(reachable: Path) -> None:
    """Where the server's folder is another user's, that user's group passes through the data folder and no further."""
    data = reachable / "data"
    (data / "postgres17").mkdir(parents=True, mode=0o700)
    (data / "logs").mkdir(mode=0o755)
    data.chmod(0o755)
    os.chown(data / "postgres17", NOBODY, NOBODY)
    for _ in range(2):
        tighten(data, data / "postgres17")
        assert (data.stat().st_mode & 0o777, data.stat().st_gid) == (0o710, NOBODY)
        assert wide(data) == ["data"]


@as_root
@pytest.mark.postgres
def test_server_of_nobody_runs_in_a_private_folder(reachable: Path) -> None:
    """Without user namespaces root's server runs as `nobody`, whose group passes through the data folder to it."""
    programs = reachable / "bin"
    programs.mkdir()
    (programs / "setpriv").symlink_to(shutil.which("setpriv") or "/nowhere")
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    if subprocess.run([*as_nobody, bin_dir() / "pg_ctl", "--version"], capture_output=True).returncode:
        pytest.skip("`nobody` cannot reach PostgreSQL's programs")
    script = (
        "import pathlib, sys; from shared.postgres.server import LocalServer; from shared.utils.private import *; "
        "keep_private(); data = pathlib.Path(sys.argv[1]); server = LocalServer(data / 'postgres17', sync=False); "
        "server.create(); server.start(); tighten(data, server.folder); server.stop(); server.start(); server.stop()"
    )
    (reachable / "data").mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", script, reachable / "data"],
        env={**os.environ, "PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=TOOL_SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (reachable / "data" / "postgres17").stat().st_uid == NOBODY
    assert wide(reachable / "data") == ["data"]
    assert (reachable / "data").stat().st_mode & 0o777 == 0o710
