"""What Dagster is told of a run, where it has started this process by Dagster Pipes; elsewhere nothing happens."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.monitoring.logs import as_json, log_event
from shared.redaction import redacted_values

if TYPE_CHECKING:
    from dagster_pipes import PipesContext

CONTEXT = "DAGSTER_PIPES_CONTEXT"
MESSAGES = "DAGSTER_PIPES_MESSAGES"


def join_dagster() -> None:
    """Take Dagster's channel for this process, before it starts others that would."""
    # What goes wrong is told by the log when there is something to say.
    with suppress(Exception):
        _context()


def tell_dagster(message: Callable[[], Mapping[str, object]], settings: Settings | None = None) -> None:
    """Send Dagster what `message` returns, for `get_custom_messages`; what JSON has no type for becomes text.

    Without Dagster `message` is not called. It never stops the work: what goes wrong is logged, where there are
    settings to say in which log.
    """
    try:
        context = _context()
        if context is not None:
            context.report_custom_message(redacted_values(as_json(message())))
    except Exception as error:
        if settings is not None:
            log_event(settings, "dagster not told", error=f"{type(error).__name__}: {error}")


def is_dagsters() -> bool:
    """Tell whether Dagster has started this process, and so tells itself how its run ends."""
    try:
        return _context() is not None
    except Exception:
        # It has, by a channel that cannot be used.
        return True


def dagster_run() -> tuple[str, str] | None:
    """Return the id of the Dagster run that has started this process, and its job."""
    context = _context()
    return None if context is None else (context.run_id, context.job_name or "")


@cache
def _context() -> PipesContext | None:
    if CONTEXT not in os.environ:
        return None
    # Here and not above, as by hand no command needs it.
    from dagster_pipes import open_dagster_pipes

    context = open_dagster_pipes()
    # A process that this one starts would close the channel at its own end, and Dagster would read no further.
    for name in (CONTEXT, MESSAGES):
        os.environ.pop(name, None)
    atexit.register(_close, context)
    return context


def _close(context: PipesContext) -> None:
    # Dagster may have been killed, and its files with it.
    with suppress(Exception):
        context.close()
