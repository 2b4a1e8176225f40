"""How old the raw tables are, by the run ledger: loads by hand count as those by Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shared.config import Settings
from shared.errors import NotAWarehouse, WarehouseBusy
from shared.monitoring import history
from shared.monitoring.alerts import Alerts
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse


def tell_age(relations: Sequence[str], hours: float, settings: Settings, alerts: Alerts) -> str:
    """Tell of tables that were not loaded for longer than so many hours, and of those that are again.

    Returns:
        What was found, in a sentence.
    """
    # A sensor must not wait for a load that may take long; it looks again soon.
    at_once = settings.model_copy(update={"warehouse_lock_timeout": 0.0})
    try:
        with open_warehouse(at_once, holder="freshness") as warehouse:
            loaded = history.last_loads(warehouse)
    except NotAWarehouse:
        return "there is no warehouse yet"
    except WarehouseBusy as error:
        return error.message
    stale = 0
    for relation in relations:
        last = loaded.get(relation)
        age = utc_now() - last if last else None
        if age is not None and age <= timedelta(hours=hours):
            alerts.succeeded(f"freshness of {relation}")
            continue
        stale += 1
        alerts.failed(
            f"freshness of {relation}",
            f"last loaded {last:%Y-%m-%d %H:%M} UTC, more than {hours:g} hours ago" if last else "never loaded",
            hint="run the job `platform`, or `./pixiw run ingest`; ORCHESTRATION_FRESH_HOURS says what is too old",
        )
    return f"{stale} of {len(relations)} raw tables are too old"
