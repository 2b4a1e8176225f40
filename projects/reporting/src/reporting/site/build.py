"""Build the page from the dashboards and the warehouse's reporting layer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reporting.content import load_content
from reporting.project import ROLE
from reporting.site.library import chart_library
from reporting.site.page import plan_page, render
from shared.config import Settings
from shared.errors import InputError
from shared.utils.clock import utc_now
from shared.utils.console import say, step
from shared.utils.files import write_whole
from shared.warehouse import Warehouse, open_warehouse

PAGE = "index.html"


def build_site(settings: Settings) -> Path:
    """Write the page, whole or not at all, and return where it is.

    Raises:
        InputError: The reporting layer lacks what a chart shows.
    """
    with step("read dashboards"):
        plan = plan_page(load_content(settings))
    with step("read the reporting layer"), open_warehouse(settings, holder="report", role=ROLE) as warehouse:
        require(warehouse, plan.relations)
        data = [dataset.fetch(warehouse) for dataset in plan.datasets.all]
        engine = warehouse.engine
    with step("write the page"):
        html = render(plan, data, built_at=utc_now(), engine=engine, library=chart_library(settings))
        path = settings.reports_dir / PAGE
        write_whole(path, html)
    say(f"  {len(plan.content.dashboards)} dashboards, {len(plan.tiles)} charts, {path.stat().st_size:,} bytes")
    return path


def require(warehouse: Warehouse, relations: Iterable[str]) -> None:
    """Raise InputError unless the warehouse has all that the page is made of."""
    missing = sorted(f"`{relation}`" for relation in relations if not warehouse.table_exists(relation))
    if missing:
        raise InputError(
            f"the warehouse lacks what the page is made of: {', '.join(missing)}",
            hint="run `./pixiw run report`, which builds the reporting layer first",
        )
