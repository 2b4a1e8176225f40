"""The platform's own graph in `ui`: its sales branch in a real browser, steps that are cancelled and run again."""

from __future__ import annotations

import json
import os
import signal
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
# Of two sources, and of what is made of the second.
FAILING = ("raw/crm_customers", "raw/pos_products", "staging/stg_pos__products")
SUBJECT = f"job anything: {', '.join(FAILING)}"
MORE = "//button[contains(., 'Re-execute')]/following::button[1]"
FROM_FAILURE = "//button[@role='menuitem'][contains(., 'From failure')]"
FAILED = "{ runsOrError(filter: {statuses: [FAILURE]}) { ... on Runs { results { runId } } } }"
STEPS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { stepStats { stepKey status } } } }"
NEWEST = "{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }"


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """Start the platform's own `ui` on a small part of the real sales."""
    data = tmp_path_factory.mktemp("platform")
    take_sample(data, "household_id <= 50")
    with_data = {**os.environ, "DATA_DIR": str(data)}
    # So that there is a warehouse that a cancelled step could spoil, and a run of which a step has failed.
    missing = data / "landing/pos/transactions.parquet"
    missing.rename(data / missing.name)
    line = [sys.executable, "-m", "orchestration", "materialize", " or ".join(f'key:"{key}"' for key in FAILING)]
    assert subprocess.run(line, env=with_data, cwd=ROOT, check=False).returncode == 1
    (data / missing.name).rename(missing)
    ui = Ui(data, PROJECT / "workspace.yaml")
    try:
        assert ui.address, ui.said
        yield ui
    finally:
        if ui.process.poll() is None:
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


def test_run_of_materialize_is_run_again_from_its_failure(browser: Chrome, ui: Ui) -> None:
    """Who runs what `materialize` failed at again in the browser has the failed step and what follows, no other.

    `materialize` has told its failure, once; `ui` tells that it works again.
    """
    assert alerts_of(ui) == ["failed"]
    (failed,) = [run["runId"] for run in query(ui.address, FAILED)["runsOrError"]["results"]]
    browser.set_window_size(1600, 1000)
    browser.get(ui.address)
    browser.get(f"{ui.server}/runs/{failed}")
    wait_until(lambda: browser.find_elements("xpath", MORE))
    browser.find_element("xpath", MORE).click()
    wait_until(lambda: browser.find_elements("xpath", FROM_FAILURE))
    browser.find_element("xpath", FROM_FAILURE).click()
    wait_until(lambda: failed not in browser.current_url)
    run_id = browser.current_url.rpartition("/")[2]
    wait_until(lambda: ui.run(run_id)["status"] in ("SUCCESS", "FAILURE", "CANCELED"), patience=600)
    keep(browser, "5-again")
    steps = query(ui.address, STEPS, run=run_id)["runOrError"]["stepStats"]
    assert [(step["stepKey"], step["status"]) for step in steps] == [
        ("ingest_pos", "SUCCESS"),
        ("transform_core", "SUCCESS"),
    ]
    wait_until(lambda: alerts_of(ui) == ["failed", "recovered"])


# The last one: it leaves no `ui`.
def test_sigterm_leaves_no_process(ui: Ui) -> None:
    """SIGTERM ends `ui` as Ctrl-C does, with all that it has started."""
    assert ui.end(signal.SIGTERM) == 0
    assert not ui.processes()


def rows_of(ui: Ui) -> dict[str, int]:
    """Return how many rows each table of the raw layer has."""
    settings = Settings(data_dir=ui.data, warehouse_url=f"duckdb:///{ui.data}/warehouse.duckdb")
    with open_warehouse(settings, holder="test") as warehouse:
        return {table: warehouse.row_count(f"raw.{table}") for table in warehouse.tables("raw")}


def alerts_of(ui: Ui) -> list[str]:
    """Return what was told, or kept from being told again, of what `materialize` has made."""
    events = [json.loads(line) for log in sorted(ui.data.glob("logs/*.jsonl")) for line in log.open()]
    return [each.get("kind", each["event"]) for each in events if each.get("subject") == SUBJECT]


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
