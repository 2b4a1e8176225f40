"""What is done to a text before it is told, and which failures are the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.monitoring.alerts.alert import LONGEST_TEXT, Alert, cleaned, cut, duration
from shared.monitoring.alerts.episodes import fingerprint
from shared.utils.clock import utc_now


def test_very_long_message_is_cut() -> None:
    """A message that no receiver takes is cut, and says how much is missing."""
    text = cleaned("x" * 1_000_000)
    assert len(text) <= LONGEST_TEXT
    kept = text.count("x")
    assert text.endswith(f"… ({1_000_000 - kept} more characters)")


def test_everything_told_is_bounded() -> None:
    """However long subject and details are, title and paragraphs stay within what a receiver takes."""
    details = {f"detail {number}": "x" * 2_900 for number in range(100)}
    alert = Alert("failed", "s" * 10_000, "m", utc_now(), details=details)
    assert len(alert.title) <= 150
    assert all(len(paragraph) <= 3_000 for paragraph in alert.paragraphs)


def test_short_text_is_not_cut() -> None:
    """A text that fits stays as it is."""
    assert cut("x" * 100, 100) == "x" * 100


def test_control_characters_are_gone() -> None:
    """What would move a terminal's cursor, ring its bell or turn the direction of text is taken out."""
    assert cleaned("a\x1b[2Jb\x07\r\nc\td\u202ee\x00\x85") == "a[2Jb\nc de"


def test_text_that_utf8_cannot_hold() -> None:
    """A file name that is no text in the system's encoding does not break an alert."""
    assert cleaned("cannot read: `\udcff.csv`") == "cannot read: `?.csv`"


def test_secret_in_a_message_is_covered() -> None:
    """A message that holds a secret, as a library's error may, is told without; also where it would be cut in half."""
    assert cleaned("login failed: hunter22", ["hunter22"]) == "login failed: ***"
    assert "hunter" not in cleaned("x" * (LONGEST_TEXT - 45) + "hunter22" + "y" * 100, ["hunter22"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("17 rows rejected", "18 rows rejected"),
        ("no answer at 2026-01-01T08:00:00Z", "no answer at 2026-12-31T23:59:59.123+02:00"),
        ("no answer at 2026-01-01 08:00:00", "no answer at 2026-12-31 23:59:59.123"),
        ("run 123e4567-e89b-12d3-a456-426614174000 died", "run 00000000-e89b-12d3-a456-4266141740ff died"),
        ("object at 0x7f00deadbeef", "object at 0x7fffffff"),
        ("commit 0123abcd is bad", "commit fedc9876 is bad"),
        ("cannot read: `/tmp/abc/x.csv`", "cannot read: `/tmp/xyz/x.csv`"),
        ("cannot read: `/var/tmp/tmpq1w2e3r4`", "cannot read: `/var/tmp/tmpaaaaaaaa`"),
        ("cannot read: `/var/folders/zz/abc/T/q/x`", "cannot read: `/var/folders/yy/def/T/r/x`"),
        ("cannot read: `work/tmpq1w2e3r4/x`", "cannot read: `work/tmpabcdefgh/x`"),
        ("no  answer\n", "no answer"),
    ],
)
def test_same_failure(one: str, other: str) -> None:
    """Numbers, points in time, ids and temporary names do not make a failure another one."""
    assert fingerprint("s", one) == fingerprint("s", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no answer from crm", "no answer from erp"),
        ("cannot read: `/tmp/a/x.csv`", "cannot read: `/tmp/a/y.csv`"),
        ("cannot read: `/data/tmp/a`", "cannot read: `/data/tmp/b`"),
        ("feedback", "cafebabe"),
    ],
)
def test_different_failure(one: str, other: str) -> None:
    """Different words, names and paths do, also those that look like hexadecimal numbers."""
    assert fingerprint("s", one) != fingerprint("s", other)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=61), "1 min 1 s"),
        (timedelta(hours=2, minutes=5, seconds=7), "2 h 5 min"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_duration(length: timedelta, text: str) -> None:
    """A length of time is told in its two largest units."""
    assert duration(length) == text
