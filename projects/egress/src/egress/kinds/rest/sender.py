"""Sends chunks of rows to an API and keeps what it says to each row."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import pyarrow as pa

from egress.engine.comparison import LAST_RUN, ROW_HASH, ROW_KEY
from egress.engine.confirmations import Confirmations
from egress.engine.errors import TargetUnavailable
from egress.engine.plan import Plan, Tally
from egress.engine.state import Status, answers
from egress.kinds.rest.declared import Answers, Result
from shared.data_quality import BadRow
from shared.http.echoes import Echoes
from shared.monitoring import Run
from shared.utils.console import say

if TYPE_CHECKING:
    from egress.kinds.rest.api import RestApi

# The column of a chunk with what is sent of a row.
PAYLOAD = "_egress_payload"
PROGRESS_SECONDS = 2.0
NO_REASON = "rejected without a reason"


class ChunkSender:
    """Sends chunks and keeps what the API answers: check, send, then mark.

    Args:
        rows: The field of a request that has the rows.
        answers: What its answers' statuses mean.
    """

    def __init__(self, plan: Plan, run: Run, api: RestApi, tally: Tally, *, rows: str, answers: Answers) -> None:
        self.plan, self.api, self.tally = plan, api, tally
        self.rows, self.answers = rows, answers
        self.confirmations = Confirmations(plan, run)
        self.sender = f"{run.warehouse.identity.id} {plan.target}"
        self.told_at = time.monotonic()

    def send(self, chunk: pa.Table) -> None:
        """Send one chunk and mark what is confirmed of it.

        Raises:
            TargetUnavailable: The answer leaves some of its rows out; those are not marked.
        """
        columns = chunk.to_pydict()
        body = (f"{{{json.dumps(self.rows)}:[" + ",".join(columns[PAYLOAD]) + "]}").encode()
        key = idempotency_key(self.sender, columns[LAST_RUN], body)
        results = by_row(self.api.send(body, key))
        rows = list(zip(columns[ROW_KEY], columns[ROW_HASH], columns[PAYLOAD], strict=True))
        self.keep([row for row in rows if row[0] in results], results, receipt=key)
        missing = [row_key for row_key, _, _ in rows if row_key not in results]
        if missing:
            raise TargetUnavailable(
                f"the API's answer leaves out {len(missing):,} of {len(rows):,} rows, the first is `{missing[0]}`",
                hint="they count as not delivered and are sent again by the next run",
            )
        self.tell()

    def keep(self, rows: list[tuple[str, str, str]], results: dict[str, Result], *, receipt: str) -> None:
        """Mark rows with what the API said to them; rejected ones go to the quarantine, those accepted leave it."""
        rejected = [
            BadRow(0, self.reason(results[row_key], payload), payload)
            for row_key, _, payload in rows
            if results[row_key].status in self.answers.refused
        ]
        keys = [row_key for row_key, _, _ in rows]
        hashes = [hashed for _, hashed, _ in rows]
        statuses: list[Status] = [
            "delivered" if results[key].status in self.answers.taken else "rejected" for key in keys
        ]
        self.confirmations.keep(answers(keys, hashes, statuses, receipt), rejected)
        self.tally.sent += len(rows) - len(rejected)
        self.tally.rejected += len(rejected)

    def reason(self, result: Result, payload: str) -> str:
        """Return the reason why a row was rejected: short, and without what was sent of the row."""
        if not (result.reason or "").strip():
            return NO_REASON
        return Echoes([payload], shown=[self.plan.model.key]).reason(str(result.reason))

    def tell(self) -> None:
        """Show how far the delivery is, now and then."""
        if time.monotonic() - self.told_at >= PROGRESS_SECONDS:
            self.told_at = time.monotonic()
            say(f"{self.plan.target}: {self.tally.sent + self.tally.rejected:,} of {self.plan.to_send:,} rows sent")


def idempotency_key(sender: str, last_runs: list[str], body: bytes) -> str:
    """Return the key by which an API knows a chunk again.

    A chunk that is sent again because nobody saw the answer has the same key. Content that goes back to what it was
    long ago, or that a warehouse made anew sends, has another one, or the API would take it for the old delivery:
    hence the runs that sent the rows last, and the warehouse in the sender's name.
    """
    return hashlib.sha256("\0".join([sender, *last_runs, ""]).encode() + body).hexdigest()


def by_row(results: list[Result]) -> dict[str, Result]:
    """Return the results by row; a row with two different ones is left out, nobody knows which is true."""
    found = {result.key: result for result in results}
    contradicted = {result.key for result in results if result.status != found[result.key].status}
    return {row_key: result for row_key, result in found.items() if row_key not in contradicted}
