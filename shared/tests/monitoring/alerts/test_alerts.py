"""When an alert is sent, and when it is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alert_servers import Webhook, closed_port, serving_webhook

from shared.config import Settings
from shared.monitoring.alerts import Alerts
from shared.monitoring.alerts.alert import Alert
from shared.warehouse.lock import FileLock

STEP = "step ingest"
FAILING = f"""
from shared.config import get_settings
from shared.monitoring.alerts import Alerts
Alerts.from_settings(get_settings()).failed('{STEP}', 'no answer from crm')
"""
# One process that forks, because a new one takes longer to import than to alert: then the ten would not meet.
TEN_FAILING = f"""
import os
from shared.config import get_settings
from shared.monitoring.alerts import Alerts
alerts = Alerts.from_settings(get_settings())
waiting, gate = os.pipe()
for _ in range(10):
    if os.fork() == 0:
        os.close(gate)
        os.read(waiting, 1)
        alerts.failed('{STEP}', 'no answer from crm')
        os._exit(0)
os.close(gate)
for _ in range(10):
    assert os.wait()[1] == 0
"""


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: datetime = datetime(2026, 1, 1, 8)

    def __call__(self) -> datetime:
        """Return the time that is set."""
        return self.now

    def advance(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """Serve a webhook that the settings name."""
    with serving_webhook() as webhook:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", webhook.url)
        yield webhook


@pytest.fixture
def clock() -> Clock:
    """Return a clock that the test sets."""
    return Clock()


@pytest.fixture
def alerts(webhook: Webhook, settings: Settings, clock: Clock) -> Alerts:
    """Return alerts that go to the webhook."""
    return Alerts.from_settings(settings, clock=clock)


def state_files(settings: Settings) -> list[Path]:
    """Return the files that hold what is failed."""
    return sorted((settings.state_dir / "alerts").glob("*.json"))


def logged(settings: Settings, event: str) -> list[dict[str, object]]:
    """Return the events of one kind in the log."""
    lines = [line for log in settings.logs_dir.glob("*.jsonl") for line in log.read_text().splitlines()]
    return [record for record in map(json.loads, lines) if record["event"] == event]


def test_same_failure_is_sent_once(alerts: Alerts, webhook: Webhook, settings: Settings) -> None:
    """While a subject stays failed, the same failure with other numbers, times and paths is logged and not sent."""
    alerts.failed(STEP, "run 17 failed at 2026-01-01T08:00:00Z: `/tmp/tmpa1b2c3d4/x.csv`")
    alerts.failed(STEP, "run 18 failed at 2026-01-02T09:30:00Z: `/tmp/tmpzzyyxxww/x.csv`")
    assert webhook.titles == ["failed: step ingest"]
    assert len(logged(settings, "alert suppressed")) == 1


def test_state_outlives_the_process(alerts: Alerts, webhook: Webhook, settings: Settings, clock: Clock) -> None:
    """Another process knows what was sent."""
    alerts.failed(STEP, "no answer")
    Alerts.from_settings(settings, clock=clock).failed(STEP, "no answer")
    assert len(webhook.payloads) == 1


def test_reminder(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """The same failure is sent again after the reminder interval, with its beginning and how often it came."""
    alerts.failed(STEP, "no answer")
    clock.advance(hours=23.9)
    alerts.failed(STEP, "no answer")
    clock.advance(hours=0.1)
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    assert webhook.titles == ["failed: step ingest", "still failed: step ingest"]
    assert "failed since: 2026-01-01 08:00:00 UTC, for 1 d\nfailures: 3" in webhook.payloads[1]["text"]


def test_reminder_interval_is_a_setting(
    webhook: Webhook, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ALERT_REMINDER_HOURS sets the interval."""
    monkeypatch.setenv("ALERT_REMINDER_HOURS", "0.5")
    alerts = Alerts.from_settings(settings, clock=clock)
    for _ in range(3):
        alerts.failed(STEP, "no answer")
        clock.advance(minutes=20)
    assert len(webhook.payloads) == 2


