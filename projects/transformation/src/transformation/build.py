"""Build layers of the warehouse with dbt, and enter in the ledger what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.config import Settings
from shared.dbt.build import enter_results, raise_if_failed, run_build, show_tests
from shared.dbt.environment import dbt_environment, log_dir
from shared.dbt.results import Node
from shared.monitoring import record_run
from shared.teller import Teller
from shared.utils.console import say
from shared.warehouse import open_warehouse
from transformation.layers import PROJECT_DIR, ROLE, Scope, buildable_scope, selection
from transformation.leaving_out import leave_out

# In the order in which data passes through them.
FOLDERS = (
    "seeds",
    *(f"ingress/{name}" for name in ("staging", "cleansing", "conforming", "enrichment")),
    "snapshots",
    *(f"core/{name}" for name in ("dimensions", "facts", "aggregates")),
    *(f"egress/{name}" for name in ("denormalized", "api_models", "reporting", "reverse_etl")),
)


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
    """Build the layers of `scope` with their seeds, snapshots and data tests.

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
        InputError: Required tables are missing and nothing is selected, or all that is selected reads missing ones.
        BuildFailed: A model, snapshot or test failed; what depends on it was not built.
    """
    teller = Teller(settings, command=f"transform {command}")
    with (
        teller.telling(subject(scope), whole=False),
        open_warehouse(settings, holder=f"transform {command}", role=ROLE, mode="write") as warehouse,
        record_run(warehouse, step="transform", command=command) as run,
    ):
        # What is selected may do without tables that the whole scope reads.
        possible = scope if select else buildable_scope(warehouse, scope)
        if possible != scope:
            say("building core only: egress waits for `./pixiw run resolve`, which makes the master layer")
        # Not dbt's variables: when those change, dbt parses the whole project again.
        first, until = sales or ("", "")
        environment = {**dbt_environment(settings, PROJECT_DIR, ROLE), "SALES_FROM": first, "SALES_UNTIL": until}
        left_out = leave_out(run, possible, select, exclude, environment)
        chosen = selection(possible, select, [*exclude, *left_out])
        with warehouse.handed_over():
            nodes = run_build(f"transform {possible}", chosen, environment, full_refresh=full_refresh, events=events)
        rows = enter_results(warehouse, run, nodes)
        show_layers(nodes, rows)
        with teller.telling(subject(scope, nodes), whole=False):
            raise_if_failed(nodes, log_dir(settings))
        for part in whole_parts(possible, select, exclude):
            teller.succeeded(subject(part))


def whole_parts(scope: Scope, select: Sequence[str], exclude: Sequence[str]) -> list[Scope]:
    """Return the parts of which everything is built: none where only some nodes are."""
    parts: tuple[Scope, ...] = ("core", "egress")
    return [] if select or exclude else [part for part in parts if scope in (part, "all")]


def subject(scope: Scope, nodes: Sequence[Node] = ()) -> str:
    """Return what a failure is of: of both parts egress if all that failed is egress's, else core, which is first."""
    failed = [node for node in nodes if node.failed]
    egress = bool(failed) and all(node.folder.startswith("egress") for node in failed)
    return f"step transform: {scope if scope != 'all' else 'egress' if egress else 'core'}"


def show_layers(nodes: list[Node], rows: dict[str, int]) -> None:
    """Show for each folder of models how many relations were built, with how many rows."""
    folders = {node.folder: None for node in nodes if node.name in rows}
    for folder in sorted(folders, key=lambda name: FOLDERS.index(name) if name in FOLDERS else len(FOLDERS)):
        built = [node for node in nodes if node.folder == folder and node.name in rows]
        total = sum(rows[node.name] for node in built)
        say(f"  {folder:<22} {len(built):>3} relations {total:>10,} rows {sum(n.seconds for n in built):>6.1f} s")
    show_tests(nodes)
