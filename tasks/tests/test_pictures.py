"""The pictures that README and docs show, as they are committed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.errors import UserError
from tasks.pictures import FOLDER, LARGEST_KB, WINDOW, main

ROOT = Path(__file__).parents[2]
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_page_shows_each_picture(page: str) -> None:
    """README and the docs' home page show every picture that the task takes."""
    shown = re.findall(r'(?:<img src="|!\[[^]]+\]\()([^")]+\.png)', (ROOT / page).read_text(encoding="utf-8"))
    paths = [(ROOT / page).parent / name for name in shown]
    assert sorted(paths) == sorted((ROOT / FOLDER).glob("*.png")) and len(paths) == 2


@pytest.mark.parametrize("picture", sorted((ROOT / FOLDER).glob("*.png")), ids=lambda path: path.name)
def test_picture_is_as_the_task_takes_it(picture: Path) -> None:
    """A committed picture has the task's size, and is small enough for a page."""
    content = picture.read_bytes()
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    scale = WINDOW["deviceScaleFactor"]
    assert content.startswith(SIGNATURE)
    assert (width, height) == (WINDOW["width"] * scale, WINDOW["height"] * scale)
    assert len(content) < LARGEST_KB * 1000


def test_pictures_need_a_made_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a report nothing is started, and the hint names the command that makes one."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(UserError, match="no report") as raised:
        main([str(tmp_path / "pictures")])
    assert "demo-materialize" in (raised.value.hint or "")
    assert not (tmp_path / "pictures").exists()
