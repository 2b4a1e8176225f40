"""Build the page from the dashboards and the warehouse's reporting layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reporting.content import load_content
from reporting.project import ROLE
from reporting.site.datasets import Encoded
from reporting.site.library import chart_library
from reporting.site.page import Plan, plan_page, render
from shared.config import Settings
from shared.errors import InputError
from shared.monitoring import record_run
from shared.monitoring.lineage import Dataset, Origin
from shared.teller import Teller
from shared.utils.clock import utc_now
from shared.utils.console import say, step
from shared.utils.files import write_whole
from shared.warehouse import Warehouse, open_warehouse

PAGE = "index.html"
# In the ledger, and on the command line.
STEP = "page"


@dataclass(frozen=True)
class Read:
    """What the page is made of: its plan, the data of each dataset, and the engine of the warehouse."""

    plan: Plan
    data: list[Encoded]
    engine: str


def build_site(settings: Settings, *, command: str) -> Path:
    """Write the page of all dashboards, whole or not at all, enter that in the ledger, and return where it is.

    Args:
        settings: Where it is written, and of which warehouse.
        command: What the user called, for the ledger.

    Raises:
        InputError: The reporting layer lacks what a chart shows.
    """
    with Teller(settings, command=f"reporting {command}").telling(f"step {STEP}"):
        return record_site(settings, command)


def record_site(settings: Settings, command: str) -> Path:
    """Write the page, enter that in the ledger, and return where it is."""
    read = read_site(settings)
    with (
        # Only now: the page shows the ledger's runs, and would say of its own that it is under way.
        open_warehouse(settings, holder=f"reporting {command}", role=ROLE, mode="write") as warehouse,
        record_run(warehouse, step=STEP, command=command) as run,
    ):
        path = write_site(settings, read)
        origin = Origin(tuple(sorted(read.plan.relations)), outputs=(Dataset.of_file(path),))
        run.output(STEP, rows=sum(each["rows"] for each in read.data), detail={"file": str(path)}, origin=origin)
    return path


def read_site(settings: Settings) -> Read:
    """Read what the page is made of.

    Raises:
        InputError: The reporting layer lacks what a chart shows.
    """
    with step("read dashboards"):
        plan = plan_page(load_content(settings))
    with step("read the reporting layer"), open_warehouse(settings, holder="report", role=ROLE) as warehouse:
        require(warehouse, plan.relations)
        return Read(plan, [dataset.fetch(warehouse) for dataset in plan.datasets.all], warehouse.engine)


def write_site(settings: Settings, read: Read) -> Path:
    """Write the page, and return where it is."""
    with step("write the page"):
        library = chart_library(settings)
        html = render(read.plan, read.data, built_at=utc_now(), engine=read.engine, library=library)
        path = settings.reports_dir / PAGE
        write_whole(path, html)
    dashboards, charts = len(read.plan.content.dashboards), len(read.plan.tiles)
    say(f"  {dashboards} dashboards, {charts} charts, {path.stat().st_size:,} bytes")
    return path


def require(warehouse: Warehouse, relations: Iterable[str]) -> None:
    """Raise InputError unless the warehouse has all that the page is made of."""
    missing = sorted(f"`{relation}`" for relation in relations if not warehouse.table_exists(relation))
    if missing:
        raise InputError(
            f"the warehouse lacks what the page is made of: {', '.join(missing)}",
            hint="run `./pixiw run report`, which builds the reporting layer first",
        )
