"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.utils.files import write_whole


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """A text is written with its folder, in place of what was there, and nothing else is left beside it."""
    path = tmp_path / "new" / "a.txt"
    for text in ("first", "zweite Fassung, größer"):
        write_whole(path, text)
        assert path.read_text(encoding="utf-8") == text
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_what_cannot_be_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Where writing fails half way, the former file stays whole, and no part of the new one is left."""
    path = tmp_path / "a.txt"
    write_whole(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "second \ud800")
    assert path.read_text(encoding="utf-8") == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