def test_failure_that_is_a_little_earlier(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """A failure that came before one that another process was quicker to send is the same failure."""
    alerts.failed(STEP, "no answer")
    clock.advance(seconds=-1)
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 1


def test_clock_that_was_ahead_keeps_nothing_silent(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """A failure that was sent in what is now the future is sent."""
    alerts.failed(STEP, "no answer")
    clock.advance(days=-400)
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 2


def test_different_failure_is_sent(alerts: Alerts, webhook: Webhook) -> None:
    """Another failure of the same subject is sent, and two that take turns are sent once each."""
    for message in ("no answer", "no space left", "no answer", "no space left"):
        alerts.failed(STEP, message)
    assert len(webhook.payloads) == 2


def test_subjects_are_apart(alerts: Alerts, webhook: Webhook) -> None:
    """The same failure of another subject is sent, be it that only a number in the names differs."""
    alerts.failed("lab lab1", "no answer")
    alerts.failed("lab lab2", "no answer")
    assert webhook.titles == ["failed: lab lab1", "failed: lab lab2"]


def test_recovery_is_sent_once(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """The first success after failures is sent, with how long they lasted and how many were not; the next is not."""
    alerts.failed(STEP, "no answer")
    clock.advance(hours=2)
    alerts.failed(STEP, "no answer")
    clock.advance(minutes=5)
    alerts.succeeded(STEP, "loaded all", details={"rows": 7})
    alerts.succeeded(STEP)
    assert webhook.titles == ["failed: step ingest", "recovered: step ingest"]
    text = webhook.payloads[1]["text"]
    assert "loaded all" in text
    assert "rows: 7\nfailed for: 2 h 5 min\nfailures: 2\nof these not sent: 1" in text


def test_failure_after_recovery_is_sent(alerts: Alerts, webhook: Webhook) -> None:
    """After a recovery the same failure is news."""
    alerts.failed(STEP, "no answer")
    alerts.succeeded(STEP)
    alerts.failed(STEP, "no answer")
    assert webhook.titles == ["failed: step ingest", "recovered: step ingest", "failed: step ingest"]


def test_success_alone_is_silent(
    alerts: Alerts, webhook: Webhook, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A success without a failure before sends nothing, says nothing and leaves no file."""
    alerts.succeeded(STEP)
    assert webhook.payloads == []
    assert capsys.readouterr().err == ""
    assert not (settings.state_dir / "alerts").exists()


def test_failure_that_reached_nobody_is_sent_again(
    alerts: Alerts, webhook: Webhook, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alert that no outside sink took does not count as sent: the next occurrence is sent; the log says why."""
    webhook.answers = [(403, {})]
    alerts.failed(STEP, "no answer")
    assert "alert not sent by webhook: the webhook answered: `403`" in capsys.readouterr().err
    assert len(logged(settings, "alert not sent")) == 1
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    assert webhook.titles == ["failed: step ingest"] * 2


def test_recovery_that_reached_nobody_is_sent_again(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """A recovery that no outside sink took is sent at the next success, and tells when it really was."""
    alerts.failed(STEP, "no answer")
    clock.advance(hours=1)
    webhook.answers = [(403, {})]
    alerts.succeeded(STEP)
    assert alerts.failing() == []
    clock.advance(hours=1)
    alerts.succeeded(STEP)
    alerts.succeeded(STEP)
    assert webhook.titles == ["failed: step ingest", *["recovered: step ingest"] * 2]
    assert "failed for: 1 h\n" in webhook.payloads[2]["text"]


def test_failure_after_a_recovery_that_reached_nobody(alerts: Alerts, webhook: Webhook, clock: Clock) -> None:
    """After a success the same failure is news, also where nobody could be told of the success."""
    alerts.failed(STEP, "no answer")
    clock.advance(hours=1)
    webhook.answers = [(403, {})]
    alerts.succeeded(STEP)
    alerts.failed(STEP, "no answer")
    assert webhook.titles[2:] == ["failed: step ingest"]
    assert [episode.since for episode in alerts.failing()] == [clock.now]


def test_one_sink_of_two_is_enough(
    webhook: Webhook, settings: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sink that fails keeps no other from being tried, and an alert that one outside sink took counts as sent."""
    for name, value in {"TO": "ops@example.com", "FROM": "platform@example.com"}.items():
        monkeypatch.setenv(f"ALERT_EMAIL_{name}", value)
    monkeypatch.setenv("ALERT_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("ALERT_SMTP_PORT", str(closed_port()))
    (project / "alerts.jsonl").mkdir()
    monkeypatch.setenv("ALERT_FILE", "alerts.jsonl")
    alerts = Alerts.from_settings(settings)
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 1
    assert {event["sink"] for event in logged(settings, "alert not sent")} == {"file", "e-mail"}


def test_file_does_not_stand_in_for_people(
    webhook: Webhook, settings: Settings, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert that only the file has while the webhook fails is sent again."""
    monkeypatch.setenv("ALERT_FILE", "out/alerts.jsonl")
    webhook.answers = [(403, {})]
    alerts = Alerts.from_settings(settings)
    alerts.failed(STEP, "no answer", hint="wait", details={"tries": 3})
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 2
    first, _ = [json.loads(line) for line in (project / "out" / "alerts.jsonl").read_text().splitlines()]
    assert first.pop("at").endswith("Z")
    assert first == {
        "kind": "failed",
        "subject": STEP,
        "message": "no answer",
        "hint": "wait",
        "details": {"tries": "3"},
    }


def test_without_sinks_the_log_and_standard_error_tell(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """With nothing configured an alert is in the log and on standard error, and counts as sent."""
    alerts = Alerts.from_settings(settings)
    alerts.failed(STEP, "no\nanswer", hint="wait")
    alerts.failed(STEP, "no answer")
    assert capsys.readouterr().err == "failed: step ingest: no answer (hint: wait)\n"
    (event,) = logged(settings, "alert")
    assert (event["kind"], event["subject"], event["hint"]) == ("failed", STEP, "wait")


def test_ten_processes_at_once_send_one_alert(webhook: Webhook, settings: Settings) -> None:
    """Ten processes that fail at the same moment send one alert, and each failure is counted."""
    subprocess.run([sys.executable, "-c", TEN_FAILING], check=True)
    assert len(webhook.payloads) == 1
    (episode,) = Alerts.from_settings(settings).failing()
    assert (episode.failures, episode.suppressed) == (10, 9)


def test_lock_that_is_not_to_be_had_stops_nothing(
    alerts: Alerts, webhook: Webhook, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process keeps telling about the same subject for too long, this one tells too."""
    alerts.failed(STEP, "no answer")
    (path,) = state_files(settings)
    held = FileLock(path, "a slow one", timeout=0, on_wait=lambda _: None)
    held.acquire(exclusive=True)
    monkeypatch.setattr("shared.monitoring.alerts.episodes.LOCK_SECONDS", 0)
    alerts.failed(STEP, "no space left")
    held.release()
    assert len(webhook.payloads) == 2
    assert [event["error"] for event in logged(settings, "alert state unusable")] == ["WarehouseBusy"]


def test_killed_between_sending_and_state_sends_again(webhook: Webhook, settings: Settings) -> None:
    """A process killed when the server has the alert and the state has not: the next failure is sent, as the second."""
    webhook.on_request = lambda: process.kill()
    process = subprocess.Popen([sys.executable, "-c", FAILING])
    assert process.wait() == -signal.SIGKILL
    webhook.on_request = lambda: None
    Alerts.from_settings(settings).failed(STEP, "no answer from crm")
    assert len(webhook.payloads) == 2
    (episode,) = Alerts.from_settings(settings).failing()
    assert episode.failures == 2


@pytest.mark.parametrize("content", [b"", b"{", b'{"subject": 1}', b"\xff\xfe"])
def test_corrupt_state_counts_as_none(alerts: Alerts, webhook: Webhook, settings: Settings, content: bytes) -> None:
    """State that cannot be read is said in the log, counts as not there, and is good after the next failure."""
    alerts.failed(STEP, "no answer")
    (path,) = state_files(settings)
    path.write_bytes(content)
    assert alerts.failing() == []
    assert logged(settings, "alert state unusable")
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 2


def test_state_folder_that_cannot_be_used_sends_all(alerts: Alerts, webhook: Webhook, settings: Settings) -> None:
    """Where no state can be kept, each failure is sent: better twice than never; a success says nothing."""
    settings.data_dir.mkdir(exist_ok=True)
    settings.state_dir.write_text("a file where the folder should be")
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    alerts.succeeded(STEP)
    assert webhook.titles == ["failed: step ingest"] * 2
    assert logged(settings, "alert state unusable")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_state_folder_sends_all(alerts: Alerts, webhook: Webhook, settings: Settings) -> None:
    """Where the state's folder may not be written to, each failure is sent."""
    folder = settings.state_dir / "alerts"
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    alerts.failed(STEP, "no answer")
    alerts.failed(STEP, "no answer")
    assert len(webhook.payloads) == 2


class Textless:
    """Raises where text is made of it."""

    def __str__(self) -> str:
        raise RuntimeError


def test_detail_without_text_keeps_nothing_silent(alerts: Alerts, webhook: Webhook) -> None:
    """A failure is told even where one of its details cannot be made text."""
    alerts.failed(STEP, "no answer", details={"x": Textless()})
    assert "x: (Textless)" in webhook.payloads[0]["text"]


def test_nothing_is_raised_into_the_run(settings: Settings) -> None:
    """Whatever goes wrong while an alert is made is logged, and the run goes on."""

    def broken() -> datetime:
        raise RuntimeError

    Alerts(settings, clock=broken).failed(STEP, "no answer")
    assert [(event["subject"], event["error"]) for event in logged(settings, "alert lost")] == [(STEP, "RuntimeError")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupts_pass(settings: Settings, error: type[BaseException]) -> None:
    """Ctrl-C and exit go through while an alert is sent, and the next occurrence is sent."""

    class Interrupted:
        """A sink in which Ctrl-C is pressed."""

        name, outside, secrets = "interrupted", True, ()

        def describe(self) -> str:
            """Say nothing."""
            return ""

        def send(self, alert: Alert) -> None:
            """Raise what Ctrl-C raises."""
            sent.append(alert.title)
            raise error

    sent: list[str] = []
    alerts = Alerts(settings, [Interrupted()])
    for _ in range(2):
        with pytest.raises(error):
            alerts.failed(STEP, "no answer")
    assert len(sent) == 2


def test_half_configured_sink_keeps_no_other(
    webhook: Webhook, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a run a sink whose settings cannot be used is logged, and the others work."""
    monkeypatch.setenv("ALERT_EMAIL_TO", "ops@example.com")
    monkeypatch.setenv("ALERT_REMINDER_HOURS", "soon")
    Alerts.from_settings(settings).failed(STEP, "no answer")
    assert len(webhook.payloads) == 1
    messages = [str(event["message"]) for event in logged(settings, "alert settings unusable")]
    assert [message.partition(":")[0] for message in messages] == [
        "alerts by e-mail lack a setting",
        "ALERT_REMINDER_HOURS cannot be used",
    ]


def test_alert_that_only_an_unusable_sink_would_get_is_not_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure while the only sink cannot be used is sent once its settings are mended."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", "not an address")
    Alerts.from_settings(settings).failed(STEP, "no answer")
    with serving_webhook() as webhook:
        monkeypatch.setenv("ALERT_WEBHOOK_URL", webhook.url)
        Alerts.from_settings(settings).failed(STEP, "no answer")
        assert len(webhook.payloads) == 1


def test_many_different_failures_keep_the_state_small(settings: Settings) -> None:
    """A subject that fails in ever new ways keeps the latest of them only."""
    alerts = Alerts.from_settings(settings)
    words: Callable[[int], str] = lambda number: "".join(chr(ord("g") + int(digit)) for digit in str(number))  # noqa: E731
    for number in range(60):
        alerts.failed(STEP, words(number))
    (episode,) = alerts.failing()
    assert (episode.failures, len(episode.sent)) == (60, 50)
