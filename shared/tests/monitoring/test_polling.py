"""When a source that is polled is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.errors import ConfigurationError
from shared.monitoring import record_run
from shared.monitoring.polling import Attempt, Poll, attempts, due_at, note_attempt
from shared.warehouse import Warehouse

NOW = datetime(2026, 1, 1, 12)
POLL = Poll(timedelta(minutes=15), jitter=0)


def tried(minutes_ago: float, *, loaded: bool, run_id: str = "1") -> Attempt:
    """Return an attempt that ended so long ago."""
    return Attempt(run_id, NOW - timedelta(minutes=minutes_ago), loaded)


def wait(*found: Attempt, poll: Poll = POLL) -> float:
    """Return how many minutes after the latest attempt a source is due."""
    return (due_at(poll, found, NOW) - found[0].at) / timedelta(minutes=1)


def test_success_is_followed_after_the_interval() -> None:
    """A source that was never asked is due at once, and then as long after each load as it declares."""
    assert due_at(POLL, [], NOW) == NOW
    assert wait(tried(10, loaded=True), tried(20, loaded=False)) == 15


def test_each_failure_in_a_row_makes_the_wait_longer() -> None:
    """The wait doubles with each failure since the last success, up to the longest."""
    failures = [tried(minutes, loaded=False) for minutes in (5, 65, 125)]
    assert wait(*failures[:1]) == 30
    assert wait(*failures[:2], tried(200, loaded=True), *failures) == 60
    assert wait(*failures) == 120
    assert wait(*failures, poll=Poll(timedelta(minutes=15), jitter=0, longest=timedelta(minutes=50))) == 50


def test_what_was_tried_again_at_once_has_failed_once() -> None:
    """Attempts that follow one another sooner than the interval are one failure."""
    assert wait(*(tried(seconds / 60, loaded=False) for seconds in (0, 10, 15, 1_000))) == 60
    assert wait(*(tried(seconds / 60, loaded=False) for seconds in (0, 10, 15, 20))) == 30


def test_chance_makes_the_wait_longer_by_its_share_at_most() -> None:
    """What chance adds differs from attempt to attempt, but not from look to look."""
    poll = Poll(timedelta(minutes=10), jitter=0.5)
    waits = [wait(tried(1, loaded=True, run_id=str(number)), poll=poll) for number in range(50)]
    assert waits == [wait(tried(1, loaded=True, run_id=str(number)), poll=poll) for number in range(50)]
    assert 10 <= min(waits) < 11 < 14 < max(waits) <= 15


def test_attempt_of_the_future_keeps_nothing_waiting() -> None:
    """After a clock that was far ahead the attempts before it count."""
    assert due_at(POLL, [tried(-1_000, loaded=True), tried(5, loaded=True)], NOW) == NOW + timedelta(minutes=10)


def test_attempts_are_those_of_the_ledger(warehouse: Warehouse) -> None:
    """Each source has its own attempts, the newest first; a run that is not over is none."""
    for source, loaded in (("crm", True), ("api", False), ("api", True)):
        with record_run(warehouse, step="ingest", command="test") as run:
            note_attempt(run, source, loaded=loaded)
    with record_run(warehouse, step="ingest", command="test") as run:
        note_attempt(run, "api", loaded=False)
        found = attempts(warehouse, "api")
    assert [attempt.loaded for attempt in found] == [True, False]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("every", timedelta(seconds=59)),
        ("every", timedelta(days=8)),
        ("back_off", 0.9),
        ("back_off", float("nan")),
        ("jitter", 1.1),
        ("longest", timedelta(minutes=14)),
        ("longest", timedelta(days=31)),
    ],
)
def test_declaration_out_of_its_bounds(name: str, value: object) -> None:
    """A declaration that no source should be asked by is refused by name, with what to give."""
    declared: dict[str, Any] = {"every": timedelta(minutes=15), name: value}
    with pytest.raises(ConfigurationError, match=f"`{name}` of a poll is out of its bounds") as caught:
        Poll(**declared)
    assert caught.value.hint and caught.value.hint.startswith("give ")
