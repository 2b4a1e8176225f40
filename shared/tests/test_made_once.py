"""What every worker of a parallel test run needs is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.testing.once import make_once


def test_the_first_worker_makes_it_for_all(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes later gets the folder as the first one has made it, also from another worker's temporary folder."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "maker").write_text("first")

    def again(folder: Path) -> None:
        raise AssertionError(f"made twice: {folder}")

    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    found = []
    for worker, maker in (("gw0", make), ("gw1", again)):
        monkeypatch.setattr(tmp_path_factory, "_basetemp", tmp_path / worker)
        found.append(make_once(tmp_path_factory, "states", maker))
    assert found == [tmp_path / "states"] * 2
    assert (found[1] / "maker").read_text() == "first"


def test_what_failed_half_way_is_made_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder that its maker has left unfinished does not count, and the next worker begins without it."""

    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ValueError("no data")

    with pytest.raises(ValueError, match="no data"):
        make_once(tmp_path_factory, "half", fail)
    assert [*make_once(tmp_path_factory, "half", Path.mkdir).iterdir()] == []
