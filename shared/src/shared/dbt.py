"""Run dbt in this process and bring its results into a small, typed form; for environments that have dbt."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import cli, dbtRunner

from shared.errors import PlatformError, causes

BUILT = ("model", "snapshot")
GOOD = ("success", "pass", "warn")
# Nothing on the terminal: what there is to say is said by whoever runs dbt.
QUIET = ("--quiet", "--log-level", "none")
QUIETLY = (*QUIET, "--no-use-colors", "--no-version-check")


@dataclass(frozen=True)
class Node:
    """What became of one model, snapshot, test or hook.

    Attributes:
        name: `core.fct_sales` for what has a relation, the test's name for a test.
        kind: dbt's resource type: `model`, `snapshot`, `test`, `operation`.
        folder: The layer's folder under models: `core/facts`; `snapshots` for snapshots.
        materialized: `view`, `table`, `incremental`, `snapshot`; `test` for a test.
        status: dbt's word: `success`, `pass`, `fail`, `error`, `skipped`.
        message: What dbt says of a node that failed.
        seconds: How long it took.
        tested: What a test is about, as `core.fct_sales`, where it is about one relation.
        description: What is said of it in YAML.
        severity: What the failure of a test means: `error` or `warn`.
        failures: How many rows a test has found.
    """

    name: str
    kind: str
    folder: str
    materialized: str
    status: str
    message: str
    seconds: float
    tested: str | None
    description: str
    severity: Literal["error", "warn"]
    failures: int | None

    @property
    def failed(self) -> bool:
        """Whether the node itself went wrong; one that was skipped because of another did not."""
        return self.status not in (*GOOD, "skipped")


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
    manifest = invoke(["parse", *QUIETLY, "--no-write-json", "--log-level-file", "info"], environment)
    return [node.to_dict() for node in manifest.nodes.values() if str(node.resource_type) == "model"]


def write_manifest(environment: Mapping[str, str]) -> Path:
    """Write a dbt project's manifest.json into its target folder, without opening a database, and return its path.

    Raises:
        PlatformError: dbt cannot read the project.
    """
    invoke(["parse", *QUIETLY], environment)
    return Path(environment["DBT_PROJECT_DIR"], environment["DBT_TARGET_PATH"], "manifest.json")


def invoke(
    arguments: Sequence[str], environment: Mapping[str, str], callbacks: Sequence[Callable[[Any], None]] = ()
) -> Any:
    """Run a dbt command in this process with variables set, and return dbt's own result.

    Raises:
        ServerUnavailable: The database server did not let dbt in, or went away.
        PlatformError: dbt cannot run the project.
    """
    with environment_set(environment), collector_paused():
        try:
            outcome = dbtRunner(callbacks=list(callbacks)).invoke(list(arguments))
        finally:
            release_database()
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    if outcome.exception is not None:
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
    try:
        cli.main(args=list(arguments), prog_name="dbt")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        release_database()
    return code


def quoted(relation: BaseRelation, identifier: str) -> str:
    """Quote a part of a relation's name. dbt's own forgets the quotes in it, as a database's name may have."""
    mark: str = relation.quote_character
    return f"{mark}{identifier.replace(mark, mark * 2)}{mark}"


BaseRelation.quoted = quoted


def release_database() -> None:
    """Close what dbt leaves open: a database that stays open in this process is locked for every other one."""
    reset_adapters()
    DuckDBConnectionManager.close_all_connections()


def as_node(result: Any, manifest: Any) -> Node:
    """Take from one of dbt's results what the platform reports."""
    node = result.node
    kind = str(node.resource_type)
    return Node(
        name=f"{node.schema}.{node.alias}" if kind in BUILT else node.name,
        kind=kind,
        folder=str(Path(node.original_file_path).parent).removeprefix("models/"),
        materialized=str(node.config.materialized),
        status=str(result.status),
        message=readable(result.message or ""),
        seconds=float(result.execution_time),
        tested=tested(node, manifest) if kind == "test" else None,
        description=readable(node.description),
        severity="warn" if str(getattr(node.config, "severity", "")).lower() == "warn" else "error",
        failures=result.failures,
    )


def tested(test: Any, manifest: Any) -> str | None:
    """Return the relation that a test is about: the one whose YAML has it, else the only one that it reads."""
    attached = getattr(test, "attached_node", None)
    read = {attached} if attached else {*test.depends_on.nodes}
    if len(read) != 1:
        return None
    (name,) = read
    node = manifest.nodes.get(name)
    if node is not None:
        return f"{node.schema}.{node.alias}"
    source = manifest.sources.get(name)
    return f"{source.schema}.{source.identifier}" if source is not None else None


def readable(message: str) -> str:
    """Bring dbt's message of several indented lines into one."""
    return " ".join(line.strip() for line in message.splitlines() if line.strip())


@contextmanager
def environment_set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python's garbage collector off: dbt's many lasting objects make it cost a sixth of a build's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
