"""Build a lab with dbt: on a copy of its database, which takes the database's place only when all has passed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from labs.dbt_plugin import DATABASE_VARIABLE
from shared.config import Settings
from shared.config.labs import Lab
from shared.dbt.build import BuildFailed, origin_of, show_failed
from shared.dbt.results import BUILT, GOOD, Node
from shared.dbt.run import QUIETLY, run_dbt, without_files, write_project_manifest
from shared.monitoring import Run
from shared.monitoring.ledger import CheckStatus, Written
from shared.utils.console import Counter, say
from shared.warehouse import Warehouse

STATUS: dict[str, CheckStatus] = {"pass": "passed", "fail": "failed", "warn": "warned", "skipped": "skipped"}


def transform(lab: Lab, settings: Settings, warehouse: Warehouse, run: Run) -> dict[str, int]:
    """Build bronze, silver and gold with their tests, and return the rows of each relation.

    Raises:
        BuildFailed: A model or test failed; the database is as it was before.
    """
    with warehouse.handed_over():
        work = copied(lab)
        try:
            nodes = dbt(lab, settings, ["build"], work)
            note_tests(run, nodes)
            report(lab, nodes)
            # Bronze is views, made anew each time: none may outlive its file.
            work.replace(lab.database)
        finally:
            shutil.rmtree(work.parent, ignore_errors=True)
    return enter(warehouse, run, nodes)


def test(lab: Lab, settings: Settings, warehouse: Warehouse, run: Run) -> int:
    """Run the lab's dbt tests on what is built, and return how many passed.

    Raises:
        BuildFailed: One failed.
    """
    with warehouse.handed_over():
        nodes = dbt(lab, settings, ["test"], lab.database)
    note_tests(run, nodes)
    run.metric("tests_passed", sum(node.status in GOOD for node in nodes))
    report(lab, nodes)
    return len(nodes)


def copied(lab: Lab) -> Path:
    """Copy the database to where it is built, and return the copy."""
    work = lab.work_database
    shutil.rmtree(work.parent, ignore_errors=True)
    work.parent.mkdir(parents=True)
    shutil.copyfile(lab.database, work)
    return work


def dbt(lab: Lab, settings: Settings, arguments: Sequence[str], database: Path) -> list[Node]:
    """Run dbt on one of the lab's databases."""
    options = [*QUIETLY, *without_files()]
    # Unit tests use invented rows: they belong to the lab's own tests.
    options += ["--exclude-resource-type", "unit_test"]
    with Counter(f"  dbt {arguments[0]}", unit="nodes") as counter:
        return run_dbt([*arguments, *options], dbt_environment(lab, settings, database), counter.advance)


def write_manifest(lab: Lab, settings: Settings) -> Path:
    """Write dbt's manifest of a lab, whose database need not be there, and return its path.

    Raises:
        PlatformError: dbt cannot read the lab's project.
    """
    return write_project_manifest(dbt_environment(lab, settings, lab.database))


def dbt_environment(lab: Lab, settings: Settings, database: Path) -> dict[str, str]:
    """Return the variables with which dbt works on one of the lab's databases."""
    return {
        "PIXI_PROJECT_ROOT": str(settings.root),
        "LABS_DIR": str(settings.labs_dir),
        "DBT_PROJECT_DIR": str(lab.folder),
        "DBT_PROFILES_DIR": str(lab.folder),
        "DBT_TARGET_PATH": str(lab.manifest.parent),
        "DBT_LOG_PATH": str(log_dir(lab, settings)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        DATABASE_VARIABLE: str(database),
    }


def log_dir(lab: Lab, settings: Settings) -> Path:
    """Return where dbt writes its full log of a lab."""
    return settings.logs_dir / "labs" / lab.name


def report(lab: Lab, nodes: Sequence[Node]) -> None:
    """Name what failed, and raise BuildFailed where something did."""
    failed = show_failed(nodes)
    if failed:
        raise BuildFailed(
            f"{len(failed)} of {len(nodes)} nodes of lab `{lab.name}` failed: `{failed[0].name}`",
            hint="correct the data or the model and run it again; what was built before is as it was",
        )


def note_tests(run: Run, nodes: Sequence[Node]) -> None:
    """Note what became of the tests as checks of the run."""
    for node in nodes:
        if node.kind == "test":
            run.check(
                node.name,
                relation=node.tested,
                status=STATUS.get(node.status, "error"),
                severity=node.severity,
                description=node.description,
                observed=node.message,
                failed_rows=node.failures,
            )


def enter(warehouse: Warehouse, run: Run, nodes: Sequence[Node]) -> dict[str, int]:
    """Enter in the ledger what was built and tested, and return the rows of each relation."""
    with warehouse.transaction():
        noted = {
            node.name: Written(warehouse.row_count(node.name), {"seconds": round(node.seconds, 3)}, origin_of(node))
            for node in nodes
            if node.kind in BUILT
        }
        run.note_outputs(noted)
        run.metric("tests_passed", sum(node.kind == "test" for node in nodes))
    say(f"  {len(noted)} relations, {sum(node.kind == 'test' for node in nodes)} tests passed")
    return {name: one.rows for name, one in noted.items()}
