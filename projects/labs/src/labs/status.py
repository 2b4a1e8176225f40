"""What labs there are, and how each stands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from labs.elsewhere import told
from labs.sources import raw_tables
from shared.config import Settings
from shared.config.labs import Lab
from shared.errors import PlatformError
from shared.monitoring import history
from shared.utils.clock import shown
from shared.utils.console import output, say
from shared.warehouse.lab_database import open_lab


def show_list(labs: Sequence[Lab]) -> None:
    """Print the labs with their descriptions and environments."""
    table = Table("lab", "environment", "description", box=None, pad_edge=False)
    for lab in labs:
        table.add_row(lab.name, lab.environment, lab.description)
    output().print(table)
    tell_elsewhere(labs)


def tell_elsewhere(labs: Sequence[Lab]) -> None:
    """Print which raw tables do not come from this disk, and which of the settings for them are set."""
    for lab in labs:
        try:
            found = {table.name: table.elsewhere for table in raw_tables(lab)}
        except PlatformError as error:
            say(f"{lab.name}: {error.message}")
            continue
        for name, elsewhere in found.items():
            if elsewhere:
                say(f"{lab.name}: {name}: {told(elsewhere)}")


def show_status(labs: Sequence[Lab], settings: Settings) -> None:
    """Print for each lab its latest run, its rows by layer and its open bad rows; one in use is said to be so."""
    table = Table("lab", "latest run", "result", "raw", "gold", "quarantined", box=None, pad_edge=False)
    for lab in labs:
        table.add_row(lab.name, *_status_of(lab, settings))
    output().print(table)
    tell_elsewhere(labs)


def _status_of(lab: Lab, settings: Settings) -> list[str]:
    if not lab.database.exists():
        return ["never", "no database yet", "", "", ""]
    at_once = settings.model_copy(update={"warehouse_lock_timeout": 0.0})
    try:
        with open_lab(lab, at_once, holder="lab status") as warehouse:
            run = history.latest_run(warehouse)
            rows = {
                layer: sum(warehouse.row_count(f"{layer}.{name}") for name in warehouse.tables(layer))
                for layer in ("raw", "gold")
            }
            bad = sum(entry["row_count"] for entry in history.open_quarantine(warehouse))
    except PlatformError as error:
        return ["", error.message, "", "", ""]
    if run is None:
        return ["never", "", *(f"{count:,}" for count in rows.values()), f"{bad:,}"]
    result = f"{run['step']} {run['status']}" + (f": {run['error']}" if run["error"] else "")
    began = f"{shown(run['started_at'], '%Y-%m-%d %H:%M')} UTC"
    return [began, result, *(f"{count:,}" for count in rows.values()), f"{bad:,}"]
