"""Run dbt in this process."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import cli, dbtRunner

from shared.dbt.environment import environment_set
from shared.dbt.results import Node, as_node, readable
from shared.errors import PlatformError, causes, was_interrupted

# Nothing on the terminal: what there is to say is said by whoever runs dbt.
QUIET = ("--quiet", "--log-level", "none")
QUIETLY = (*QUIET, "--no-use-colors", "--no-version-check")
# What there is to know of the nodes is told otherwise: the artefacts take as long as a large model.
WITHOUT_FILES = ("--no-write-json", "--log-level-file", "info")


def without_files() -> tuple[str, ...]:
    """Return the options by which a build writes no artefacts, and its log as far as DBT_LOG_LEVEL_FILE says."""
    return (*WITHOUT_FILES[:-1], os.environ.get("DBT_LOG_LEVEL_FILE") or WITHOUT_FILES[-1])


def run_dbt(
    arguments: Sequence[str], environment: Mapping[str, str], progress: Callable[[int, int], None] | None = None
) -> list[Node]:
    """Run a dbt command in this process.

    Args:
        arguments: As on dbt's command line.
        environment: Variables that the project's profile reads, set while dbt runs.
        progress: Called with the number of finished nodes and of all.

    Returns:
        What became of each node, in the order in which they ended.

    Raises:
        ServerUnavailable: The database server did not let dbt in, or went away.
        PlatformError: dbt cannot run the project.
    """
    total = done = 0
    manifest: Any = None

    def on_event(event: Any) -> None:
        nonlocal total, done, manifest
        if event.info.name == "ConcurrencyLine":
            total = event.data.node_count
            # Told in the thread and the context of the command; its result has only the nodes that were run.
            manifest = click.get_current_context().obj["manifest"]
        elif event.info.name == "NodeFinished":
            done += 1
            if progress is not None:
                progress(done, total)

    results = getattr(invoke(arguments, environment, [on_event]), "results", [])
    return [as_node(result, manifest) for result in results]


def parse_project(environment: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Return the models of a dbt project as its manifest describes them, without opening a database.

    Raises:
        PlatformError: dbt cannot read the project.
    """
    nodes = parsed(environment).nodes.values()
    return [node.to_dict() for node in nodes if str(node.resource_type) == "model"]


def parsed(environment: Mapping[str, str]) -> Any:
    """Return a dbt project's manifest, without opening a database or writing a file of it.

    Raises:
        PlatformError: dbt cannot read the project.
    """
    return invoke(["parse", *QUIETLY, *WITHOUT_FILES], environment)


def write_project_manifest(environment: Mapping[str, str]) -> Path:
    """Write a dbt project's manifest.json into its target folder, without opening a database, and return its path.

    Raises:
        PlatformError: dbt cannot read the project.
    """
    invoke(["parse", *QUIETLY], environment)
    return Path(environment["DBT_PROJECT_DIR"], environment["DBT_TARGET_PATH"], "manifest.json")


def invoke(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    callbacks: Sequence[Callable[[Any], None]] = (),
    manifest: Any = None,
) -> Any:
    """Run a dbt command in this process with variables set, and return dbt's own result.

    Args:
        arguments: As on dbt's command line.
        environment: Variables that the project's profile reads.
        callbacks: Called with each of dbt's events.
        manifest: What `parse` has returned, where dbt need not read the project again.

    Raises:
        ServerUnavailable: The database server did not let dbt in, or went away.
        PlatformError: dbt cannot run the project.
    """
    with environment_set(environment), collector_paused(), quotes_doubled():
        try:
            outcome = dbtRunner(manifest=manifest, callbacks=list(callbacks)).invoke(list(arguments))
        finally:
            release_database()
    if outcome.exception is not None:
        if was_interrupted(outcome.exception):
            raise KeyboardInterrupt from outcome.exception
        raise meaning_of(outcome.exception) from outcome.exception
    return outcome.result


def meaning_of(error: BaseException) -> PlatformError:
    """Return what it means that dbt gave up: what the database server says, where that is the cause."""
    # Its driver takes a moment to import, and an embedded warehouse can do without.
    from shared.postgres.errors import explain

    for cause in causes(error):
        known = explain(cause)
        if known is not None:
            return known
    return PlatformError(
        f"dbt cannot run the project: {readable(str(error))}",
        hint="correct what the message names in the dbt project, then run it again",
    )


def dbt_command_line(arguments: Sequence[str]) -> int:
    """Run dbt's own command line in this process, and return its exit code."""
    code = 0
    with quotes_doubled():
        try:
            cli.main(args=list(arguments), prog_name="dbt")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        finally:
            release_database()
    return code


def release_database() -> None:
    """Close what dbt leaves open: a database that stays open in this process is locked for every other one."""
    reset_adapters()
    DuckDBConnectionManager.close_all_connections()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector off: dbt's many lasting objects make it cost a sixth of a build's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def quotes_doubled() -> Iterator[None]:
    """Let dbt double the quotes inside a quoted name, as the name of a database may have them; dbt itself does not."""

    def quoted(relation: BaseRelation, identifier: str) -> str:
        mark: str = relation.quote_character
        return f"{mark}{identifier.replace(mark, mark * 2)}{mark}"

    before = BaseRelation.quoted
    BaseRelation.quoted = quoted
    try:
        yield
    finally:
        BaseRelation.quoted = before
