"""Open a lab's database: as the warehouse is opened, with a lock, an identity and a ledger of its own."""

from __future__ import annotations

from shared.config import Settings
from shared.config.labs import Lab
from shared.config.roles import READER
from shared.errors import NotAWarehouse, WrongWarehouse
from shared.warehouse.base import Mode, Role, Warehouse
from shared.warehouse.migrations import OlderWarehouse
from shared.warehouse.opening import open_warehouse
from shared.workspace.projects import read_project

LAB_LAYERS = ("raw", "bronze", "silver", "gold", "ops")


def open_lab(lab: Lab, settings: Settings, *, holder: str, role: Role = READER, mode: Mode = "read") -> Warehouse:
    """Open a lab's database; in write mode one that does not exist is made.

    Who writes it makes it: hints name that project's command.

    Raises:
        NotAWarehouse: It is not there, or not a database of this platform.
        WrongWarehouse: It is the database of another lab, or of a newer platform, or for reading of an older one.
        WarehouseBusy: Somebody held it for longer than the timeout.
    """
    run = read_project(settings.labs_dir).run(lab.name)
    if mode == "read" and not lab.database.exists():
        raise NotAWarehouse(f"lab `{lab.name}` has no database yet: `{lab.database}`", hint=f"{run} makes it")
    at_lab = settings.model_copy(update={"warehouse_url": f"duckdb:///{lab.database}"})
    try:
        return open_warehouse(at_lab, holder=holder, role=role, mode=mode, name=lab.name, layers=LAB_LAYERS)
    except OlderWarehouse as error:
        raise OlderWarehouse(error.message, hint=f"{run} brings it up to date") from error
    except (NotAWarehouse, WrongWarehouse) as error:
        raise type(error)(
            error.message,
            hint=f"it was not touched; move it away, and {run} makes it anew from the raw files",
        ) from error
