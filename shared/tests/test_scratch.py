"""Scratch folders do not outlive their use for long."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from shared.utils.scratch import OLD_SECONDS, PREFIX, scratch_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a folder for temporary files alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def aged(folder: Path) -> Path:
    """Make a folder look as if nothing had happened in it for a while."""
    folder.mkdir(exist_ok=True)
    moment = time.time() - OLD_SECONDS - 1
    os.utime(folder, (moment, moment))
    return folder


def test_folder_is_gone_afterwards(temporary: Path) -> None:
    """What was written into it goes with it, and while it is in use nobody removes it, however old it is."""
    with scratch_folder() as folder:
        (folder / "rows.csv").touch()
        aged(folder)
        with scratch_folder():
            assert folder.exists()
    assert list(temporary.iterdir()) == []


def test_folders_of_killed_processes_are_removed(temporary: Path) -> None:
    """A folder that nobody holds goes when the next is made; a new one, one of another name and a link's aim stay."""
    (aged(temporary / f"{PREFIX}killed") / "rows.csv").touch()
    aged(temporary / f"{PREFIX}killed")
    kept = [temporary / f"{PREFIX}new", aged(temporary / "other"), temporary / f"{PREFIX}link"]
    kept[0].mkdir()
    kept[2].symlink_to(kept[1])
    with scratch_folder():
        pass
    assert sorted(temporary.iterdir()) == sorted(kept)
