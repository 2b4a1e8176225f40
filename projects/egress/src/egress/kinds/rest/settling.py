"""Jobs of earlier runs: what came of them is asked for and marked before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from egress.engine.payload import to_json
from egress.engine.pending import ROW_HASH, ROW_KEY
from egress.kinds.rest.calls import Caller
from egress.kinds.rest.job_places import JobPlaces, OpenJob
from egress.kinds.rest.jobs import JobLost, JobRunning
from egress.kinds.rest.outgoing import rows_of
from egress.kinds.rest.rows import Row
from egress.kinds.rest.sender import Sender
from shared.errors import PlatformError
from shared.utils.console import say


def settle(
    jobs: list[OpenJob], places: JobPlaces, caller: Caller, sender: Sender, sent: pa.Table, seconds: float
) -> tuple[pa.Table, list[PlatformError]]:
    """Mark what came of jobs, and return what there is to send besides.

    A job that has failed, or that the API knows no more, has done nothing: its rows are sent again.

    Args:
        sent: What there is to send.
        seconds: How long all of them are waited for.

    Returns:
        What there is to send without the rows that were answered for or are still under way, and why these are not.

    Raises:
        PlatformError: Nobody can say what came of a job; nothing is sent.
    """
    say(f"{sender.plan.target}: asks after {len(jobs):,} jobs of an earlier run")
    until = time.monotonic() + seconds
    running: list[PlatformError] = []
    under_way, answered = set[str](), set[tuple[str, str]]()
    known = {(row.key, row.content): row for row in rows_in(jobs, sent)}
    for job in jobs:
        rows = [known.get((row.key, row.content)) or bare(row, sender.plan.model.key) for row in job.rows]
        outcome = caller.resume(job.id, job.request, rows, until)
        if isinstance(outcome.error, JobRunning) and not job.is_lost:
            running.append(outcome.error)
            under_way |= {row.key for row in rows}
            continue
        if outcome.error is not None and not outcome.said and not isinstance(outcome.error, (JobLost, JobRunning)):
            raise outcome.error
        if outcome.said:
            sender.keep_sent(outcome.said)
        answered |= {(each.row.key, each.row.content) for each in outcome.said}
        places.drop(job)
    pairs = zip(sent[ROW_KEY].to_pylist(), sent[ROW_HASH].to_pylist(), strict=True)
    left = [pair[0] not in under_way and pair not in answered for pair in pairs]
    return sent.filter(pa.array(left, pa.bool_())), running


def rows_in(jobs: Iterable[OpenJob], sent: pa.Table) -> Iterator[Row]:
    """Yield what there is to send of the rows that jobs have."""
    keys = pa.array([row.key for job in jobs for row in job.rows], pa.string())
    return rows_of(sent.filter(pc.is_in(sent[ROW_KEY], keys)), "")


def bare(row: Row, key: str) -> Row:
    """Return a row of a job that has changed since: nothing is known of it but its key."""
    return row._replace(payload=to_json({key: row.key}))
