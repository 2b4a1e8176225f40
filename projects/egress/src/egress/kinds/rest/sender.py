"""Sends rows to an API and keeps what it says to each: check, send, then mark."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import takewhile

import pyarrow as pa

from egress.engine.comparison import ComparedPlan
from egress.engine.confirmations import Confirmations, keyed
from egress.engine.errors import TargetRefused
from egress.engine.plan import Tally
from egress.engine.state import Status, answers
from egress.kinds.rest.declared import RestSettings
from egress.kinds.rest.job_places import JobPlaces
from egress.kinds.rest.rows import Outcome, Row, Said
from egress.kinds.rest.turns import in_turn
from shared.data_quality import BadRow
from shared.errors import PlatformError
from shared.monitoring import Run
from shared.utils.console import say

PROGRESS_SECONDS = 2.0
# What requests for a single row have brought is marked when it is so many rows, or after a second.
MARK_ROWS, MARK_SECONDS = 100, 1.0


class Sender:
    """Sends rows in requests, and marks what the API has confirmed.

    Args:
        values: How many rows the API may refuse.
        places: Where rows stand whose jobs have not ended.
        ask: Called when what has come is marked; it raises where the delivery shall end.
    """

    def __init__(
        self,
        plan: ComparedPlan,
        run: Run,
        tally: Tally,
        values: RestSettings,
        ask: Callable[[], None],
        places: JobPlaces | None = None,
    ) -> None:
        self.plan, self.tally, self._values, self._ask, self._places = plan, tally, values, ask, places
        self._confirmations = Confirmations(plan, run)
        self._waiting: list[Said] = []
        self._deleted = 0
        self._marked_at = self._told_at = time.monotonic()

    def send(
        self,
        requests: Iterable[Sequence[Row]],
        call: Callable[[Sequence[Row]], Outcome],
        *,
        keep: Callable[[Sequence[Said]], None],
        at_once: int,
    ) -> None:
        """Make a call for the rows of each request, and keep what is said of them.

        Args:
            keep: Marks what was said: `keep_sent` or `keep_deleted`.
            at_once: How many requests are under way at most.

        Raises:
            PlatformError: The first that has failed.
            KeyboardInterrupt: `ask` has raised it. In either case, of what was under way is marked what is confirmed.
        """
        failed: list[BaseException] = []
        with closing(in_turn(call, takewhile(lambda _: not failed, requests), at_once)) as outcomes:
            for outcome in outcomes:
                self._waiting += outcome.said
                failed.extend([outcome.error] if outcome.error else [])
                if failed or len(outcome.said) > 1 or self._is_due():
                    self._mark(keep)
                    failed.extend(self._objection())
                    try:
                        self._ask()
                    except KeyboardInterrupt as interrupt:
                        failed.append(interrupt)
        self._mark(keep)
        if failed:
            raise failed[0]

    def _is_due(self) -> bool:
        return len(self._waiting) >= MARK_ROWS or time.monotonic() - self._marked_at >= MARK_SECONDS

    def _mark(self, keep: Callable[[Sequence[Said]], None]) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            keep(waiting)
        self._marked_at = time.monotonic()
        if self._marked_at - self._told_at >= PROGRESS_SECONDS:
            self._told_at = self._marked_at
            done = self.tally.sent + self.tally.rejected + self._deleted
            say(f"{self.plan.target}: {done:,} of {self.plan.to_send + self.plan.removes:,} rows sent")

    def _objection(self) -> list[PlatformError]:
        """Return the error where the API refuses more than it may: then it is rather the declaration that is wrong."""
        refused, most, share = self.tally.rejected, self._values.reject_rows, self._values.reject_share
        done = refused + self.tally.sent
        if refused <= most or refused <= share * done:
            return []
        return [
            TargetRefused(
                f"`{self.plan.target}` refuses {refused:,} of {done:,} rows, more than {most:,} and than {share:.0%}",
                hint="ops.quarantine says why (source `egress`); correct the model or the target's module, then "
                "`./pixiw run deliver --retry-rejected`",
            )
        ]

    def keep_sent(self, said: Sequence[Said]) -> None:
        """Mark rows with what the API said to them; refused ones go to the quarantine, those taken leave it."""
        statuses: list[Status] = ["delivered" if each.taken else "rejected" for each in said]
        key = self.plan.model.key
        bad = [BadRow(0, each.reason, keyed(each.row.payload, key, each.row.key)) for each in said if not each.taken]
        # Of a row that was refused the target has what it had before, if anything.
        receipts = [each.receipt if each.taken else each.row.receipt for each in said]
        marks = [each.row.marks if each.taken else each.row.last_marks for each in said]
        ids = [each.row.own_id for each in said]
        self._confirmations.keep(as_answers(said, statuses, receipts, marks, ids), bad)
        if self._places is not None:
            # Later: whoever is killed in between asks once more, and marks the same.
            self._places.drop_rows([each.row.key for each in said])
        self.tally.rejected += len(bad)
        self.tally.sent += len(said) - len(bad)

    def keep_deleted(self, said: Sequence[Said]) -> None:
        """Mark rows that are gone; the others stay as they are, and are tried again by the next run."""
        gone = [each for each in said if each.taken]
        bad = [BadRow(0, f"not deleted: {each.reason}", each.row.payload) for each in said if not each.taken]
        self._confirmations.keep(as_answers(gone, "deleted", [each.receipt for each in gone]), bad)
        self.tally.rejected += len(bad)
        self._deleted += len(gone)
        self.tally.detail["deleted"] = self._deleted


def as_answers(
    said: Sequence[Said],
    statuses: Status | Sequence[Status],
    receipts: Sequence[str | None],
    marks: Sequence[str | None] | None = None,
    ids: Sequence[str | None] | None = None,
) -> pa.Table:
    """Return what was said as the send state takes it."""
    return answers([each.row.key for each in said], [each.row.content for each in said], statuses, receipts, marks, ids)
