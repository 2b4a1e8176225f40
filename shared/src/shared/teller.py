"""How work ended that somebody or cron has started; of what Dagster starts, its own sensor tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.command_line import as_platform_error
from shared.config import Settings
from shared.errors import causes, was_interrupted
from shared.monitoring.alerts.alerts import Alerts
from shared.monitoring.pipes import is_dagsters


class Teller:
    """Tells what of a command fails and what works again, each failure once; nothing where Dagster has started it.

    Args:
        settings: Where alerts go.
        command: What the user called.
    """

    def __init__(self, settings: Settings, *, command: str) -> None:
        self._alerts = None if is_dagsters() else Alerts.from_settings(settings)
        self._command = command
        self._told: list[BaseException] = []

    @contextmanager
    def telling(self, subject: str, *, whole: bool = True) -> Iterator[None]:
        """Tell the subject's failure by an error that leaves this, and its success where none does.

        Args:
            subject: What has a state: `step ingest`.
            whole: Whether all of it is done here: a part's failure is the subject's, its success is not.
        """
        try:
            yield
        except Exception as error:
            self.failed(subject, error)
            raise
        if whole:
            self.succeeded(subject)

    def failed(self, subject: str, error: Exception) -> None:
        """Tell that a subject has failed, unless by what was told of another subject, or by Ctrl-C."""
        if self._alerts is None or was_interrupted(error) or any(cause in self._told for cause in causes(error)):
            return
        self._told.append(error)
        known = as_platform_error(error)
        # The command says on standard error itself what it ends by.
        details = {"command": self._command}
        self._alerts.failed(subject, known.message, hint=known.hint, details=details, aloud=False)

    def succeeded(self, subject: str) -> None:
        """Tell that a subject works again, if it was failed."""
        if self._alerts is not None:
            self._alerts.succeeded(subject)
