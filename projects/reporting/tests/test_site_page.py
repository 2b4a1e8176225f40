"""The page as its readers have it: in either theme, on a phone, on paper, by keyboard, with nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pyarrow as pa
import pytest
from axe_core_python.selenium import Axe
from pages import Shown
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from reporting.content import Content, dashboard_of
from reporting.explores import explores_of
from shared.config import Settings
from shared.warehouse import open_warehouse

# A format, a number, and how it is written.
FORMATS: list[tuple[str | None, float, str]] = [
    ("#,##0.00", 4596039.58, "4,596,039.58"),
    ("#,##0", 1234.6, "1,235"),
    ("0.0%", 0.1234, "12.3%"),
    ("0.##%", 0.5, "50%"),
    ("usd", 5, "$5.00"),
    ("[$€-407]#,##0.0", 5, "€5.0"),
    ('0 "km"', 5, "5 km"),
    ('#,##0.00,,"M"', 4596039.58, "4.60M"),
    ("#,##0;(#,##0)", 5, "5"),
    (None, 1234.5678, "1,234.568"),
    ("dd.mm.yyyy", 12, "12"),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, library: str) -> Path:
    """Write the page of the small model."""
    folder = tmp_path_factory.mktemp("page")
    settings = Settings(data_dir=folder, warehouse_url=f"duckdb:///{folder}/warehouse.duckdb")
    with open_warehouse(settings, holder="test", role="reporting", mode="write") as warehouse:
        pages.fill(warehouse)
        (folder / "index.html").write_text(pages.page(warehouse, library), encoding="utf-8")
    return folder / "index.html"


@pytest.fixture
def shown(browser: Chrome, path: Path) -> Iterator[Shown]:
    """Open the page; whatever the test did to it, nothing has gone wrong in its scripts."""
    shown = Shown(browser, path, "things").open()
    yield shown
    assert pages.faults(browser) == []


def media(browser: Chrome, medium: str = "", **features: str) -> None:
    """Let the browser say that it is of this kind."""
    told = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": told})


def style(browser: Chrome, selector: str, name: str) -> str:
    """Return what an element's style comes to."""
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    return str(browser.execute_script(script, selector, name))


def test_what_comes_from_data_is_text(shown: Shown) -> None:
    """Names, labels, texts and values with markup in them are shown as they are, and nothing in them runs."""
    assert shown.browser.execute_script("return typeof hacked") == "undefined"
    assert shown.browser.execute_script("return document.querySelectorAll('main img, h2 b').length") == 0
    assert shown.text("h2") == "Things & <b>more</b>"
    assert pages.HOSTILE in shown.text("#things--everything tbody")
    # A legend cuts long names off.
    assert pages.HOSTILE[:20] in shown.text("#things--stacked .body")
    assert pages.HOSTILE in shown.text("form")
    assert pages.HOSTILE in shown.text("article.text p")
    assert shown.text("article.text strong") == "Bold"


def test_page_loads_nothing_and_cannot(shown: Shown) -> None:
    """The page loads nothing from elsewhere, and its own policy refuses every request and every other script."""
    browser = shown.browser
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    script = (
        "const done = arguments[0]; const refused = [];"
        "addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));"
        "const extra = document.createElement('script'); extra.textContent = 'hacked = 1'; document.body.append(extra);"
        "const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image);"
        "fetch('http://127.0.0.1:9/').catch(() => setTimeout(() => done(refused), 100));"
    )
    refused: list[str] = browser.execute_async_script(script)
    assert sorted(refused) == ["connect-src", "img-src", "script-src-elem"]
    assert browser.execute_script("return typeof hacked") == "undefined"
    assert pages.faults(browser)


