"""The browser that tests look at pages with: `shared.testing.browser`, here where its library is."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome

from shared.testing.browser import WINDOW, start_browser

PAGE = "<title>a page</title>"
STORED = "return localStorage.getItem('kept')"
DARK = "return matchMedia('(prefers-color-scheme: dark)').matches"


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_the_browser_as_new(browser: Chrome, tmp_path: Path, turn: int) -> None:
    """What the last test stored, opened, emulated and resized is gone in the next one."""
    page = tmp_path / "page.html"
    page.write_text(PAGE, encoding="utf-8")
    browser.get(page.as_uri())
    assert browser.title == "a page"
    assert len(browser.window_handles) == 1
    assert browser.execute_script(STORED) is None
    assert browser.execute_script(DARK) is False
    assert browser.execute_script("return innerWidth") == WINDOW[0]
    browser.execute_script("localStorage.setItem('kept', arguments[0])", turn)
    emulated = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", emulated)
    browser.set_window_size(500, 400)
    browser.switch_to.new_window("tab")


def test_browser_reaches_this_machine_alone(browser: Chrome) -> None:
    """An address elsewhere is not found, as it would not be on a machine without a network."""
    with pytest.raises(WebDriverException, match="ERR_NAME_NOT_RESOLVED"):
        browser.get("http://example.com")


def test_machine_without_a_browser_skips_but_ci_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Chromium on PATH a test is skipped with a reason; where CI is set it fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="chromedriver"):
        start_browser(tmp_path)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="chromedriver"):
        start_browser(tmp_path)
