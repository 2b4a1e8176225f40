"""The pictures of the README, of a small page; test_browser takes one of the graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tasks.pictures import DASHBOARD, LARGEST_KB, WINDOW, take_report, write

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

DRAWN_LATE = f"""
<body style="margin: 0"><section id="{DASHBOARD}" style="height: 100vh; background: red"></section>
<script>
setTimeout(() => {{
  const section = document.querySelector("section");
  section.style.background = "blue";
  section.dataset.drawn = 1;
}}, 2500);
</script>
"""


def test_picture_waits_for_the_page_and_is_small(browser: Chrome, tmp_path: Path) -> None:
    """A page is taken when it is drawn, at the one size, whatever the window's is, and in a small file."""
    page, path = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(DRAWN_LATE, encoding="utf-8")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", WINDOW)
    write(take_report(browser, page), path)
    with Image.open(path) as image:
        assert image.size == tuple(WINDOW[side] * WINDOW["deviceScaleFactor"] for side in ("width", "height"))
        assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    assert path.stat().st_size < LARGEST_KB * 1000
