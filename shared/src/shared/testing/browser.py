"""A real browser for tests of pages: Chromium without a window, steered by selenium, which the test group must bring.

Use it with `pytest_plugins = ["shared.testing.browser"]` in a conftest. One Chromium serves the session; each test gets
it with an empty page, the window's first size and nothing stored. It reaches this machine alone: 127.0.0.1 and files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from shared.errors import UserError
from shared.testing.marks import uses

if TYPE_CHECKING:
    # Only the environments whose tests look at pages have it.
    from selenium.webdriver import Chrome

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"
WINDOW = (1280, 900)
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "browser: looks at pages in Chromium; `-m 'not browser'` leaves it out")


# Before pytest reads the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that the browser is started for."""
    for item in items:
        if uses(item, {"browser_of_session"}):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start Chromium with a profile of its own, and end it with its driver after the session's last test."""
    driver = start_browser(tmp_path_factory.mktemp("chromium"))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(browser_of_session: Chrome) -> Iterator[Chrome]:
    """Lend the session's Chromium to one test, and put it back as it was."""
    browser_of_session.set_window_size(*WINDOW)
    yield browser_of_session
    reset(browser_of_session)


def start_browser(profile: Path) -> Chrome:
    """Start the Chromium on PATH; in CI it has to be there, elsewhere the test is skipped without one."""
    try:
        return open_browser(profile)
    except UserError as error:
        give_up(f"{error}; {error.hint}")


def open_browser(profile: Path) -> Chrome:
    """Start the Chromium on PATH. Who starts it ends it and its driver by `quit`.

    Args:
        profile: An empty folder for what it stores.

    Raises:
        UserError: There is no Chromium on PATH, or none of its driver.
    """
    program, driver = first_on_path(BROWSERS), first_on_path([DRIVER])
    if program is None or driver is None:
        raise UserError(
            f"no {' or '.join(BROWSERS)} with {DRIVER} on PATH",
            hint="Debian has them as chromium and chromium-driver",
        )
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = program
    # What a page writes to its console is there for `get_log("browser")`.
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    # With both paths given, selenium looks for no driver to download.
    return Chrome(options=options, service=Service(driver))


def reset(driver: Chrome) -> None:
    """Close what a test has opened, and forget what it has stored, emulated and logged."""
    first, *others = driver.window_handles
    for window in others:
        driver.switch_to.window(window)
        driver.close()
    driver.switch_to.window(first)
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get("about:blank")
    driver.get_log("browser")


def first_on_path(programs: Sequence[str]) -> str | None:
    """Return the path of the first of these programs that is on PATH."""
    return next(filter(None, map(shutil.which, programs)), None)


def give_up(reason: str) -> NoReturn:
    """Skip the test, or in CI, where a skipped test would be noticed by nobody, fail it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
