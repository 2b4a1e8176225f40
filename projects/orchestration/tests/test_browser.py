"""The platform's own graph in `ui`: its sales branch in a real browser, and a step of it that is cancelled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from demo_sample import take_sample
from orchestration.home import PROJECT
from orchestration.supervise.graphql import query
from ui_process import Ui, wait_until, with_variable

from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse
from shared.workspace.environments import environment_variables, interpreter
from tasks.pictures import take_graph

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytestmark = pytest.mark.timeout(900)
ROOT = get_settings().root
ARTEFACTS = PROJECT / "test-artefacts"
SALES = "core/agg_weekly_sales"
BRANCH = f'+key:"{SALES}"'
LAYERS = ("raw", "staging", "core")
NODE = "[class*='minimalAssetNodeBox']"
GREEN = f"{NODE}[style*='--color-background-green']"
LAUNCH = "//button[contains(., 'Materialize all')]"
NEWEST = "{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }"


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """Start the platform's own `ui` on a small part of the real sales."""
    data = tmp_path_factory.mktemp("platform")
    take_sample(data, "household_id <= 50")
    # So that there is a warehouse that a cancelled step could spoil.
    line = [str(interpreter(ROOT, "ingress")), "-m", "ingress", "run", "--source", "crm"]
    subprocess.run(line, env={**environment_variables(ROOT, "ingress"), "DATA_DIR": str(data)}, cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "orchestration", "lists"], cwd=ROOT, check=True)
    ui = Ui(data, PROJECT / "workspace.yaml")
    try:
        assert ui.address, ui.said
        yield ui
    finally:
        ui.end()


def test_cancelled_step_leaves_the_warehouse_as_it_was(ui: Ui) -> None:
    """A run that is cancelled while its step works ends the step's process, and no table is other than before."""
    before = rows_of(ui)
    run_id = ui.launch("raw/pos_transactions")
    wait_until(lambda: with_variable(f"ORCHESTRATION_RUN={run_id}"))
    ui.cancel(run_id)
    ui.wait_for(run_id, "CANCELED")
    assert not with_variable(f"ORCHESTRATION_RUN={run_id}")
    assert rows_of(ui) == before


def test_sales_branch_is_made_in_the_browser(browser: Chrome, ui: Ui) -> None:
    """Who opens the graph and launches the sales branch sees it turn green, and each of its checks passed."""
    browser.set_window_size(2200, 1300)
    browser.get(ui.address)
    groups = ",".join(f"global@global:{layer}" for layer in LAYERS)
    browser.get(f"{ui.server}/asset-groups~{quote(BRANCH, safe='')}?expanded={quote(groups)}")
    wait_until(lambda: browser.find_elements("css selector", NODE) and browser.find_elements("xpath", LAUNCH))
    keep(browser, "1-graph")
    assert not browser.find_elements("css selector", GREEN)

    before = newest_run(ui)
    browser.find_element("xpath", LAUNCH).click()
    wait_until(lambda: newest_run(ui) != before)
    (run_id,) = newest_run(ui)
    wait_until(lambda: ui.run(run_id)["status"] not in ("QUEUED", "NOT_STARTED", "STARTING"))
    keep(browser, "2-launched")
    wait_until(lambda: ui.run(run_id)["status"] in ("SUCCESS", "FAILURE", "CANCELED"), patience=600)
    assert ui.run(run_id)["status"] == "SUCCESS", ui.said
    nodes = browser.find_elements("css selector", NODE)
    wait_until(lambda: len(browser.find_elements("css selector", GREEN)) == len(nodes))
    keep(browser, "3-green")
    assert take_graph(browser, ui.address, BRANCH, LAYERS).startswith(b"\x89PNG")

    browser.get(f"{ui.server}/assets/{SALES}?view=checks")
    wait_until(lambda: "Passed" in text_of(browser))
    browser.find_element("xpath", "//*[starts-with(text(), 'unique_combin')]").click()
    wait_until(lambda: "Evaluation result" in text_of(browser))
    keep(browser, "4-check")
    assert "Failed" not in text_of(browser)


def rows_of(ui: Ui) -> dict[str, int]:
    """Return how many rows each table of the raw layer has."""
    settings = Settings(data_dir=ui.data, warehouse_url=f"duckdb:///{ui.data}/warehouse.duckdb")
    with open_warehouse(settings, holder="test") as warehouse:
        return {table: warehouse.row_count(f"raw.{table}") for table in warehouse.tables("raw")}


def newest_run(ui: Ui) -> list[str]:
    """Return the id of the run that was launched last, if there is one."""
    return [run["runId"] for run in query(ui.address, NEWEST)["runsOrError"]["results"]]


def text_of(browser: Chrome) -> str:
    """Return what the page says."""
    return browser.find_element("tag name", "body").text


def keep(browser: Chrome, name: str) -> None:
    """Keep what the page looks like, for people."""
    ARTEFACTS.mkdir(exist_ok=True)
    browser.save_screenshot(str(ARTEFACTS / f"{name}.png"))
