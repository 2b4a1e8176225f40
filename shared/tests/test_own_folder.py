"""Which folders are the platform's, and that nobody removes one that a command uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.command_line import command
from shared.utils.own_folder import FolderInUse, is_marked, unused, used


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs a command which writes into the data folder, or does what it is given."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "elsewhere"))

    def write() -> None:
        (tmp_path / "elsewhere" / "landing").mkdir(parents=True)

    return lambda work=write: command(lambda _: work(), [])


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_a_command_fills_is_marked(run: Callable[..., int], tmp_path: Path, there: bool) -> None:
    """A data folder that was missing or empty is the platform's once a command has written into it."""
    if there:
        (tmp_path / "elsewhere").mkdir()
    assert run() == 0
    assert is_marked(tmp_path / "elsewhere")


def test_a_folder_of_others_is_not_marked(run: Callable[..., int], tmp_path: Path) -> None:
    """A data folder that held something before is never the platform's, and a command that makes none leaves none."""
    assert run(lambda: None) == 0
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "elsewhere" / "photos").mkdir(parents=True)
    assert run() == 0
    assert not is_marked(tmp_path / "elsewhere")


def test_a_folder_in_use_is_not_removed(run: Callable[..., int], tmp_path: Path) -> None:
    """While a command uses the data folder, whoever would remove it is refused; several commands may use it."""
    (tmp_path / "elsewhere").mkdir()

    def look() -> None:
        with used(tmp_path / "elsewhere"), pytest.raises(FolderInUse), unused(tmp_path / "elsewhere"):
            pass

    assert run(look) == 0
    with unused(tmp_path / "elsewhere"):
        assert run(lambda: None) == 1
