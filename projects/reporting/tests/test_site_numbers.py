"""The numbers of the page are those of the warehouse, before and after each filter, on both engines."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pages
import pytest
from pages import Shown
from platforms import Platform
from selenium.webdriver import Chrome

from reporting.content import Content, load_content
from reporting.site.build import build_site, read_site, write_site
from shared.config import Settings
from shared.dbt.environment import environment_set
from shared.errors import InputError
from shared.warehouse import Warehouse, open_warehouse

# Counted from now, so that they are others a moment later.
MOVING = ("freshness-age", "freshness-table")
CHOICES: list[dict[str, tuple[str, ...]]] = [
    {},
    {"Department": ("MEAT",)},
    {"Department": (pages.HOSTILE,)},
    {"Period": ("2017-01-09", "2017-01-09")},
    {"Department": ("DELI",), "Period": ("2017-01-02", "2017-01-09")},
    {"Department": ("MEAT",), "Period": ("2017-02-06", "2017-02-06")},
]


@pytest.fixture
def warehouse(warehouse_url: str, tmp_path: Path) -> Iterator[Warehouse]:
    """Open an empty warehouse with the small model."""
    settings = Settings(data_dir=tmp_path, warehouse_url=warehouse_url)
    with open_warehouse(settings, holder="test", role="reporting", mode="write") as warehouse:
        pages.fill(warehouse)
        yield warehouse


def test_every_tile_shows_the_warehouse_s_answer_after_each_filter(
    warehouse: Warehouse, library: str, browser: Chrome, tmp_path: Path
) -> None:
    """Each kind of metric, filter, calculation, order and limit gives in the page what the warehouse answers."""
    path = tmp_path / "index.html"
    path.write_text(pages.page(warehouse, library), encoding="utf-8")
    shown, content = Shown(browser, path, "things").open(), pages.content()
    for choice in CHOICES:
        shown.choose(controls("things", choice))
        for tile in content.dashboards["things"].tiles[: len(pages.CHARTS)]:
            # What the page cannot compute itself stays as it is, and says so.
            filters = {} if tile.slug == "odd" else choice
            answer = pages.expected(warehouse, content, "things", tile.slug, filters)
            same(shown.values(tile.slug), answer, f"{tile.slug} {choice}")
    assert pages.faults(browser) == []


def test_real_dashboards_show_the_warehouse_s_answers(platform: Platform, library: str, browser: Chrome) -> None:
    """On each tile of this project's dashboards is what the warehouse answers its chart, filtered or not."""
    shutil.copytree(Settings().data_dir / "cache", platform.folder / "cache", dirs_exist_ok=True)
    with environment_set(platform.environment):
        path = write_site(platform.settings, read_site(platform.settings))
        content = load_content(platform.settings)
    choices: list[tuple[str, dict[str, tuple[str, ...]]]] = [
        *((slug, {}) for slug in content.dashboards),
        ("sales-performance", {"Department": ("GROCERY",), "Period": ("2017-01-08", "2017-01-08")}),
        ("promotion-effect", {"Department": ("PRODUCE",)}),
        ("pipeline-runs", {"Step": ("transform",), "Period": ("2026-01-02", "2026-01-02")}),
        ("customers-and-segments", {"Favourite department": ("GROCERY",)}),
    ]
    with platform.open() as warehouse:
        for slug, choice in choices:
            check_dashboard(warehouse, content, Shown(browser, path, slug).open(), choice)


def check_dashboard(
    warehouse: Warehouse, content: Content, shown: Shown, choice: Mapping[str, tuple[str, ...]]
) -> None:
    """Compare all tiles of a dashboard with the warehouse's answers."""
    labels = [one.label for one in content.dashboards[shown.slug].filters]
    shown.choose(controls(shown.slug, choice, labels))
    for tile in content.dashboards[shown.slug].tiles:
        if tile.kind == "saved_chart" and tile.chart not in MOVING:
            answer = pages.expected(warehouse, content, shown.slug, tile.slug, choice)
            same(shown.values(tile.slug), answer, f"{tile.slug} {choice}")


def controls(
    slug: str, choice: Mapping[str, tuple[str, ...]], labels: tuple[str, ...] | list[str] = ("Department", "Period")
) -> dict[str, str]:
    """Return the values of a dashboard's controls by their ids."""
    values = {}
    for label, chosen in choice.items():
        control = f"{slug}-filter{labels.index(label)}"
        if len(chosen) == 1:
            values[control] = chosen[0]
        else:
            values |= {f"{control}-from": chosen[0], f"{control}-to": chosen[1]}
    return values


def same(shown: list[list[Any]], answer: list[list[Any]], about: str) -> None:
    """Compare rows in their order: sums of decimals to the last digit, what is divided but for rounding."""
    assert len(shown) == len(answer), about
    for ours, theirs in zip(shown, answer, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            inexact = isinstance(one, float) and isinstance(other, float) and one != round(other, 2)
            assert one == (pytest.approx(other, rel=1e-12) if inexact else other), about


@pytest.mark.slow
@pytest.mark.usefixtures("library")
def test_command_names_the_page_s_address(tmp_path: Path) -> None:
    """The command builds the reporting layer, then the page, whole, and prints its address on standard output alone."""
    platform = Platform("duckdb", tmp_path, f"duckdb:///{tmp_path}/warehouse.duckdb")
    platform.fill()
    shutil.copytree(Settings().data_dir / "cache", tmp_path / "cache")
    code, said = platform.report("report")
    assert code == 0, said
    page = tmp_path / "reports" / "index.html"
    assert said.splitlines()[-1] == page.as_uri()
    assert [path.name for path in page.parent.iterdir()] == ["index.html"]
    assert page.stat().st_size < 5_000_000
    # The page shows the ledger as it was when nothing was under way.
    data = re.search(r'id="report">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert data
    assert '"report"' in data[1]
    assert '"page"' not in data[1]


@pytest.mark.usefixtures("library")
def test_page_is_entered_in_the_ledger(own_platform: Platform) -> None:
    """The command for the page alone makes it of the layer that is there, and notes that as a run of reporting's."""
    shutil.copytree(Settings().data_dir / "cache", own_platform.folder / "cache", dirs_exist_ok=True)
    code, said = own_platform.report("page")
    assert code == 0, said
    runs = "select r.role, r.status, o.relation from ops.run as r inner join ops.run_output as o using (run_id)"
    assert own_platform.rows(f"{runs} where r.step = 'page'") == [("reporting", "succeeded", "page")]
    assert said.splitlines()[-1] == (own_platform.folder / "reports/index.html").as_uri()


@pytest.mark.slow
def test_page_without_the_reporting_layer_is_a_mistake_with_a_hint(tmp_path: Path) -> None:
    """Where models of the reporting layer are missing, no page is written and the hint names the command to run."""
    platform = Platform("duckdb", tmp_path, f"duckdb:///{tmp_path}/warehouse.duckdb")
    platform.fill()
    with (
        environment_set(platform.environment),
        pytest.raises(InputError, match=r"`reporting\.rpt_sales_weekly`") as caught,
    ):
        build_site(platform.settings, command="page")
    assert "./pixiw run report" in (caught.value.hint or "")
    assert not (tmp_path / "reports").exists()
