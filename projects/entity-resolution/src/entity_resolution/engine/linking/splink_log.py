"""What Splink says, in the log and not on the screen."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from shared.config import Settings
from shared.errors import PlatformError, causes, first_line
from shared.monitoring.logs import log_event
from shared.redaction import redacted
from shared.system_errors import explained_by_system

VALUE = re.compile(r"'[^']*'")
REASON_CHARACTERS = 300


class _ToLog(logging.Handler):
    """Hands log records on to the platform's log."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    @override
    def emit(self, record: logging.LogRecord) -> None:
        log_event(self._settings, "splink", level=record.levelname, message=record.getMessage().strip())


def explained(error: Exception) -> PlatformError:
    """Return what Splink's error means: it shows the statement that failed, and hides why.

    What stands in quotes may be a value of somebody's record, so it is not told.
    """
    if known := explained_by_system(error):
        return known
    reason = VALUE.sub("'…'", redacted(first_line([*causes(error)][-1])))[:REASON_CHARACTERS]
    return PlatformError(
        f"Splink cannot go on: {reason}",
        hint="nothing was written; if the model is of another version, `./pixiw run resolve --retrain` makes a new one",
    )


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
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "splink":
            raise explained(error) from error
        raise
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
