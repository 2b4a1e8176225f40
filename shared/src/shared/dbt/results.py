"""What became of a dbt command's nodes, in a small typed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shared.dbt.emptied import Rule, rules_in

BUILT = ("model", "snapshot", "seed")
GOOD = ("success", "pass", "warn")


@dataclass(frozen=True)
class Node:
    """What became of one model, snapshot, seed, test or hook.

    Attributes:
        name: `core.fct_sales` for what has a relation, the test's name for a test.
        kind: dbt's resource type: `model`, `snapshot`, `seed`, `test`, `operation`.
        folder: The layer's folder under models: `core/facts`; `snapshots` for snapshots, `seeds` for seeds.
        materialized: `view`, `table`, `incremental`, `snapshot`, `seed`; `test` for a test.
        status: dbt's word: `success`, `pass`, `fail`, `error`, `skipped`.
        message: What dbt says of a node that failed.
        seconds: How long it took.
        tested: What a test is about, as `core.fct_sales`, where it is about one relation.
        description: What is said of it in YAML.
        severity: What the failure of a test means: `error` or `warn`.
        failures: How many rows a test has found.
        reads: The relations that what was built reads.
        sql: The query that built it, as dbt has compiled it.
        rules: Those of its rules that empty values.
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
    reads: tuple[str, ...] = ()
    sql: str | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the node itself went wrong; one that was skipped because of another did not."""
        return self.status not in (*GOOD, "skipped")


def as_node(result: Any, manifest: Any) -> Node:
    """Take from one of dbt's results what the platform reports."""
    node = result.node
    kind = str(node.resource_type)
    return Node(
        name=relation_of(node) if kind in BUILT else node.name,
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
        reads=tuple(dict.fromkeys(relations_read(node, manifest))) if kind in BUILT else (),
        sql=getattr(node, "compiled_code", None) if kind in BUILT else None,
        rules=rules_in(node.config.meta) if kind in BUILT else (),
    )


def relations_read(node: Any, manifest: Any) -> Iterator[str]:
    """Yield the relations that a node reads, through those that are only part of its query."""
    for name in getattr(node.depends_on, "nodes", ()):
        read = manifest.nodes.get(name) or manifest.sources.get(name)
        if read is not None and getattr(read.config, "materialized", None) == "ephemeral":
            yield from relations_read(read, manifest)
        elif read is not None:
            yield relation_of(read)


def relation_of(node: Any) -> str:
    """Return schema and name of a node or source in the database."""
    return f"{node.schema}.{getattr(node, 'alias', None) or node.identifier}"


def tested(test: Any, manifest: Any) -> str | None:
    """Return the relation that a test is about: the one whose YAML has it, else the only one that it reads."""
    attached = getattr(test, "attached_node", None)
    read = {attached} if attached else {*test.depends_on.nodes}
    if len(read) != 1:
        return None
    (name,) = read
    found = manifest.nodes.get(name) or manifest.sources.get(name)
    return relation_of(found) if found is not None else None


def readable(message: str) -> str:
    """Bring dbt's message of several indented lines into one."""
    return " ".join(line.strip() for line in message.splitlines() if line.strip())
