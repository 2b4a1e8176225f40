"""The run ledger: every run of every step, what it wrote, and how it ended."""

from __future__ import annotations

import json
import os
import platform
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from shared.config import Settings
from shared.errors import was_interrupted
from shared.monitoring.history import LEFT_OUT, SILENT_END
from shared.monitoring.lineage import Origin
from shared.monitoring.lineage.telling import RunLineage
from shared.monitoring.logs import as_json, log_event
from shared.monitoring.pipes import join_dagster, tell_dagster
from shared.redaction import redacted, redacted_values
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.utils.files import sha256_of
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    from shared.monitoring.lineage.facts import End

CheckStatus: TypeAlias = Literal["passed", "failed", "warned", "error", "skipped"]


@dataclass(frozen=True)
class Written:
    """What a run has written to a relation: how many rows, what else there is to say, and what they are from."""

    rows: int
    detail: Mapping[str, object] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(frozen=True)
class Run:
    """One run of one step, as its ledger entry.

    Attributes:
        outputs: What was noted of each relation: its `rows`, its `detail`, and its `bytes` where the engine tells them.
        metrics: The measured values by name.
        checks: What became of each check, for whoever is told of the run; the ledger does not keep them.
        origins: What each relation was made from, for whoever is told of lineage; the ledger does not keep it.
        left_out: What the run has left out, and why.
    """

    id: str
    step: str
    warehouse: Warehouse
    outputs: dict[str, dict[str, object]] = field(default_factory=dict, compare=False)
    metrics: dict[str, float] = field(default_factory=dict, compare=False)
    checks: list[dict[str, object]] = field(default_factory=list, compare=False)
    origins: dict[str, Origin] = field(default_factory=dict, compare=False)
    left_out: dict[str, str] = field(default_factory=dict, compare=False)

    def output(
        self, relation: str, *, rows: int, detail: Mapping[str, object] | None = None, origin: Origin | None = None
    ) -> None:
        """Note how many rows the run left or handed to `relation`: `core.fct_sales`, `crm`, and what those are from."""
        self.note_outputs({relation: Written(rows, dict(detail or {}), origin)})

    def note_outputs(self, noted: Mapping[str, Written]) -> None:
        """Note many relations at once: a statement for each takes as long as a model to build."""
        if not noted:
            return
        self._enter_outputs(noted)
        for relation, one in noted.items():
            size = self.warehouse.size(relation)
            sized = {} if size is None else {"bytes": size}
            self.outputs[relation] = {"rows": one.rows, "detail": dict(one.detail), **sized}
            if one.origin is not None:
                self.origins[relation] = one.origin
            facts = {"run": self.id, "step": self.step, "relation": relation, "rows": one.rows}
            log_event(self.warehouse.settings, "output", **facts, **one.detail)

    def leave_out(self, relation: str, reason: str) -> None:
        """Note that the run does without `relation`, which nothing says must be there, and show it with the reason."""
        rows = self.warehouse.row_count(relation) if self.warehouse.table_exists(relation) else 0
        self._enter_outputs({relation: Written(rows, {LEFT_OUT: reason})})
        self.left_out[relation] = reason
        say(f"  left out: {relation}: {reason}")
        log_event(self.warehouse.settings, "left out", run=self.id, step=self.step, relation=relation, reason=reason)

    def _enter_outputs(self, noted: Mapping[str, Written]) -> None:
        record = {
            "run_id": [self.id] * len(noted),
            "relation": list(noted),
            "row_count": [one.rows for one in noted.values()],
            "detail": [json.dumps(redacted_values(as_json(dict(one.detail)))) for one in noted.values()],
        }
        self.warehouse.merge_arrow("ops.run_output", pa.table(record), key=("run_id", "relation"))

    def metric(self, name: str, value: float) -> None:
        """Note a measured value of the run."""
        self.note_metrics({name: value})

    def note_metrics(self, values: Mapping[str, float]) -> None:
        """Note measured values of the run by their names, all at once."""
        if not values:
            return
        record = {
            "run_id": [self.id] * len(values),
            "name": list(values),
            "value": [float(value) for value in values.values()],
        }
        self.warehouse.merge_arrow("ops.run_metric", pa.table(record), key=("run_id", "name"))
        for name, value in values.items():
            self.metrics[name] = float(value)
            log_event(self.warehouse.settings, "metric", run=self.id, step=self.step, name=name, value=value)

    def check(
        self,
        name: str,
        *,
        relation: str | None,
        status: CheckStatus,
        severity: Literal["error", "warn"] = "error",
        **facts: object,
    ) -> None:
        """Note what became of a check.

        Args:
            name: What it is called among the checks of its relation.
            relation: What was checked, where it is one relation.
            status: `warned` is a failure of severity `warn`; `error` says that the check could not be made.
            severity: What a failure means.
            facts: What else there is to say, as `description`, `failed_rows`.
        """
        self.checks.append({"name": name, "relation": relation, "status": status, "severity": severity, **facts})


