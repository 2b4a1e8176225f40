"""The schedule of each source that is polled: a sensor of its own that asks for a run when the ledger says so."""

from datetime import datetime, timedelta
from typing import Any

from dagster import (
    AssetSelection,
    DefaultSensorStatus,
    Definitions,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    definitions,
    sensor,
)
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from orchestration.graph.assets import missing_settings
from orchestration.graph.lists import read_list
from orchestration.graph.projects import INGRESS
from shared.config import Settings, get_settings
from shared.errors import NotAWarehouse, WarehouseBusy
from shared.monitoring.polling import Attempt, Poll, attempts, due_at, glance
from shared.utils.clock import utc_now

TAG = "polled"
LOOK_SECONDS = 30


@definitions
def defs() -> Definitions:
    """Return a sensor for each source that is polled and configured."""
    settings = get_settings()
    sources = [source for source in read_list(INGRESS, settings)["sources"] if source["poll"]]
    usable = [source for source in sources if not missing_settings(source["required_settings"])]
    return Definitions(sensors=[poll_sensor(source["name"], poll_of(source), settings) for source in usable])


def poll_of(source: dict[str, Any]) -> Poll:
    """Return how often a source is asked, as ingress lists it: lengths of time in seconds."""
    told = source["poll"]
    return Poll(timedelta(seconds=told["every"]), told["back_off"], told["jitter"], timedelta(seconds=told["longest"]))


def poll_sensor(source: str, poll: Poll, settings: Settings) -> SensorDefinition:
    """Return what asks for a run of a source's own tables whenever it is due."""
    tags = {TAG: source}
    tables = AssetSelection.tag("source", source) - AssetSelection.tag("on_request", "true")

    @sensor(
        name=f"poll_{source}",
        job_name="platform",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def look(context: SensorEvaluationContext) -> SensorResult | SkipReason:
        """Ask for a run where the source is due and none is under way."""
        assert context.repository_def is not None
        if context.instance.get_run_ids(RunsFilter(tags=tags, statuses=NOT_FINISHED_STATUSES), limit=1):
            return SkipReason("a run that was asked for is not over")
        now = utc_now()
        at = next_poll(source, poll, settings, asked=context.cursor, now=now)
        if isinstance(at, str):
            return SkipReason(at)
        if at > now:
            return SkipReason(f"due at {at:%Y-%m-%d %H:%M:%S} UTC")
        keys = sorted(tables.resolve(context.repository_def.asset_graph))
        return SensorResult([RunRequest(asset_selection=keys, tags=tags)], cursor=now.isoformat())

    return look


def next_poll(source: str, poll: Poll, settings: Settings, *, asked: str | None, now: datetime) -> datetime | str:
    """Return when a source is due, by the ledger, or why that cannot be told now.

    Args:
        source: Its name.
        poll: How often it is asked.
        settings: Names the warehouse.
        asked: When a run was asked for last. One that has left nothing in the ledger since then has failed.
        now: The present time, in UTC.
    """
    try:
        with glance(settings, holder=f"poll {source}") as warehouse:
            found = attempts(warehouse, source)
    except NotAWarehouse:
        return "there is no warehouse yet"
    except WarehouseBusy as error:
        return error.message
    if asked and not (found and found[0].at >= datetime.fromisoformat(asked)):
        found = [Attempt(asked, datetime.fromisoformat(asked), loaded=False), *found]
    return due_at(poll, found, now)
