"""Who has been told what: a failure once until it changes or lasts, its end once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.config import Settings
from shared.config.settings import read_settings
from shared.errors import ConfigurationError, PlatformError
from shared.monitoring.alerts.alert import Alert, Kind, cleaned, duration, one_line
from shared.monitoring.alerts.episodes import Episode, EpisodeStore, fingerprint
from shared.monitoring.alerts.mail import MailSink
from shared.monitoring.alerts.sinks import ALERT_SETTINGS, FileSink, Sink, UnusableSink, log_alert, say_alert, tell
from shared.monitoring.alerts.webhook import WebhookSink
from shared.monitoring.logs import log_event
from shared.utils.clock import utc_now

BUILDERS: dict[str, Callable[[Settings], Sink | None]] = {
    "file": FileSink.from_settings,
    "webhook": WebhookSink.from_settings,
    "e-mail": MailSink.from_settings,
}


class AlertSettings(BaseSettings):
    """ALERT_REMINDER_HOURS: how long a failure that stays the same is not told again."""

    model_config = ALERT_SETTINGS
    alert_reminder_hours: float = Field(default=24.0, gt=0, le=24 * 365)


class Alerts:
    """Tells failures and recoveries, and never raises an error into the work that it tells about.

    Args:
        settings: Where the log is, and where it is kept what is failed.
        sinks: Where alerts go, besides the log and standard error.
        reminder: How long a failure that stays the same is not told again.
        clock: The present time in UTC.
        problems: What is wrong with the settings that this was made from.
    """

    def __init__(
        self,
        settings: Settings,
        sinks: Sequence[Sink] = (),
        *,
        reminder: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = utc_now,
        problems: Sequence[ConfigurationError] = (),
    ) -> None:
        self.sinks = tuple(sinks)
        self.reminder = reminder
        self.clock = clock
        self.problems = tuple(problems)
        self._settings = settings
        self._store = EpisodeStore(settings)
        self._secrets = tuple(secret for sink in sinks for secret in sink.secrets)

    @classmethod
    def from_settings(cls, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Alerts:
        """Return alerts as the environment wants them.

        What cannot be used is logged, kept in `problems`, and fails whenever an alert is sent: the rest works.
        """
        sinks: list[Sink] = []
        problems: list[ConfigurationError] = []
        for name, build in BUILDERS.items():
            try:
                sink = build(settings)
            except ConfigurationError as error:
                problems.append(error)
                sink = UnusableSink(name, error)
            if sink:
                sinks.append(sink)
        hours = AlertSettings.model_fields["alert_reminder_hours"].default
        try:
            hours = read_settings(AlertSettings).alert_reminder_hours
        except ConfigurationError as error:
            problems.append(error)
        for problem in problems:
            log_event(settings, "alert settings unusable", message=problem.message, hint=problem.hint)
        reminder = timedelta(hours=hours)
        return cls(settings, sinks, reminder=reminder, clock=clock, problems=problems)

    def failed(
        self,
        subject: str,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, object] | None = None,
        aloud: bool = True,
    ) -> None:
        """Note that a subject has failed, and tell it unless the same was told within the reminder interval.

        Args:
            subject: What has failed.
            message: How.
            hint: What to do about it.
            details: Further facts, by name.
            aloud: Whether to say it on standard error too, where nobody else does.
        """
        with self._contained(subject):
            alert = self._alert("failed", subject, message, hint, details)
            with self._store.turn(alert.subject):
                self._failed(alert, aloud=aloud)

    def succeeded(self, subject: str, message: str = "", *, details: Mapping[str, object] | None = None) -> None:
        """Note that a subject has succeeded, and tell it if it was failed."""
        with self._contained(subject):
            alert = self._alert("recovered", subject, message, None, details)
            # The usual case takes no lock and makes no file.
            if self._store.read(alert.subject):
                with self._store.turn(alert.subject):
                    self._recovered(alert)

    def failing(self) -> list[Episode]:
        """Return what is failed now, the longest first."""
        return [episode for episode in self._store.all() if not episode.recovered_at]

    def test(self) -> dict[str, PlatformError | None]:
        """Send a test message everywhere and return what went wrong with each sink, by its name."""
        alert = self._alert("test", "alerts", "This is a test: nothing has failed.", None, None)
        log_alert(self._settings, alert)
        say_alert(alert)
        return {sink.name: self._attempt(sink, alert) for sink in self.sinks}

    @contextmanager
    def _contained(self, subject: str) -> Iterator[None]:
        """Let no error out, only what ends the process."""
        try:
            yield
        except Exception as error:
            log_event(self._settings, "alert lost", subject=self._cleaned(subject), error=type(error).__name__)
            tell(f"alert lost: {type(error).__name__}")

    def _alert(
        self, kind: Kind, subject: str, message: str, hint: str | None, details: Mapping[str, object] | None
    ) -> Alert:
        return Alert(
            kind=kind,
            subject=one_line(self._cleaned(subject)),
            message=self._cleaned(message),
            at=self.clock(),
            hint=self._cleaned(hint or ""),
            details={one_line(self._cleaned(name)): self._cleaned(value) for name, value in (details or {}).items()},
        )

    def _cleaned(self, text: object) -> str:
        return cleaned(text, self._secrets)

    def _failed(self, alert: Alert, *, aloud: bool) -> None:
        episode = self._store.read(alert.subject)
        if episode is None or episode.recovered_at:
            episode = Episode(subject=alert.subject, since=alert.at)
        failure = fingerprint(alert.subject, alert.message)
        told = episode.sent.get(failure)
        episode.failures += 1
        episode.message = alert.message
        # It may have been told later than now: by a process that was quicker to the lock, or by a clock that was far
        # ahead, which must not keep it silent for as long.
        if told and abs(alert.at - told) < self.reminder:
            episode.suppressed += 1
            self._store.write(episode)
            log_event(
                self._settings,
                "alert suppressed",
                subject=alert.subject,
                message=alert.message,
                told=told.isoformat() + "Z",
            )
            return
        # Before it is sent, so that the beginning is known even where this is killed; sent is written after, so that it
        # is then sent again.
        self._store.write(episode)
        if self._deliver(_reminder(alert, episode) if told else alert, aloud=aloud):
            episode.mark_sent(failure, alert.at)
            self._store.write(episode)

    def _recovered(self, alert: Alert) -> None:
        episode = self._store.read(alert.subject)
        if episode is None:
            return
        episode.recovered_at = episode.recovered_at or alert.at
        self._store.write(episode)
        facts = {
            "failed for": duration(episode.recovered_at - episode.since),
            "failures": str(episode.failures),
            "of these not sent": str(episode.suppressed),
        }
        message = alert.message or f"It works again after {facts['failed for']}."
        if self._deliver(_with(alert, message=message, facts=facts)):
            self._store.forget(alert.subject)

    def _deliver(self, alert: Alert, *, aloud: bool = True) -> bool:
        """Send an alert everywhere, and return whether it counts as sent: one sink that reaches people has it."""
        log_alert(self._settings, alert)
        if aloud:
            say_alert(alert)
        errors = [(sink, self._attempt(sink, alert)) for sink in self.sinks]
        deciding = [pair for pair in errors if pair[0].outside] or errors
        return not deciding or any(error is None for _, error in deciding)

    def _attempt(self, sink: Sink, alert: Alert) -> PlatformError | None:
        try:
            sink.send(alert)
        except Exception as error:
            # What nobody foresaw may hold a secret in its text.
            known = error if isinstance(error, PlatformError) else PlatformError(type(error).__name__)
            safe = PlatformError(self._cleaned(known.message), hint=known.hint)
            log_event(
                self._settings,
                "alert not sent",
                sink=sink.name,
                subject=alert.subject,
                message=safe.message,
                hint=safe.hint,
            )
            tell(f"alert not sent by {sink.name}: {one_line(safe.message)}")
            return safe
        return None


def _reminder(alert: Alert, episode: Episode) -> Alert:
    facts = {
        "failed since": f"{episode.since:%Y-%m-%d %H:%M:%S} UTC, for {duration(alert.at - episode.since)}",
        "failures": str(episode.failures),
    }
    return _with(alert, kind="still failed", facts=facts)


def _with(alert: Alert, *, facts: Mapping[str, str], **changes: Any) -> Alert:
    return replace(alert, details={**alert.details, **facts}, **changes)
