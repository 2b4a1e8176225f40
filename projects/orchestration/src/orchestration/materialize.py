"""Make assets without web server and daemon: in this process, with what happens shown as it happens."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable
from functools import cache

from dagster import (
    AssetKey,
    AssetSelection,
    BetaWarning,
    DagsterInstance,
    JobDefinition,
    JobExecutionResult,
    RepositoryDefinition,
    build_reconstructable_job,
)
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths
from rich.table import Table

from orchestration.definitions import defs
from orchestration.defs.jobs import ANYTHING
from orchestration.home import PROJECT, home_of, instance
from orchestration.supervise.dead_runs import sweep
from orchestration.told import subject_of, tags_of_materialize
from shared.config import Settings
from shared.errors import PlatformError, UserError
from shared.teller import Teller
from shared.utils.console import output, say
from shared.utils.names import suggestion


class RunFailed(PlatformError):
    """Steps of a run failed."""

    code = "run_failed"


def materialize(settings: Settings, selection: str | None, *, job: str) -> int:
    """Make assets, and show of each how many rows it has, where it was made and how long that took.

    Args:
        settings: Where the platform is, and Dagster's history.
        selection: Which assets, in Dagster's selection syntax; None for all of the job.
        job: The job, where there is no selection.

    Raises:
        UserError: There is no such job, or nothing is selected.
        RunFailed: A step failed; what does not depend on it was made.
    """
    warnings.simplefilter("ignore", BetaWarning)
    teller = Teller(settings, command=f"materialize {selection or f'--job {job}'}")
    with teller.telling("step materialize"):
        repository()
    keys = chosen(selection) if selection else None
    name = ANYTHING if keys else known_job(job)
    with teller.telling(subject_of(name, keys)):
        make(settings, name, keys)
    return 0


def make(settings: Settings, name: str, keys: Iterable[AssetKey] | None) -> None:
    """Run a job, or assets of it, and show what came of it.

    Raises:
        RunFailed: A step failed.
    """
    begun = time.monotonic()
    with instance(settings) as opened:
        sweep(opened, home_of(settings))
        result = run(name, keys, opened)
        with result:
            show(result)
    done = [event.step_key for event in result.get_step_success_events()]
    failed = [event for event in result.all_events if event.is_step_failure]
    for event in failed:
        data = event.step_failure_data
        says = data.user_failure_data.description if data.user_failure_data else data.error_display_string
        say(f"  ✗ {event.step_key}: {says}")
    if not result.success:
        names = ", ".join(f"`{event.step_key}`" for event in failed)
        raise RunFailed(
            f"{len(failed)} steps failed, {len(done)} succeeded: {names}",
            hint="correct what they say, then run it again",
        )
    say(f"{len(done)} steps in {time.monotonic() - begun:.1f} s")


def find_job(name: str) -> JobDefinition:
    """Return a job of the graph by its name; Dagster calls this by name again."""
    return repository().get_job(name)


@cache
def repository() -> RepositoryDefinition:
    """Load the graph, once."""
    loaded: RepositoryDefinition = defs().get_repository_def()
    return loaded


def known_job(name: str) -> str:
    """Return the name of a job.

    Raises:
        UserError: There is none of this name.
    """
    names = [job for job in repository().job_names if not job.startswith("__")]
    if name not in names:
        raise UserError(f"no such job: `{name}`", hint=suggestion(name, names))
    return name


def chosen(selection: str) -> list[AssetKey]:
    """Return the assets that are selected and can be made.

    Raises:
        UserError: The selection cannot be read, or selects nothing that can be made.
    """
    graph = repository().asset_graph
    try:
        selected = AssetSelection.from_string(selection).resolve(graph)
    except Exception as error:
        raise UserError(
            f"cannot read the selection: `{selection}`",
            hint='write `key:"core/fct_sales"+`, `group:raw`, `tag:lab=…`, joined by `and`, `or`, `not`',
        ) from error
    found = sorted(selected & graph.executable_asset_keys)
    if not found:
        raise UserError(
            f"nothing that can be made is selected: `{selection}`",
            hint=suggestion(selection, (key.to_user_string() for key in graph.executable_asset_keys)),
        )
    return found


def run(name: str, keys: Iterable[AssetKey] | None, instance: DagsterInstance) -> JobExecutionResult:
    """Run a job, or assets of it, as a run that the web interface can run again."""
    job = build_reconstructable_job(__name__, "find_job", (name,))
    created = instance.create_run_for_job(
        find_job(name),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        asset_selection=frozenset(keys) if keys else None,
        tags=tags_of_materialize(),
        remote_job_origin=origin_of(name),
        job_code_origin=job.get_python_origin(),
    )
    return execute_run(job, created, instance)


def origin_of(name: str) -> RemoteJobOrigin:
    """Return where the web interface finds a job: by the entry of the workspace that it serves."""
    location, *_ = location_origins_from_yaml_paths([str(PROJECT / "workspace.yaml")])
    return RemoteRepositoryOrigin(location, repository().name).get_job_origin(name)


def show(result: JobExecutionResult) -> None:
    """Print what was made."""
    table = Table("asset", "rows", "seconds", "environment", "Python", box=None, pad_edge=False)
    for event in result.get_asset_materialization_events():
        facts = event.step_materialization_data.materialization.metadata
        values = [
            facts[name].value if name in facts else "" for name in ("dagster/row_count", "seconds", "environment")
        ]
        rows, seconds, environment = values
        python = facts["python"].value if "python" in facts else ""
        count = f"{rows:,}" if isinstance(rows, int) else ""
        key = event.asset_key.to_user_string() if event.asset_key else ""
        table.add_row(key, count, f"{seconds}", f"{environment}", f"{python}")
    output().print(table)
