"""How old the raw tables are, by the run ledger: loads by hand count as those by Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.config import Settings
from shared.errors import NotAWarehouse, WarehouseBusy
from shared.monitoring import history
from shared.monitoring.alerts import Alerts
from shared.utils.clock import is_ahead, utc_now
from shared.warehouse import open_warehouse


def tell_age(relations: Sequence[str], hours: float, settings: Settings, alerts: Alerts) -> str:
    """Tell of tables that were not loaded for longer than so many hours, and of those that are again.

    A load that is dated in the future is no fresh one: its age is not known, and nobody would hear of any other fault.

    Returns:
        What was found, in a sentence.
    """
    # A sensor must not wait for a load that may take long; it looks again soon.
    at_once = settings.model_copy(update={"warehouse_lock_timeout": 0.0})
    try:
        with open_warehouse(at_once, holder="freshness") as warehouse:
            loaded = history.last_loads(warehouse)
            left_out = {entry["relation"] for entry in history.left_out(warehouse)}
    except NotAWarehouse:
        return "there is no warehouse yet"
    except WarehouseBusy as error:
        return error.message
    stale = 0
    for relation in relations:
        # What may be left out and was never there is no fault; what was there once grows old.
        if relation in left_out and relation not in loaded:
            continue
        fault = fault_of(loaded.get(relation), hours)
        if fault is None:
            alerts.succeeded(f"freshness of {relation}")
            continue
        stale += 1
        what, hint = fault
        alerts.failed(f"freshness of {relation}", what, hint=hint)
    return f"{stale} of {len(relations)} raw tables are too old"


def fault_of(last: datetime | None, hours: float) -> tuple[str, str] | None:
    """Return what is wrong with when a table was loaded last, and what to do; None where it is fresh."""
    load = "run the job `platform`, or `./pixiw run ingest`"
    if last is None:
        return "never loaded", load
    when = f"last loaded {last:%Y-%m-%d %H:%M} UTC"
    if is_ahead(last):
        return f"{when}, in the future: a clock is or was wrong", f"correct the clock, then {load}"
    if utc_now() - last > timedelta(hours=hours):
        return f"{when}, more than {hours:g} hours ago", f"{load}; ORCHESTRATION_FRESH_HOURS says what is too old"
    return None