@contextmanager
def record_run(warehouse: Warehouse, *, step: str, command: str) -> Iterator[Run]:
    """Enter a run in the ledger: `running` inside, `succeeded`, `failed` or `interrupted` after.

    A run of the same role that still says `running` was killed, as one session at a time writes as a role: it becomes
    `interrupted`. What became of other roles' runs is for `shared.monitoring.history` to tell.
    Where Dagster has started this process, it is told of the run at its end; so is the collector of OPENLINEAGE_URL, at
    both ends.
    """
    run, begun = Run(str(uuid.uuid4()), step, warehouse), time.monotonic()
    lineage = RunLineage(warehouse, run.id, step)
    join_dagster()
    _enter(run, command)
    log_event(warehouse.settings, "run started", run=run.id, step=step, command=command)
    try:
        lineage.begin()
        yield run
    except BaseException as error:
        status: End = "failed" if isinstance(error, Exception) and not was_interrupted(error) else "interrupted"
        # Where the warehouse itself is gone, the next run notes that this one did not end.
        with suppress(Exception):
            _finish(run, status, f"{type(error).__name__}: {error}")
        lineage.end(status, run.outputs, run.origins, f"{type(error).__name__}: {error}")
        tell_dagster(lambda: {"run": _facts(run, command, status, time.monotonic() - begun)}, warehouse.settings)
        raise
    _finish(run, "succeeded", None)
    lineage.end("succeeded", run.outputs, run.origins)
    tell_dagster(lambda: {"run": _facts(run, command, "succeeded", time.monotonic() - begun)}, warehouse.settings)


def _enter(run: Run, command: str) -> None:
    with run.warehouse.transaction():
        run.warehouse.execute(
            "update ops.run set status = 'interrupted', finished_at = $1, error = $2 "
            "where status = 'running' and role = $3",
            [utc_now(), SILENT_END, run.warehouse.role],
        )
        run.warehouse.execute(
            "insert into ops.run "
            "(run_id, sequence, role, step, command, status, environment, python_version, host, pid, started_at) "
            "values ($1, nextval('ops.run_sequence'), $2, $3, $4, 'running', $5, $6, $7, $8, $9)",
            [
                run.id,
                run.warehouse.role,
                run.step,
                redacted(command),
                os.environ.get("PIXI_ENVIRONMENT_NAME"),
                platform.python_version(),
                socket.gethostname(),
                os.getpid(),
                utc_now(),
            ],
        )


def _finish(run: Run, status: str, error: str | None) -> None:
    run.warehouse.execute(
        "update ops.run set status = $1, finished_at = $2, error = $3 where run_id = $4",
        [status, utc_now(), None if error is None else redacted(error), run.id],
    )
    log_event(run.warehouse.settings, f"run {status}", run=run.id, step=run.step, error=error)


def _facts(run: Run, command: str, status: str, seconds: float) -> dict[str, object]:
    environment, path = os.environ.get("PIXI_ENVIRONMENT_NAME"), run.warehouse.path
    return {
        "id": run.id,
        "step": run.step,
        "command": command,
        "status": status,
        "seconds": round(seconds, 3),
        "python_version": platform.python_version(),
        "environment": environment,
        "lock_sha256": lock_hash(run.warehouse.settings, environment),
        "database_bytes": path.stat().st_size if path is not None and path.is_file() else None,
        "outputs": run.outputs,
        "left_out": run.left_out,
        "metrics": run.metrics,
        "checks": run.checks,
    }


def lock_hash(settings: Settings, environment: str | None) -> str | None:
    """Return the SHA-256 of an environment's lock: which packages, by version and hash, it was made of."""
    lock = settings.root / "locks" / f"{environment}.txt"
    return sha256_of(lock) if lock.is_file() else None
