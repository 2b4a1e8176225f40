"""When an outside system is asked next: every so often, more rarely while that fails, by what the ledger has of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.monitoring.ledger import Run
from shared.warehouse import Warehouse, open_warehouse

MOST_ATTEMPTS = 100
# $1 is the metric by which runs say whether they have loaded a source.
ATTEMPTS = f"""
    select r.run_id, r.finished_at, m.value
    from ops.run_metric as m inner join ops.run as r on m.run_id = r.run_id
    where m.name = $1 and r.finished_at is not null
    order by r.sequence desc
    limit {MOST_ATTEMPTS}
"""


@dataclass(frozen=True)
class Poll:
    """How often a source is asked whether it has something new.

    Attributes:
        every: How long after an attempt the next one follows; from a minute to 7 days.
        back_off: By how much longer each failure in a row makes that; from 1 to 10.
        jitter: The largest share of the wait that is added by chance, so that many do not ask at once; from 0 to 1.
        longest: Up to where failures make it longer; from `every` to 30 days.
    """

    every: timedelta
    back_off: float = 2.0
    jitter: float = 0.1
    longest: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        minute, week, month = timedelta(minutes=1), timedelta(days=7), timedelta(days=30)
        for name, value, fits, hint in (
            ("every", self.every, minute <= self.every <= week, "give 1 minute to 7 days"),
            ("back_off", self.back_off, 1 <= self.back_off <= 10, "give 1 to 10: 2 doubles the wait at each failure"),
            ("jitter", self.jitter, 0 <= self.jitter <= 1, "give 0 to 1, as a share of the wait"),
            ("longest", self.longest, self.every <= self.longest <= month, "give `every` or more, to 30 days"),
        ):
            if not fits:
                raise ConfigurationError(f"`{name}` of a poll is out of its bounds: `{value}`", hint=hint)


@dataclass(frozen=True)
class Attempt:
    """A run that has asked a source: its id, when it ended (UTC), and whether it has loaded it."""

    run_id: str
    at: datetime
    loaded: bool


def note_attempt(run: Run, source: str, *, loaded: bool) -> None:
    """Enter in the ledger whether a run has loaded a source."""
    run.metric(_metric(source), loaded)


def attempts(warehouse: Warehouse, source: str) -> list[Attempt]:
    """Return the latest attempts at a source, the newest first."""
    found = warehouse.fetch(ATTEMPTS, [_metric(source)])
    return [Attempt(run_id, at, bool(loaded)) for run_id, at, loaded in found]


def glance(settings: Settings, *, holder: str) -> Warehouse:
    """Open the warehouse to look into its ledger, and wait for nobody: whoever polls looks again soon.

    Raises:
        WarehouseBusy: Somebody writes.
        NotAWarehouse: There is none yet.
    """
    return open_warehouse(settings.model_copy(update={"warehouse_lock_timeout": 0.0}), holder=holder)


def due_at(poll: Poll, attempts: Sequence[Attempt], now: datetime) -> datetime:
    """Return when a source is due next, in UTC.

    Attempts dated in the future are left aside: a clock that was wrong once must not keep a source waiting. Failures
    that follow one another sooner than `every` count as one, which was tried again.
    """
    known = [attempt for attempt in attempts if attempt.at <= now]
    if not known:
        return now
    failures, counted = 0, now + poll.every
    for attempt in known:
        if attempt.loaded:
            break
        if counted - attempt.at >= poll.every:
            failures, counted = failures + 1, attempt.at
    wait = min(poll.every.total_seconds() * poll.back_off**failures, poll.longest.total_seconds())
    # The same at each look, and another one after each attempt.
    chance = Random(known[0].run_id).random()
    return known[0].at + timedelta(seconds=wait * (1 + poll.jitter * chance))


def _metric(source: str) -> str:
    return f"loaded_{source}"
