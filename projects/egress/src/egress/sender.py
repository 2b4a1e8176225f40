"""Sends chunks of rows to the CRM and keeps what it says to each row."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pyarrow as pa

from egress.comparison import LAST_RUN, ROW_HASH, ROW_KEY
from egress.confirmations import Confirmations
from egress.errors import TargetUnavailable
from egress.plan import Plan, Tally
from egress.state import Status, answers
from shared.data_quality import BadRow
from shared.http.echoes import Echoes
from shared.monitoring import Run
from shared.utils.console import say

if TYPE_CHECKING:
    from egress.api import CrmApi, Result

# The column of a chunk with what is sent of a row.
PAYLOAD = "_egress_payload"
PROGRESS_SECONDS = 2.0
NO_REASON = "rejected without a reason"


class ChunkSender:
    """Sends chunks and keeps what the CRM answers: check, send, then mark."""

    def __init__(self, plan: Plan, run: Run, api: CrmApi, tally: Tally) -> None:
        self.plan, self.api, self.tally = plan, api, tally
        self.confirmations = Confirmations(plan, run)
        self.sender = f"{run.warehouse.identity.id} {plan.target}"
        self.told_at = time.monotonic()

    def send(self, chunk: pa.RecordBatch) -> None:
        """Send one chunk and mark what is confirmed of it.

        Raises:
            TargetUnavailable: The answer leaves some of its rows out; those are not marked.
        """
        columns = chunk.to_pydict()
        body = ('{"customers":[' + ",".join(columns[PAYLOAD]) + "]}").encode()
        key = idempotency_key(self.sender, columns[LAST_RUN], body)
        results = by_row(self.api.send(body, key))
        rows = list(zip(columns[ROW_KEY], columns[ROW_HASH], columns[PAYLOAD], strict=True))
        self.keep([row for row in rows if row[0] in results], results, receipt=key)
        missing = [row_key for row_key, _, _ in rows if row_key not in results]
        if missing:
            raise TargetUnavailable(
                f"the CRM's answer leaves out {len(missing):,} of {len(rows):,} rows, the first is `{missing[0]}`",
                hint="they count as not delivered and are sent again by the next run",
            )
        self.tell()

    def keep(self, rows: list[tuple[str, str, str]], results: dict[str, Result], *, receipt: str) -> None:
        """Mark rows with what the CRM said to them; rejected ones go to the quarantine, those accepted leave it."""
        rejected = [
            BadRow(0, self.reason(results[row_key], payload), payload)
            for row_key, _, payload in rows
            if results[row_key].status == "rejected"
        ]
        keys = [row_key for row_key, _, _ in rows]
        hashes = [hashed for _, hashed, _ in rows]
        statuses: list[Status] = ["delivered" if results[key].status == "updated" else "rejected" for key in keys]
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
    """Return the key by which the CRM knows a chunk again.

    A chunk that is sent again because nobody saw the answer has the same key. Content that goes back to what it was
    long ago, or that a warehouse made anew sends, has another one, or the CRM would take it for the old delivery:
    hence the runs that sent the rows last, and the warehouse in the sender's name.
    """
    return hashlib.sha256("\0".join([sender, *last_runs, ""]).encode() + body).hexdigest()


def by_row(results: list[Result]) -> dict[str, Result]:
    """Return the results by row; a row with two different ones is left out, nobody knows which is true."""
    found = {result.customer_id: result for result in results}
    contradicted = {result.customer_id for result in results if result.status != found[result.customer_id].status}
    return {row_key: result for row_key, result in found.items() if row_key not in contradicted}
