"""What runs by the clock or on demand as a whole: the platform, the labs, and sales again by week."""

from dagster import (
    AssetMaterialization,
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    JobDefinition,
    OpExecutionContext,
    ScheduleDefinition,
    WeeklyPartitionsDefinition,
    define_asset_job,
    definitions,
    job,
    op,
)

from orchestration.graph.assets import key_of, warehouse_pool
from orchestration.graph.lists import read_list
from orchestration.graph.projects import LABS, TRANSFORMATION
from orchestration.home import home_of
from orchestration.run.executor import threads_executor
from orchestration.run.steps import run_command
from orchestration.supervise.run_locks import hold
from shared.config import Settings, get_settings

LAYERS = ("raw", "staging", "core", "master", "egress", "delivery", "reporting")
MIDNIGHT = "0 0 * * *"
FIRST_SUNDAY = "2017-01-01"
ANYTHING = "anything"

PLATFORM = AssetSelection.groups(*LAYERS) - AssetSelection.tag("on_request", "true")


@definitions
def defs() -> Definitions:
    """Return the jobs with their schedules, and the executor of all runs."""
    platform = define_asset_job(
        "platform", PLATFORM, description="Everything from the sources to deliveries and reports."
    )
    settings = get_settings()
    names = [lab["name"] for lab in read_list(LABS, settings)["labs"]]
    labs = define_asset_job("labs", AssetSelection.groups(*names), description="All labs at once.")
    anything = define_asset_job(
        ANYTHING, AssetSelection.all(), description="What `materialize SELECTION` selects from."
    )
    schedules = [
        ScheduleDefinition(
            name=f"{each.name}_daily", job=each, cron_schedule=MIDNIGHT, default_status=DefaultScheduleStatus.RUNNING
        )
        for each in (platform, labs)
    ]
    return Definitions(
        jobs=[platform, labs, anything, sales_backfill(settings)], schedules=schedules, executor=threads_executor
    )


def sales_backfill(settings: Settings) -> JobDefinition:
    """Return the job that makes the sales of a week anew: one partition a week, which begins on Sunday."""

    @op(name="sales_of_week", pool=warehouse_pool(settings))
    def sales_of_week(context: OpExecutionContext) -> None:
        hold(context.run.run_id, home_of(settings))
        window = context.partition_time_window
        dates = [f"{day:%Y-%m-%d}" for day in (window.start, window.end)]
        command = TRANSFORMATION.command("build", "core", "--select", "fct_sales+", "--sales", *dates)
        ended = run_command(context, settings, command)
        ended.require(context)
        for relation, facts in ended.outputs.items():
            context.log_event(AssetMaterialization(key_of(relation), metadata={**facts, "week": dates[0]}))

    @job(
        name="sales_backfill",
        description="The sales of a week anew, from what raw holds now; a backfill takes any number of weeks.",
        partitions_def=WeeklyPartitionsDefinition(start_date=FIRST_SUNDAY),
    )
    def backfill() -> None:
        sales_of_week()

    return backfill
