"""dbt by hand: its own command line, on the database and with the login that this project works with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from shared.config import Settings
from shared.dbt.environment import dbt_environment, environment_set
from shared.dbt.run import dbt_command_line
from shared.warehouse import open_warehouse
from transformation.layers import PROJECT_DIR, ROLE

# What dbt does without a look at the database, and so without waiting for whoever writes to it.
WITHOUT_DATABASE = ("parse", "ls", "list", "deps", "clean", "debug", "init", "--version", "-v", "--help", "-h")


def run_by_hand(settings: Settings, arguments: Sequence[str]) -> int:
    """Run `dbt ARGUMENTS` as the platform would, and return its exit code.

    Raises:
        NotAWarehouse: WAREHOUSE_URL names something else than a warehouse.
        WrongWarehouse: It is another one than the platform's.
        WarehouseBusy: Somebody transforms for longer than the timeout.
    """
    with ExitStack() as held:
        if arguments and arguments[0] not in WITHOUT_DATABASE:
            holder = " ".join(["dbt", *arguments])
            warehouse = held.enter_context(open_warehouse(settings, holder=holder, role=ROLE, mode="write"))
            held.enter_context(warehouse.handed_over())
        held.enter_context(environment_set(dbt_environment(settings, PROJECT_DIR, ROLE)))
        return dbt_command_line(arguments)
