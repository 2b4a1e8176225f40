"""The whole graph on a sample of the real data: each step in its own environment, and what Dagster has of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance, EventLogEntry
from demo_sample import take_sample
from orchestration.cli import main
from orchestration.definitions import defs
from orchestration.graph.lists import refresh_lists
from orchestration.materialize import repository

from shared.command_line import command
from shared.config import Settings, get_settings
from shared.warehouse import open_warehouse
from shared.workspace.environments import environment_variables, interpreter

pytestmark = pytest.mark.timeout(900)
REPOSITORY = get_settings().root
STORES = "store,opened,area\nS1,2020-01-31,10.50\nS2,2021-02-01,20.00\n"
LAB = "lab_of_stores"


@dataclass
class Flow:
    """A platform of its own that was made through Dagster."""

    variables: dict[str, str]
    settings: Settings

    @cached_property
    def history(self) -> DagsterInstance:
        """Dagster's history of it."""
        return DagsterInstance.from_config(str(self.settings.data_dir / "dagster"))

    def materialize(self) -> subprocess.CompletedProcess[str]:
        """Run `materialize` with the demo's APIs around it."""
        serve = ("-m", "tasks.demo.serve")
        line = [*serve, "loyalty", "--", sys.executable, *serve, "crm", "--", sys.executable]
        return self.run(sys.executable, *line, "-m", "orchestration", "materialize")

    def run(self, *line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command on this platform."""
        return subprocess.run(line, env={**self.variables, **variables}, cwd=REPOSITORY, capture_output=True, text=True)

    def latest(self, *path: str) -> tuple[EventLogEntry, dict[str, Any]]:
        """Return the event in which an asset was made last, and its metadata."""
        event = self.history.get_latest_materialization_event(AssetKey(path))
        assert event is not None and event.asset_materialization is not None, path
        return event, {name: value.value for name, value in event.asset_materialization.metadata.items()}


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """Make everything once: the platform on a twentieth of the households, and a lab that runs in Python 3.12."""
    folder = tmp_path_factory.mktemp("flow")
    take_sample(folder / "data", "household_id % 20 = 0")
    (folder / "labs").mkdir()
    shutil.copytree(REPOSITORY / "projects/labs/template", folder / "labs/template")
    shutil.copytree(REPOSITORY / "projects/labs/macros", folder / "labs/macros")
    (folder / "labs/labs_config.yaml").write_text("version: 1\nlabs:\n")
    (folder / "stores.csv").write_text(STORES)
    ours = {
        "DATA_DIR": str(folder / "data"),
        "LABS_DIR": str(folder / "labs"),
        "DAGSTER_HOME": str(folder / "data/dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    theirs = ("WAREHOUSE_", "DAGSTER_", "LOYALTY_", "CRM_", "ERP_", "TABLE_TARGET", "ALERT_", "ORCHESTRATION_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(theirs)} | ours
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(variables):
            patch.delenv(name)
        for name, value in ours.items():
            patch.setenv(name, value)
        made = Flow(variables, get_settings())
        new_lab = ("-m", "labs", "new", LAB, "--environment", "lab-forecast", "--from", str(folder / "stores.csv"))
        labs = environment_variables(REPOSITORY, "labs")
        done = [made.run(str(interpreter(REPOSITORY, "labs")), *new_lab, **labs)]
        refresh_lists(made.settings)
        done.append(made.materialize())
        assert [each.returncode for each in done] == [0, 0], "\n".join(each.stdout + each.stderr for each in done)
        repository.cache_clear()
        assert command(main, ["materialize", "--job", "labs"]) == 0
        with made.history:
            yield made
        repository.cache_clear()


def test_three_pythons_made_one_graph(flow: Flow) -> None:
    """Each table says which Python made it, in which environment: 3.10, 3.11 and 3.12 in one graph."""
    makers = {
        "raw/pos_transactions": ("3.10", "ingress"),
        "core/fct_sales": ("3.11", "transformation"),
        "master/golden_customer": ("3.10", "entity-resolution"),
        "delivery/crm": ("3.10", "egress"),
        "report/page": ("3.11", "reporting"),
        f"{LAB}/gold/overview": ("3.12", "lab-forecast"),
    }
    found = {}
    for asset in makers:
        _, facts = flow.latest(*asset.split("/"))
        found[asset] = (facts["python"].rpartition(".")[0], facts["environment"])
    assert found == makers


def test_every_asset_was_made_and_every_check_has_run(flow: Flow) -> None:
    """What can be made was made, in the two jobs, and each check of it has passed."""
    graph = defs().get_repository_def().asset_graph
    for key in graph.executable_asset_keys - {AssetKey(["raw", "pos_promotions"])}:
        _, facts = flow.latest(*key.path)
        assert {"ledger_run", "seconds", "lock_sha256", "command"} <= set(facts), key
    latest = flow.history.event_log_storage.get_latest_asset_check_execution_by_key(list(graph.asset_check_keys))
    assert set(latest) == set(graph.asset_check_keys)
    assert {record.status.value for record in latest.values()} == {"SUCCEEDED"}


def test_the_metadata_is_the_ledgers(flow: Flow) -> None:
    """Rows, and the id of the run, are those of the warehouse; the lock's hash is that of the environment's lock."""
    _, facts = flow.latest("core", "fct_sales")
    with open_warehouse(flow.settings, holder="test") as warehouse:
        assert facts["dagster/row_count"] == warehouse.row_count("core.fct_sales")
        ((step, version),) = warehouse.fetch(
            "select step, python_version from ops.run where run_id = $1", [facts["ledger_run"]]
        )
    assert (step, version) == ("transform", facts["python"])
    assert facts["database_bytes"] > 1_000_000


def test_a_quality_that_is_too_low_stops_egress(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where entity resolution is not good enough, its tables are made and nothing after them."""
    made, _ = flow.latest("egress", "customer_360")
    monkeypatch.setenv("ORCHESTRATION_MIN_F1", "1")
    code, said = command(main, ["materialize", "group:master or group:egress"]), capsys.readouterr().err
    assert (code, "error: 1 steps failed, 0 succeeded: `resolve`" in said) == (1, True), said
    assert "pairwise_quality" in said
    resolved, _ = flow.latest("master", "customer_xref")
    assert resolved.run_id != made.run_id
    assert flow.latest("egress", "customer_360")[0].run_id == made.run_id


def test_the_sales_of_a_week_are_made_again(flow: Flow) -> None:
    """A partition of the backfill is a week: its lines are written anew and the tables that come of them as well."""
    with open_warehouse(flow.settings, holder="test", role="transformation", mode="write") as warehouse:
        warehouse.execute("update core.fct_sales set list_value = -1 where transaction_date < date '2017-01-15'")
    job = defs().get_repository_def().get_job("sales_backfill")
    assert job.execute_in_process(instance=flow.history, partition_key="2017-01-08").success
    with open_warehouse(flow.settings, holder="test") as warehouse:
        spoilt = warehouse.fetch(
            "select cast(max(transaction_date) as varchar) from core.fct_sales where list_value = -1"
        )
    assert spoilt == [("2017-01-07",)]
    assert flow.latest("core", "agg_weekly_sales")[1]["week"] == "2017-01-08"


def test_a_list_that_is_out_of_date_says_what_to_run(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    """After a lab has changed, the graph is not loaded from what it was; the error names the task that asks anew."""
    changed = flow.settings.labs_dir / LAB / "models/changed.sql"
    changed.write_text("select 1 as one")
    repository.cache_clear()
    try:
        code = command(main, ["materialize", "--job", "labs"])
    finally:
        changed.unlink()
    assert (code, capsys.readouterr().err.splitlines()[-2:]) == (
        2,
        ["error: what project `labs` has is out of date", "hint: run `./pixiw run asset-lists`"],
    )


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--job", "platfrom"], "no such job: `platfrom`"),
        (["group:nothing"], "nothing that can be made is selected: `group:nothing`"),
        (["key:"], "cannot read the selection: `key:`"),
    ],
)
def test_what_is_mistyped(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A job or a selection that is none is the caller's mistake, and the hint helps on."""
    code, said = command(main, ["materialize", *arguments]), capsys.readouterr().err
    assert (code, f"error: {message}" in said, "hint: " in said) == (2, True, True), said
