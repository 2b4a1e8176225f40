"""Tells of a run's beginning and end; nothing that goes wrong here reaches the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.monitoring.logs import log_event
from shared.utils.console import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.monitoring.lineage.collector import Collector
    from shared.monitoring.lineage.facts import Begun, End, Noted
    from shared.monitoring.lineage.origin import Origin
    from shared.monitoring.lineage.sender import Sender
    from shared.warehouse import Warehouse

# One for each collector in this process, and what was said of settings that name none.
_senders: dict[Collector, Sender] = {}
_warned: set[str] = set()


class RunLineage:
    """What is told of one run, where OPENLINEAGE_URL says to whom."""

    def __init__(self, warehouse: Warehouse, run_id: str, step: str) -> None:
        self._warehouse = warehouse
        self._run_id = run_id
        self._step = step
        self._settings = warehouse.settings
        self._told: tuple[Sender, Begun] | None = None

    def begin(self) -> None:
        """Tell that the run has begun."""
        if self._settings.openlineage_url is None:
            return
        with _contained(self._settings):
            sender = _sender(self._settings)
            if sender is not None and not sender.has_given_up:
                self._told = sender, _begun(self._warehouse, self._run_id, self._step)
                sender.tell(self._told[1])

    def end(self, end: End, outputs: Noted, origins: Mapping[str, Origin], error: str | None = None) -> None:
        """Tell how the run has ended, and what it has written."""
        if self._told is None or self._told[0].has_given_up:
            return
        with _contained(self._settings):
            from shared.http.redaction import masked
            from shared.monitoring.lineage.facts import Ended, outputs_of

            sender, begun = self._told
            # Whoever interrupts a run does not wait for a catalog.
            written = outputs_of(self._warehouse, outputs, origins, with_fields=end != "interrupted")
            message = None if error is None else masked(error)
            sender.tell(Ended(begun, end, datetime.now(timezone.utc), written, message))


def _begun(warehouse: Warehouse, run_id: str, step: str) -> Begun:
    # Here and not above, as most processes tell nobody.
    from shared.monitoring.lineage.facts import Begun, parent_run

    namespace = warehouse.settings.openlineage_namespace
    of_lab = warehouse.identity.name != "warehouse"
    return Begun(
        run_id=run_id,
        namespace=namespace,
        job=f"{warehouse.identity.name}.{step}" if of_lab else step,
        at=datetime.now(timezone.utc),
        engine=warehouse.engine,
        engine_version=str(warehouse.fetch("select version()")[0][0]).partition(" on ")[0],
        parent=parent_run(namespace),
    )


def _sender(settings: Settings) -> Sender | None:
    from shared.monitoring.lineage.collector import collector_of
    from shared.monitoring.lineage.sender import Sender

    try:
        collector = collector_of(settings)
    except ConfigurationError as error:
        if error.message not in _warned:
            _warned.add(error.message)
            say(f"warning: {error.message}")
            say(f"hint: {error.hint}")
            _log(settings, error.message)
        return None
    if collector is not None and collector not in _senders:
        _senders[collector] = Sender(collector, lambda reason: _log(settings, reason))
    return _senders[collector] if collector else None


@contextmanager
def _contained(settings: Settings) -> Iterator[None]:
    """Let no error into the run that is told of."""
    try:
        yield
    except Exception as error:
        _log(settings, type(error).__name__)


def _log(settings: Settings, reason: str) -> None:
    log_event(settings, "lineage not told", reason=reason)