def test_charts_are_drawn(shown: Shown) -> None:
    """Every kind of chart has its marks: a bar for each department, a line for each metric, a slice for each part."""
    marks = {
        tile: shown.browser.execute_script(
            "return document.querySelectorAll(arguments[0]).length", f"#things--{tile} .body svg {selector}"
        )
        for tile, selector in {
            "bars": ".mark-rect.role-mark path",
            "stacked": ".mark-rect.role-mark path",
            "two-axes": ".mark-rect.role-mark path, #things--two-axes .mark-line path",
            "lines": ".mark-line path",
            "pie": ".mark-arc path",
        }.items()
    }
    assert marks == {"bars": 4, "stacked": 6, "two-axes": 4, "lines": 2, "pie": 4}


def test_control_filters_by_keyboard_and_says_so(shown: Shown) -> None:
    """A value chosen by keyboard filters numbers, tables and charts; the page tells it, and what it does not act on."""
    before = shown.drawn()
    shown.browser.find_element(By.ID, "things-filter0").send_keys("MEAT")
    shown.wait(before)
    assert shown.text("#things--sales .body") == "40.40"
    assert shown.values("bars") == [["MEAT", 40.4]]
    assert shown.text(".choice") == "Showing Department: MEAT"
    assert shown.text("#things--odd .note") == "Not filtered by department."
    before = shown.drawn()
    shown.browser.find_element(By.CSS_SELECTOR, "button[type=reset]").send_keys(Keys.ENTER)
    shown.wait(before)
    assert shown.text("#things--sales .body") == "1,234,628.55"
    assert shown.text("#things--millions .body") == "1.23M"
    assert shown.text(".choice") == "Showing everything"
    assert style(shown.browser, "#things--odd .note", "display") == "none"


def test_a_part_keeps_its_colour(shown: Shown) -> None:
    """A department has the same colour in bars and pie, and keeps it when others are filtered out."""
    stacked, pie = shown.colours("stacked"), shown.colours("pie")
    assert stacked == pie
    assert len(set(pie.values())) == len(pie) == 4
    shown.choose({"things-filter0": "MEAT"})
    assert shown.colours("stacked") == shown.colours("pie") == {"MEAT": pie["MEAT"]}


def test_choice_without_rows_is_told(shown: Shown) -> None:
    """Where nothing passes the filters, charts and tables say so and a number is a dash."""
    shown.choose({"things-filter0": "MEAT", "things-filter1-from": "2017-02-06"})
    assert shown.text("#things--sales .body") == "–"
    assert shown.text("#things--bars .body") == "Nothing to show."
    assert shown.text("#things--everything .body") == "Nothing to show."


def test_rows_beyond_the_limit_are_counted(shown: Shown) -> None:
    """A chart that shows the first rows of its result says how many more there are."""
    assert shown.text("#things--largest .none") == "2 more rows are not shown."


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_has_no_accessibility_fault(shown: Shown, theme: str) -> None:
    """In either theme axe finds no serious or critical fault, tables of charts open and filters in use."""
    media(shown.browser, prefers_color_scheme=theme)
    shown.open()
    shown.choose({"things-filter0": "DELI"})
    shown.browser.execute_script("for (const details of document.querySelectorAll('details')) details.open = true")
    found: dict[str, Any] = Axe().run(shown.browser)
    faults = [fault for fault in found["violations"] if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in faults] == []
    assert any(rule["id"] == "color-contrast" for rule in found["passes"])


def test_theme_is_that_of_the_system_until_it_is_switched(shown: Shown) -> None:
    """The page is dark where the system is, the switch goes before it, and is remembered."""
    browser = shown.browser
    media(browser, prefers_color_scheme="dark")
    dark = style(browser, "body", "backgroundColor")
    media(browser, prefers_color_scheme="light")
    light = style(browser, "body", "backgroundColor")
    assert dark != light
    browser.find_element(By.ID, "theme").send_keys("dark")
    assert style(browser, "body", "backgroundColor") == dark
    shown.open()
    assert style(browser, "body", "backgroundColor") == dark


