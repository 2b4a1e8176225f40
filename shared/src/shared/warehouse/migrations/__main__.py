"""Bring the warehouse to the latest layout, as does whatever writes to it: `python -m shared.warehouse.migrations`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shared.command_line import Parser, command
from shared.config import get_settings
from shared.warehouse.migrations import OPS, OlderWarehouse, version_of
from shared.warehouse.opening import open_warehouse


def main(arguments: Sequence[str]) -> None:
    """Migrate the warehouse that WAREHOUSE_URL names where it is of an earlier layout, and print the layout."""
    Parser(
        prog="python -m shared.warehouse.migrations", description="Bring the warehouse to the latest layout."
    ).parse_args(arguments)
    settings = get_settings()
    try:
        # For reading, which makes none where there is none and waits for no other reader.
        opened = open_warehouse(settings, holder="migrations")
    except OlderWarehouse:
        opened = open_warehouse(settings, holder="migrations", mode="write")
    with opened as warehouse:
        print(f"`{warehouse.location}`: layout {version_of(warehouse, OPS)} of `{OPS.owner}`")


if __name__ == "__main__":
    sys.exit(command(main))
