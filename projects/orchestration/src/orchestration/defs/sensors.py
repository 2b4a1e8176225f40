"""What is looked at all the time: dropped files, the age of the raw tables, and how runs end."""

from collections.abc import Sequence
from typing import Any

from dagster import (
    AssetSelection,
    DagsterRunStatus,
    DefaultSensorStatus,
    Definitions,
    RunFailureSensorContext,
    RunRequest,
    RunStatusSensorContext,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    definitions,
    run_failure_sensor,
    run_status_sensor,
    sensor,
)

from orchestration.graph.assets import missing_settings
from orchestration.graph.drops import Drop, dropped
from orchestration.graph.freshness import tell_age
from orchestration.graph.lists import read_list
from orchestration.graph.projects import INGRESS, LABS
from orchestration.settings import OrchestrationSettings
from orchestration.told import subject_of_run, tells_itself
from shared.config import Settings, get_settings
from shared.config.settings import read_settings
from shared.csv_monitor import TABLES
from shared.monitoring.alerts import Alerts

LOOK_SECONDS = 30
RUNNING = DefaultSensorStatus.RUNNING
ANYWHERE = tuple(f"**/{pattern}" for pattern in TABLES)


@definitions
def defs() -> Definitions:
    """Return the sensors."""
    settings = get_settings()
    sources = [
        source
        for source in read_list(INGRESS, settings)["sources"]
        if not missing_settings(source["required_settings"])
    ]
    labs = read_list(LABS, settings)["labs"]
    return Definitions(
        sensors=[
            drop_sensor("source_files", "platform", drops_of_sources(sources, settings), settings),
            drop_sensor("lab_files", "labs", drops_of_labs(labs, settings), settings),
            freshness_sensor(sources, settings),
            failure_alert,
            recovery_alert,
        ]
    )


def drops_of_sources(sources: Sequence[dict[str, Any]], settings: Settings) -> list[Drop]:
    """Return the folders of files that sources take, and what runs when there is a new one: all that comes of it."""
    return [
        Drop(
            f"{source['name']}.{resource['name']}",
            settings.data_dir / resource["drop_folder"],
            (resource["pattern"],),
            AssetSelection.tag("source", source["name"]).downstream(),
            within=settings.landing_dir,
        )
        for source in sources
        for resource in source["resources"]
        if resource["drop_folder"] and not resource["on_request"]
    ]


def drops_of_labs(labs: Sequence[dict[str, Any]], settings: Settings) -> list[Drop]:
    """Return the raw folders of the labs."""
    return [
        Drop(lab["name"], settings.root / lab["raw_dir"], _patterns_of(lab), AssetSelection.tag("lab", lab["name"]))
        for lab in labs
    ]


def _patterns_of(lab: dict[str, Any]) -> tuple[str, ...]:
    """Return which files of a lab people drop: all, but for what its own loads fetch."""
    own = [table["name"] for table in lab["raw"] if not table["fetched"]]
    if len(own) == len(lab["raw"]):
        return ANYWHERE
    return tuple(one for name in own for ending in TABLES for one in (f"{name}{ending[1:]}", f"{name}/{ending}"))


def drop_sensor(name: str, job: str, drops: Sequence[Drop], settings: Settings) -> SensorDefinition:
    """Return what asks for a run of what depends on new or changed files."""

    @sensor(name=name, job_name=job, minimum_interval_seconds=LOOK_SECONDS, default_status=RUNNING)
    def look(context: SensorEvaluationContext) -> SensorResult:
        """Ask for a run where a file is new or has changed since it was seen last."""
        assert context.repository_def is not None
        graph = context.repository_def.asset_graph
        within = {*context.repository_def.get_job(job).asset_layer.executable_asset_keys}
        found = list(dropped(drops, settings, (context.cursor or "").split()))
        requests = [
            RunRequest(
                each.digest,
                asset_selection=sorted(within.intersection(each.drop.assets.resolve(graph))),
                tags=each.tags,
            )
            for each in found
        ]
        return SensorResult(requests, cursor=" ".join(each.digest for each in found))

    return look


def freshness_sensor(sources: Sequence[dict[str, Any]], settings: Settings) -> SensorDefinition:
    """Return what tells when a raw table has not been loaded for too long, and when it is again."""
    relations = [
        resource["relation"] for source in sources for resource in source["resources"] if not resource["on_request"]
    ]

    @sensor(name="freshness", minimum_interval_seconds=300, default_status=RUNNING)
    def look(context: SensorEvaluationContext) -> SkipReason:
        """Tell of raw tables that are older than ORCHESTRATION_FRESH_HOURS."""
        hours = read_settings(OrchestrationSettings).orchestration_fresh_hours
        return SkipReason(tell_age(relations, hours, settings, Alerts.from_settings(settings)))

    return look


@run_failure_sensor(name="failure_alert", default_status=RUNNING)
def failure_alert(context: RunFailureSensorContext) -> None:
    """Tell that a run has failed, where the platform's alerts go."""
    if tells_itself(context.dagster_run, context.failure_event.message):
        return
    steps = [event.step_key for event in context.get_step_failure_events() if event.step_key]
    Alerts.from_settings(get_settings()).failed(
        subject_of_run(context.dagster_run),
        context.failure_event.message or "failed",
        hint="its log says more; it can be run again from the failed step",
        details={"run": context.dagster_run.run_id, "steps": ", ".join(steps)},
    )


@run_status_sensor(DagsterRunStatus.SUCCESS, name="recovery_alert", default_status=RUNNING)
def recovery_alert(context: RunStatusSensorContext) -> None:
    """Tell that what had failed has succeeded."""
    run = context.dagster_run
    if not tells_itself(run):
        Alerts.from_settings(get_settings()).succeeded(subject_of_run(run), details={"run": run.run_id})
