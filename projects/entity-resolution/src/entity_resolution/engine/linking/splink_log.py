"""What Splink says, in the log and not on the screen."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from shared.config import Settings
from shared.monitoring.logs import log_event


class _ToLog(logging.Handler):
    """Hands log records on to the platform's log."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    @override
    def emit(self, record: logging.LogRecord) -> None:
        log_event(self._settings, "splink", level=record.levelname, message=record.getMessage().strip())


@contextmanager
def splink_logged(settings: Settings) -> Iterator[None]:
    """Send what Splink says while inside to the platform's log."""
    logger = logging.getLogger("splink")
    handler = _ToLog(settings)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_: log_event(
                settings, "splink", level="WARNING", message=str(message)
            )
            yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
