"""Build the reporting layer with dbt, and enter in the ledger what came of it."""

from __future__ import annotations

import json

from reporting.project import PROJECT_DIR, ROLE, SOURCES
from shared.config import Settings
from shared.dbt.build import enter_results, raise_if_failed, run_build, show_tests
from shared.dbt.environment import dbt_environment, log_dir
from shared.dbt.results import Node
from shared.errors import InputError
from shared.monitoring import history, record_run
from shared.teller import Teller
from shared.utils.console import say
from shared.utils.yaml_file import read_yaml
from shared.warehouse import Warehouse, open_warehouse

# Who makes the tables that the reports are made of, in the order in which data passes through them.
MADE_BY = {
    "core": "run `./pixiw run transform-core` first, it builds the core layer",
    "master": "run `./pixiw run resolve` first, it makes the master layer",
    "egress": "run `./pixiw run transform-egress` first, it builds the egress layer",
    "ops": "run `./pixiw run ingest` first, it makes the warehouse",
}


def build(settings: Settings, *, select: list[str], events: bool, command: str) -> None:
    """Build the models of the reporting layer with their data tests.

    Args:
        settings: Names the warehouse and where logs go.
        select: Only what these selectors of dbt pick; all of it where empty.
        events: Print dbt's events to standard output instead of the progress.
        command: What the user called, for the ledger.

    Raises:
        InputError: Tables that the reports are made of are missing.
        BuildFailed: A model or test failed; what depends on it was not built.
    """
    with (
        Teller(settings, command=f"reporting {command}").telling("step report", whole=not select),
        open_warehouse(settings, holder=f"reporting {command}", role=ROLE, mode="write") as warehouse,
        record_run(warehouse, step="report", command=command) as run,
    ):
        require_sources(warehouse)
        chosen = [*(["--select", *select] if select else []), *variables(warehouse)]
        environment = dbt_environment(settings, PROJECT_DIR, ROLE)
        with warehouse.handed_over():
            nodes = run_build("reporting", chosen, environment, events=events)
        rows = enter_results(warehouse, run, nodes)
        show_models(nodes, rows)
        raise_if_failed(nodes, log_dir(settings))


def variables(warehouse: Warehouse) -> list[str]:
    """Return the arguments that tell models who writes now, where that is not this step alone.

    With other variables than last time dbt parses the project anew.
    """
    roles = history.writing_roles(warehouse)
    return [] if roles == [ROLE] else ["--vars", json.dumps({"writing_roles": ",".join(roles)})]


def require_sources(warehouse: Warehouse) -> None:
    """Raise InputError unless the warehouse has all that is read; the hint names the first command that is to run."""
    sources = {source["schema"]: source["tables"] for source in read_yaml(SOURCES)["sources"]}
    for schema, hint in MADE_BY.items():
        there = warehouse.tables(schema)
        missing = [f"`{schema}.{table['name']}`" for table in sources[schema] if table["name"] not in there]
        if missing:
            raise InputError(f"the warehouse lacks what this step reads: {', '.join(missing)}", hint=hint)


def show_models(nodes: list[Node], rows: dict[str, int]) -> None:
    """Show the models that were built, with their rows, and how many tests passed."""
    for node in nodes:
        if node.name in rows:
            say(f"  {node.name:<32} {rows[node.name]:>10,} rows {node.seconds:>6.1f} s")
    show_tests(nodes)
