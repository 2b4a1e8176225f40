"""Where alerts go, each place by the environment variables that belong to it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.config import Settings
from shared.config.settings import read_settings
from shared.errors import ConfigurationError, PlatformError
from shared.monitoring.alerts.alert import Alert, one_line
from shared.monitoring.logs import append_line, log_event
from shared.utils.console import say

# What a value is that cannot be used is for nobody to read: it may be a secret.
ALERT_SETTINGS = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)


class Sink(Protocol):
    """A place that alerts go to."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def outside(self) -> bool:
        """Whether it reaches people elsewhere: where one such is on, an alert counts as sent once one has it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""

    def describe(self) -> str:
        """Say where it goes, without secrets."""

    def send(self, alert: Alert) -> None:
        """Hand over an alert.

        Raises:
            Exception: It was not taken; only a PlatformError's text is fit to be shown.
        """


@dataclass(frozen=True)
class UnusableSink:
    """A place whose settings cannot be used: every alert fails there, so that none counts as sent through it."""

    name: str
    error: ConfigurationError
    outside: bool = True
    secrets: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say why."""
        return self.error.message

    def send(self, alert: Alert) -> None:
        """Raise what is wrong with the settings."""
        raise self.error


class FileSettings(BaseSettings):
    """ALERT_FILE: a file that gets one JSON object a line; a relative path starts at the root."""

    model_config = ALERT_SETTINGS
    alert_file: Path | None = None


@dataclass(frozen=True)
class FileSink:
    """Appends alerts to a file, for a collector or a person to read."""

    path: Path
    name: str = "file"
    outside: bool = False
    secrets: tuple[str, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> FileSink | None:
        """Return the sink, or None where it is off."""
        path = read_settings(FileSettings).alert_file
        return cls(settings.root / path) if path else None

    def describe(self) -> str:
        """Say which file."""
        return f"`{self.path}`"

    def send(self, alert: Alert) -> None:
        """Append an alert."""
        record = {**asdict(alert), "at": alert.at.isoformat(timespec="milliseconds") + "Z"}
        try:
            append_line(self.path, json.dumps(record))
        except OSError as error:
            raise PlatformError(f"cannot write: `{self.path}`: {error.strerror}") from None


def log_alert(settings: Settings, alert: Alert) -> None:
    """Write an alert to the log, which is always on and never fails."""
    log_event(
        settings,
        "alert",
        kind=alert.kind,
        subject=alert.subject,
        message=alert.message,
        hint=alert.hint or None,
        details=dict(alert.details),
    )


def say_alert(alert: Alert) -> None:
    """Say an alert in one line on standard error."""
    tell(": ".join([alert.title, one_line(alert.message)]) + (f" (hint: {one_line(alert.hint)})" if alert.hint else ""))


def tell(line: str) -> None:
    """Say something on standard error, or not at all where that is gone."""
    with suppress(OSError, ValueError):
        say(line)
