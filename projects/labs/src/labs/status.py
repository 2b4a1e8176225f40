"""What labs there are, and how each stands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from shared.config import Settings
from shared.config.labs import Lab
from shared.errors import PlatformError
from shared.utils.console import output
from shared.warehouse.lab_database import open_lab


def show_list(labs: Sequence[Lab]) -> None:
    """Print the labs with their descriptions and environments."""
    table = Table("lab", "environment", "description", box=None, pad_edge=False)
    for lab in labs:
        table.add_row(lab.name, lab.environment, lab.description)
    output().print(table)


def show_status(labs: Sequence[Lab], settings: Settings) -> None:
    """Print for each lab its latest run, its rows by layer and its open bad rows; one in use is said to be so."""
    table = Table("lab", "latest run", "result", "raw", "gold", "quarantined", box=None, pad_edge=False)
    for lab in labs:
        table.add_row(lab.name, *_status_of(lab, settings))
    output().print(table)


def _status_of(lab: Lab, settings: Settings) -> list[str]:
    if not lab.database.exists():
        return ["never", "no database yet", "", "", ""]
    at_once = settings.model_copy(update={"warehouse_lock_timeout": 0.0})
    try:
        with open_lab(lab, at_once, holder="lab status") as warehouse:
            runs = warehouse.fetch("select step, status, started_at, error from ops.run order by sequence desc limit 1")
            rows = {
                layer: sum(warehouse.row_count(f"{layer}.{name}") for name in warehouse.tables(layer))
                for layer in ("raw", "gold")
            }
            ((bad,),) = warehouse.fetch("select count(*) from ops.quarantine where resolved_at is null")
    except PlatformError as error:
        return ["", error.message, "", "", ""]
    if not runs:
        return ["never", "", *(f"{count:,}" for count in rows.values()), f"{bad:,}"]
    step, status, started, why = runs[0]
    result = f"{step} {status}" + (f": {why}" if why else "")
    return [f"{started:%Y-%m-%d %H:%M} UTC", result, *(f"{count:,}" for count in rows.values()), f"{bad:,}"]