@pytest.mark.parametrize("width", [320, 390, 800])
def test_page_fits_small_windows(shown: Shown, width: int) -> None:
    """On a phone nothing is wider than the window; what is wide by nature scrolls in its own frame."""
    shown.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    shown.open()
    assert shown.browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_paper_shows_the_report_alone(shown: Shown) -> None:
    """On paper there are no controls, the colours are those of the light theme, and the choice is written out."""
    browser = shown.browser
    browser.find_element(By.ID, "theme").send_keys("dark")
    shown.choose({"things-filter0": "DELI"})
    media(browser, "print")
    assert {style(browser, part, "display") for part in ("nav", "form", "details", ".theme")} == {"none"}
    assert style(browser, "body", "backgroundColor") == "rgb(255, 255, 255)"
    assert style(browser, "h2", "color") == "rgb(27, 31, 39)"
    assert style(browser, ".choice", "display") == "block"


def test_dashboards_are_reached_by_their_address(shown: Shown) -> None:
    """The address's end names the dashboard that is shown; one that there is not shows the first."""
    browser = shown.browser
    assert browser.title == "Things & <b>more</b> – Reports"
    browser.get(f"{shown.path.as_uri()}#nowhere")
    shown.wait(0)
    assert browser.find_element(By.CSS_SELECTOR, "nav a[aria-current=page]").text == "Things & <b>more</b>"


def test_a_linked_dashboard_is_seen_from_its_top(shown: Shown) -> None:
    """Whoever opens a dashboard by its address sees its title below the page's head, not under it."""
    shown.browser.execute_async_script("setTimeout(arguments[0], 200)")
    bottom, top = shown.browser.execute_script(
        "return ['.top', 'h2'].map((part) => document.querySelector(part).getBoundingClientRect())"
        ".map(({ bottom, top }, number) => (number ? top : bottom))"
    )
    assert bottom <= top


def test_page_holds_only_the_columns_that_are_shown(path: Path) -> None:
    """Of the model's rows only columns that a chart or filter needs are in the page; what is counted has no values."""
    html = path.read_text(encoding="utf-8")
    found = re.search(r'id="report">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    model = data["datasets"][0]
    counted = [column for column in model["columns"] if set(column) == {"codes"}]
    assert len(counted) == 1
    assert "2017-01-03T08:30:00" in html
    assert model["rows"] == len(pages.ROWS)


def test_numbers_are_written_as_their_formats_say(browser: Chrome, tmp_path: Path) -> None:
    """A spreadsheet's format, or Lightdash's name of one, says decimals, grouping, scale and what is around."""
    names = [f"number_{at}" for at in range(len(FORMATS))]
    maxima = [pages.metric("max", **({} if text is None else {"format": text})) for text, _, _ in FORMATS]
    columns = [
        pages.column(name, "number", **{f"max_{name}": found}) for name, found in zip(names, maxima, strict=True)
    ]
    node = {"name": pages.TABLE, "schema": "reporting", "columns": {each["name"]: each for each in columns}}
    chart = pages.chart("formats", "table", [], [f"max_{name}" for name in names])
    tile = {"type": "saved_chart", "x": 0, "y": 0, "w": 36, "h": 8, "properties": {"chartSlug": "formats"}}
    dashboard = dashboard_of({"slug": "numbers", "name": "Numbers", "tabs": [], "tiles": [tile]}, tmp_path / "n.yml")
    content = Content({"formats": chart}, {"numbers": dashboard}, explores_of([node]))
    settings = Settings(data_dir=tmp_path, warehouse_url=f"duckdb:///{tmp_path}/warehouse.duckdb")
    with open_warehouse(settings, holder="test", role="reporting", mode="write") as warehouse:
        values = pa.table({name: [value] for name, (_, value, _) in zip(names, FORMATS, strict=True)})
        warehouse.replace_arrow(f"reporting.{pages.TABLE}", values)
        (tmp_path / "index.html").write_text(pages.page(warehouse, shown=content), encoding="utf-8")
    cells = Shown(browser, tmp_path / "index.html", "numbers").open().browser.find_elements(By.CSS_SELECTOR, "tbody td")
    assert [cell.text for cell in cells] == [written for _, _, written in FORMATS]
    assert pages.faults(browser) == []
