"""Which rows an API has taken on as jobs, kept from the answer that names a job until what came of it is marked."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import pyarrow as pa

from egress.kinds.rest.rows import Row
from shared.monitoring import Run
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

TABLE = "ops.delivery_job"
# A job that has not ended after so long never will: its rows are sent again.
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class OpenJob:
    """A job that nobody has seen the end of.

    Attributes:
        request: The idempotency key of the request that began it.
        rows: What is known of its rows: their keys, what they held, and what answers call them, in their order.
    """

    id: str
    request: str
    begun_at: datetime
    rows: Sequence[Row]

    @property
    def is_lost(self) -> bool:
        """Whether it is too old to be waited for."""
        return utc_now() - self.begun_at > LONGEST


@dataclass
class JobPlaces:
    """The jobs of one target; used by several threads."""

    warehouse: Warehouse
    target: str
    run_id: str
    _one: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def opened(cls, run: Run, target: str) -> Iterator[JobPlaces]:
        """Open a session of their own, as requests are made in other threads than the one that marks rows."""
        with run.warehouse.beside() as session:
            yield cls(session, target, run.id)

    def keep(self, job_id: str, request: str, rows: Sequence[Row]) -> None:
        """Note that an API has taken on rows."""
        count = len(rows)
        columns = {
            "target": [self.target] * count,
            "job_id": [job_id] * count,
            "row_key": [row.key for row in rows],
            "place": pa.array(range(count), pa.int32()),
            "payload_hash": [row.content for row in rows],
            "named": pa.array([row.named for row in rows], pa.string()),
            "request": [request] * count,
            "run_id": [self.run_id] * count,
            "begun_at": [utc_now()] * count,
        }
        with self._one:
            self.warehouse.merge_arrow(TABLE, pa.table(columns), key=("target", "job_id", "row_key"))

    def drop_rows(self, keys: Sequence[str]) -> None:
        """Forget rows that an API has answered for."""
        with self._one:
            self.warehouse.execute(
                f"delete from {TABLE} where target = $1 and row_key = any($2)", [self.target, list(keys)]
            )

    def drop(self, job: OpenJob) -> None:
        """Forget a job."""
        with self._one:
            self.warehouse.execute(f"delete from {TABLE} where target = $1 and job_id = $2", [self.target, job.id])


def open_jobs(warehouse: Warehouse, target: str) -> list[OpenJob]:
    """Return the jobs of a target, the earliest first."""
    found = warehouse.fetch(
        f"select job_id, request, begun_at, row_key, payload_hash, named from {TABLE} where target = $1 "
        "order by begun_at, job_id, place",
        [target],
    )
    return [
        OpenJob(
            str(identifier),
            str(request),
            begun,
            [Row(key, content, "", None, "{}", "", "", named=named) for *_, key, content, named in rows],
        )
        for (identifier, request, begun), rows in groupby(found, itemgetter(0, 1, 2))
    ]
