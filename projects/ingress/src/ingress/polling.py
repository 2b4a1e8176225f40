"""The sources that are asked every so often: which are due, and how their loads are noted for the next look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from ingress.source import Source
from ingress.sources import SOURCES
from shared.config import Settings
from shared.errors import NotAWarehouse, UserError, WarehouseBusy
from shared.monitoring import Run
from shared.monitoring.polling import attempts, due_at, glance, note_attempt
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.warehouse import Warehouse


def polled_sources(names: Sequence[str]) -> list[Source]:
    """Return the sources of these names, or all that are polled and configured.

    Raises:
        UserError: One of the names is not polled.
    """
    polled = {name: source for name, source in SOURCES.items() if source.poll}
    for name in names:
        if name not in polled:
            raise UserError(
                f"not polled: `{name}`", hint=f"give its source a `poll`; polled are: {', '.join(polled) or 'none'}"
            )
    found = [polled[name] for name in names or polled]
    for source in found:
        if not names and source.missing_setting:
            say(f"{source.name}: skipped, {source.missing_setting} is not set")
    return [source for source in found if names or not source.missing_setting]


def due_now(settings: Settings, sources: Sequence[Source]) -> list[Source]:
    """Return which of the sources are due; none while somebody writes to the warehouse, as cron asks again soon."""
    try:
        with glance(settings, holder="ingress poll") as warehouse:
            return due(warehouse, sources)
    except NotAWarehouse:
        return list(sources)
    except WarehouseBusy as error:
        say(f"nothing is polled now: {error.message}")
        return []


def due(warehouse: Warehouse, sources: Sequence[Source]) -> list[Source]:
    """Return which of the sources are due by the ledger, and say of the others when they are."""
    now, found = utc_now(), []
    for source in sources:
        assert source.poll
        at = due_at(source.poll, attempts(warehouse, source.name), now)
        if at <= now:
            found.append(source)
        else:
            say(f"{source.name}: due at {at:%Y-%m-%d %H:%M:%S} UTC")
    return found


@contextmanager
def noted(run: Run, source: Source) -> Iterator[None]:
    """Note how the load of a source ended inside this, where it is polled."""
    if source.poll is None:
        yield
        return
    try:
        yield
    except Exception:
        # The error matters more: the warehouse may be what is wrong.
        with suppress(Exception):
            note_attempt(run, source.name, loaded=False)
        raise
    note_attempt(run, source.name, loaded=True)
