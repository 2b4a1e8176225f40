"""Build layers of the warehouse with dbt, and enter in the ledger what came of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from shared.config import Settings
from shared.dbt import BUILT, GOOD, Node, run_dbt
from shared.errors import PlatformError
from shared.monitoring import Run, record_run
from shared.utils.console import Counter, say
from shared.warehouse import Warehouse, open_warehouse
from transformation.dbt_environment import dbt_environment, log_dir
from transformation.layers import ROLE, Scope, buildable_scope, selection

SHOWN_FAILURES = 20
# In the order in which data passes through them.
FOLDERS = (
    *(f"ingress/{name}" for name in ("staging", "cleansing", "conforming", "enrichment")),
    "snapshots",
    *(f"core/{name}" for name in ("dimensions", "facts", "aggregates")),
    *(f"egress/{name}" for name in ("denormalized", "api_models", "reporting", "reverse_etl")),
)


class BuildFailed(PlatformError):
    """Models or tests failed."""

    code = "build_failed"


def build(
    settings: Settings,
    *,
    scope: Scope,
    select: list[str],
    exclude: list[str],
    full_refresh: bool,
    sales: Sequence[str],
    events: bool,
    command: str,
) -> None:
    """Build the layers of `scope` with their snapshots and data tests.

    Args:
        settings: Names the warehouse and where logs go.
        scope: Which layers.
        select: Only what these selectors of dbt pick of the scope; all of it where empty.
        exclude: But not what these pick.
        full_refresh: Make incremental tables anew.
        sales: The first day whose sales are made anew, and the first that follows; empty for what has changed.
        events: Print dbt's events to standard output instead of the progress.
        command: What the user called, for the ledger.

    Raises:
        InputError: Tables that the layers are built from are missing.
        BuildFailed: A model, snapshot or test failed; what depends on it was not built.
    """
    with (
        open_warehouse(settings, holder=f"transform {command}", role=ROLE, mode="write") as warehouse,
        record_run(warehouse, step="transform", command=command) as run,
    ):
        possible = buildable_scope(warehouse, scope)
        if possible != scope:
            say("building core only: egress waits for `./pixiw run resolve`, which makes the master layer")
        arguments = dbt_arguments(selection(possible, select, exclude), full_refresh=full_refresh, events=events)
        # Not dbt's variables: when those change, dbt parses the whole project again.
        first, until = sales or ("", "")
        environment = {**dbt_environment(settings), "SALES_FROM": first, "SALES_UNTIL": until}
        with warehouse.handed_over(), ExitStack() as shown:
            counter = None if events else shown.enter_context(Counter(f"transform {possible}", unit="nodes"))
            nodes = run_dbt(arguments, environment, counter.advance if counter else None)
        rows = enter_results(warehouse, run, nodes)
        show_layers(nodes, rows)
        check(nodes, log_dir(settings))


def dbt_arguments(select: list[str], *, full_refresh: bool, events: bool) -> list[str]:
    """Return dbt's command line."""
    arguments = ["build", "--no-use-colors", "--no-version-check"]
    arguments += ["--log-format", "json", "--log-level", "info"] if events else ["--quiet", "--log-level", "none"]
    # A test runs once all that it compares is built. Unit tests use invented rows: they belong to the project's tests.
    arguments += ["--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    arguments += select
    # What came of it stands in the ledger; writing dbt's artefacts as well would take as long as a large model.
    arguments += ["--no-write-json", "--log-level-file", os.environ.get("DBT_LOG_LEVEL_FILE", "info")]
    return [*arguments, "--full-refresh"] if full_refresh else arguments


def enter_results(warehouse: Warehouse, run: Run, nodes: list[Node]) -> dict[str, int]:
    """Enter in the ledger what was built and tested, and return the rows of each relation that was built."""
    rows: dict[str, int] = {}
    with warehouse.transaction():
        for node in nodes:
            if node.kind in BUILT and node.status in GOOD:
                detail = {"folder": node.folder, "materialized": node.materialized, "seconds": round(node.seconds, 3)}
                rows[node.name] = warehouse.row_count(node.name)
                run.output(node.name, rows=rows[node.name], detail=detail)
        for name, kinds in (("models", BUILT), ("tests", ("test",))):
            of_kind = [node for node in nodes if node.kind in kinds]
            run.metric(f"{name}_passed", sum(node.status in GOOD for node in of_kind))
            run.metric(f"{name}_failed", sum(node.failed for node in of_kind))
            run.metric(f"{name}_skipped", sum(node.status == "skipped" for node in of_kind))
    return rows


def show_layers(nodes: list[Node], rows: dict[str, int]) -> None:
    """Show for each folder of models how many relations were built, with how many rows."""
    folders = {node.folder: None for node in nodes if node.name in rows}
    for folder in sorted(folders, key=lambda name: FOLDERS.index(name) if name in FOLDERS else len(FOLDERS)):
        built = [node for node in nodes if node.folder == folder and node.name in rows]
        total = sum(rows[node.name] for node in built)
        say(f"  {folder:<22} {len(built):>3} relations {total:>10,} rows {sum(n.seconds for n in built):>6.1f} s")
    tests = [node for node in nodes if node.kind == "test"]
    say(f"  tests: {sum(node.status in GOOD for node in tests)} of {len(tests)} passed")


def check(nodes: list[Node], logs: Path) -> None:
    """Raise BuildFailed when a node failed, after naming each with what dbt says of it."""
    failed = [node for node in nodes if node.failed]
    if not failed:
        return
    for node in failed[:SHOWN_FAILURES]:
        say(f"  ✗ {node.kind} {node.name}: {node.message}")
    skipped = sum(node.status == "skipped" for node in nodes)
    names = ", ".join(f"`{node.name}`" for node in failed[:3]) + (" and others" if len(failed) > 3 else "")
    raise BuildFailed(
        f"{len(failed)} of {len(nodes)} nodes failed, {skipped} skipped because of them: {names}",
        hint=f"correct the data or the model, then run it again; dbt's full log is `{logs / 'dbt.log'}`",
    )
