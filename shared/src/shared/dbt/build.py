"""Build a dbt project on the warehouse, and enter in the run ledger what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.dbt.emptied import as_detail, counted, tell
from shared.dbt.results import BUILT, GOOD, Node
from shared.dbt.run import QUIET, run_dbt, without_files
from shared.errors import PlatformError
from shared.monitoring import Run
from shared.monitoring.ledger import Written
from shared.monitoring.lineage import Origin
from shared.utils.console import Counter, say
from shared.warehouse import Warehouse

SHOWN_FAILURES = 20


class BuildFailed(PlatformError):
    """Models or tests failed."""

    code = "build_failed"


def build_arguments(select: Sequence[str] = (), *, full_refresh: bool = False, events: bool = False) -> list[str]:
    """Return dbt's command line for a build.

    Args:
        select: Its options that choose nodes.
        full_refresh: Make incremental tables anew.
        events: Print events to standard output, one JSON object a line.
    """
    shown = ("--log-format", "json", "--log-level", "info") if events else QUIET
    arguments = ["build", "--no-use-colors", "--no-version-check", *shown]
    # A test runs once all that it compares is built. Unit tests use invented rows: they belong to the project's tests.
    arguments += ["--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    arguments += select
    arguments += without_files()
    return [*arguments, "--full-refresh"] if full_refresh else arguments


def run_build(
    title: str,
    select: Sequence[str],
    environment: Mapping[str, str],
    *,
    full_refresh: bool = False,
    events: bool = False,
) -> list[Node]:
    """Build nodes with their tests, show how far that is, and return what became of each.

    Args:
        title: What is shown to be built.
        select: dbt's options that choose nodes.
        environment: As of `run_dbt`.
        full_refresh: Make incremental tables anew.
        events: Print dbt's events to standard output instead of the progress.

    Raises:
        ServerUnavailable, PlatformError: As of `run_dbt`.
    """
    arguments = build_arguments(select, full_refresh=full_refresh, events=events)
    if events:
        return run_dbt(arguments, environment)
    with Counter(title, unit="nodes") as counter:
        return run_dbt(arguments, environment, counter.advance)


def enter_results(warehouse: Warehouse, run: Run, nodes: list[Node]) -> dict[str, int]:
    """Enter in the ledger what was built, emptied and tested, and return the rows of each relation that was built."""
    noted: dict[str, Written] = {}
    metrics: dict[str, float] = {}
    with warehouse.transaction():
        for node in nodes:
            if node.kind in BUILT and node.status in GOOD:
                rows, found = counted(warehouse, node.name, node.rules)
                detail = {"folder": node.folder, "materialized": node.materialized, "seconds": round(node.seconds, 3)}
                noted[node.name] = Written(rows, detail | as_detail(found), origin_of(node))
                tell(run, node.name, found)
        run.note_outputs(noted)
        for name, kinds in (("models", BUILT), ("tests", ("test",))):
            of_kind = [node for node in nodes if node.kind in kinds]
            metrics[f"{name}_passed"] = sum(node.status in GOOD for node in of_kind)
            metrics[f"{name}_failed"] = sum(node.failed for node in of_kind)
            metrics[f"{name}_skipped"] = sum(node.status == "skipped" for node in of_kind)
        run.note_metrics(metrics)
    return {name: one.rows for name, one in noted.items()}


def origin_of(node: Node) -> Origin:
    """Return what a node that was built was made from."""
    return Origin(node.reads, sql=node.sql)


def show_tests(nodes: list[Node]) -> None:
    """Show how many data tests passed."""
    tests = [node for node in nodes if node.kind == "test"]
    say(f"  tests: {sum(node.status in GOOD for node in tests)} of {len(tests)} passed")


def show_failed(nodes: Sequence[Node]) -> list[Node]:
    """Name the first of the nodes that failed, with what dbt says of them, and return all of them."""
    failed = [node for node in nodes if node.failed]
    for node in failed[:SHOWN_FAILURES]:
        say(f"  ✗ {node.kind} {node.name}: {node.message}")
    return failed


def raise_if_failed(nodes: list[Node], logs: Path) -> None:
    """Raise BuildFailed when a node failed, after naming each with what dbt says of it."""
    failed = show_failed(nodes)
    if not failed:
        return
    skipped = sum(node.status == "skipped" for node in nodes)
    names = ", ".join(f"`{node.name}`" for node in failed[:3]) + (" and others" if len(failed) > 3 else "")
    raise BuildFailed(
        f"{len(failed)} of {len(nodes)} nodes failed, {skipped} skipped because of them: {names}",
        hint=f"correct the data or the model, then run it again; dbt's full log is `{logs / 'dbt.log'}`",
    )
