"""The run ledger: every run of every step, what it wrote, and how it ended."""

from __future__ import annotations

import json
import os
import platform
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pyarrow as pa

from shared.monitoring.logs import log_event
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse


@dataclass(frozen=True)
class Run:
    """One run of one step, as its ledger entry."""

    id: str
    step: str
    warehouse: Warehouse

    def output(self, relation: str, *, rows: int, detail: Mapping[str, object] | None = None) -> None:
        """Note how many rows the run left or handed to `relation`: `core.fct_sales`, `crm`."""
        text = json.dumps(dict(detail or {}), default=str)
        record = {"run_id": [self.id], "relation": [relation], "row_count": [rows], "detail": [text]}
        self.warehouse.merge_arrow("ops.run_output", pa.table(record), key=("run_id", "relation"))
        log_event("output", run=self.id, step=self.step, relation=relation, rows=rows, **(detail or {}))

    def metric(self, name: str, value: float) -> None:
        """Note a measured value of the run."""
        record = {"run_id": [self.id], "name": [name], "value": [float(value)]}
        self.warehouse.merge_arrow("ops.run_metric", pa.table(record), key=("run_id", "name"))
        log_event("metric", run=self.id, step=self.step, name=name, value=value)


@contextmanager
def record_run(warehouse: Warehouse, *, step: str, command: str) -> Iterator[Run]:
    """Enter a run in the ledger: `running` inside, `succeeded`, `failed` or `interrupted` after.

    A run that still says `running` though nobody writes as its role was killed: it becomes `interrupted`.
    """
    run = Run(str(uuid.uuid4()), step, warehouse)
    with warehouse.transaction():
        warehouse.execute(
            "update ops.run set status = 'interrupted', finished_at = $1, error = 'the process ended without a word' "
            "where status = 'running' and (role is null or role = any($2))",
            [utc_now(), warehouse.abandoned_roles()],
        )
        warehouse.execute(
            "insert into ops.run "
            "(run_id, role, step, command, status, environment, python_version, host, pid, started_at) "
            "values ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9)",
            [
                run.id,
                warehouse.role,
                step,
                command,
                os.environ.get("PIXI_ENVIRONMENT_NAME"),
                platform.python_version(),
                socket.gethostname(),
                os.getpid(),
                utc_now(),
            ],
        )
    log_event("run started", run=run.id, step=step, command=command)
    try:
        yield run
    except BaseException as error:
        status = "failed" if isinstance(error, Exception) else "interrupted"
        # Where the warehouse itself is gone, the next run notes that this one did not end.
        with suppress(Exception):
            _finish(run, status, f"{type(error).__name__}: {error}")
        raise
    _finish(run, "succeeded", None)


def _finish(run: Run, status: str, error: str | None) -> None:
    run.warehouse.execute(
        "update ops.run set status = $1, finished_at = $2, error = $3 where run_id = $4",
        [status, utc_now(), error, run.id],
    )
    log_event(f"run {status}", run=run.id, step=run.step, error=error)
