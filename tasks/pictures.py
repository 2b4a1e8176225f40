"""`pictures`: what the README and the docs' home page show of a made demo, its graph in Dagster and its report.

Taken in Chromium without a window, always at one size. The pictures are committed: a README is read before anything can
be made. Needs an environment with selenium, Pillow and Dagster: `orchestration`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.command_line import Parser, command
from shared.config import get_settings
from shared.errors import PlatformError, UserError
from shared.testing.browser import open_browser
from shared.utils import processes
from shared.utils.scratch import scratch_folder
from shared.web.address import split_token
from tasks.demo.serve import address_of

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

FOLDER = Path("docs/pictures")
WINDOW = {"width": 1200, "height": 750, "deviceScaleFactor": 1.5, "mobile": False}
COLOURS = 256
LARGEST_KB = 200
START_SECONDS = 240.0
# What `ui` gives the runs under way, and itself to end.
END_SECONDS = 60.0
PATIENCE = 120.0
POLL_SECONDS = 1.0

# How customers and sales become what is delivered: not all of the graph, so that it can be read.
SELECTION = (
    '+group:master or +key:"core/agg_weekly_sales" or group:egress or key:"delivery/crm" or key:"delivery/files"'
)
OPENED = ("raw", "core", "master", "egress", "delivery")
DASHBOARD = "sales-performance"

WITHOUT_NAVIGATION = "localStorage.setItem('dagster-nav-collapsed', 'true')"
LIST_OF_ASSETS = "//input[starts-with(@placeholder, 'Jump to')]/following::button[1]"
NODE = "[class*='minimalAssetNodeBox']"
ALL_MADE = f"""
const nodes = [...document.querySelectorAll("{NODE}")];
return nodes.length > 0 && nodes.every((node) => node.style.cssText.includes("--color-background-green"));
"""
DRAWN = f"return (document.querySelector('#{DASHBOARD}')?.dataset.drawn ?? 0) > 0"


def main(arguments: Sequence[str]) -> int:
    """Take both pictures of what is in the data folder, into `docs/pictures` or another folder."""
    folder: Path = parser().parse_args(arguments).folder
    page = get_settings().reports_dir / "index.html"
    if not page.is_file():
        raise UserError(f"there is no report yet: {page}", hint="run `./pixiw run demo-materialize`")
    folder.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as scratch, browsing(scratch) as browser, running_ui() as address:
        for name, picture in {"graph": take_graph(browser, address), "report": take_report(browser, page)}.items():
            path = folder / f"{name}.png"
            write(picture, path)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="pictures", description="Take the pictures of the README from the demo as it is made.")
    top.add_argument("folder", nargs="?", type=Path, default=FOLDER, help=f"where to (default: {FOLDER})")
    return top


@contextmanager
def running_ui() -> Iterator[str]:
    """Serve Dagster's web interface on a free port; give the address that lets one in."""
    line = [sys.executable, "-m", "orchestration", "ui", "--port", "0"]
    with processes.started(line, seconds=END_SECONDS, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        with closing(child.stdout):
            yield address_of(child, "Dagster's web interface", START_SECONDS)


@contextmanager
def browsing(scratch: Path) -> Iterator[Chrome]:
    """Start a browser with a window of the pictures' size."""
    browser = open_browser(scratch / "profile")
    try:
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", WINDOW)
        yield browser
    finally:
        browser.quit()


def take_graph(browser: Chrome, address: str, selection: str = SELECTION, opened: Sequence[str] = OPENED) -> bytes:
    """Return a picture of assets in Dagster, when all that are shown are made.

    Args:
        browser: Who looks.
        address: What `ui` has printed.
        selection: Which assets, in Dagster's syntax.
        opened: The groups whose assets are shown one by one.
    """
    browser.get(address)
    browser.execute_script(WITHOUT_NAVIGATION)
    groups = ",".join(f"global@global:{group}" for group in opened)
    server, _ = split_token(address)
    browser.get(f"{server}/asset-groups~{quote(selection, safe='')}?expanded={quote(groups)}")
    wait_until(lambda: browser.find_elements("xpath", LIST_OF_ASSETS), "the page of the graph")
    browser.find_element("xpath", LIST_OF_ASSETS).click()
    wait_until(
        lambda: browser.execute_script(ALL_MADE), "every asset of the graph made (`demo-materialize` makes them)"
    )
    return still(browser)


def take_report(browser: Chrome, page: Path) -> bytes:
    """Return a picture of a report's first dashboard."""
    browser.get(f"{page.absolute().as_uri()}#{DASHBOARD}")
    wait_until(lambda: browser.execute_script(DRAWN), "the dashboard")
    return still(browser)


def still(browser: Chrome) -> bytes:
    """Return what the window shows, as soon as nothing moves in it any more."""
    seen: list[bytes] = [b"", browser.get_screenshot_as_png()]

    def nothing_moves() -> bool:
        time.sleep(POLL_SECONDS)
        seen[:] = [seen[-1], browser.get_screenshot_as_png()]
        return seen[0] == seen[1]

    wait_until(nothing_moves, "a page that stands still")
    return seen[-1]


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait for what a page has to show.

    Raises:
        PlatformError: It does not, in its time.
    """
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise PlatformError(f"not seen within {PATIENCE:.0f} s: {what}", hint="the machine may be busy; try again")
        time.sleep(POLL_SECONDS)


def write(picture: bytes, path: Path) -> None:
    """Write a picture with fewer colours, which a page of lines and letters does not show and its file does.

    Raises:
        PlatformError: Its file is large all the same.
    """
    # Only the environment that the task runs in has it.
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    if path.stat().st_size > LARGEST_KB * 1000:
        raise PlatformError(f"a picture of more than {LARGEST_KB} kB: {path}", hint="show less, or a smaller WINDOW")


if __name__ == "__main__":
    sys.exit(command(main))
