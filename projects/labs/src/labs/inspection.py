"""A page about what is in a lab's database, and what has changed in it since the last one."""

from __future__ import annotations

from pathlib import Path

from shared.config.labs import Lab
from shared.inspector import DataInspector, changes_between
from shared.inspector.page import page
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.warehouse import Warehouse

SHOWN_CHANGES = 20


def inspect(lab: Lab, warehouse: Warehouse) -> Path:
    """Inspect a lab's whole database, write the page and return where it is."""
    inspector = DataInspector(warehouse)
    last = inspector.last()
    inspection = inspector.inspect()
    changes = changes_between(last, inspection) if last else None
    for change in (changes or [])[:SHOWN_CHANGES]:
        say(f"  {change}")
    if changes and len(changes) > SHOWN_CHANGES:
        say(f"  and {len(changes) - SHOWN_CHANGES} more changes")
    target = lab.reports_dir / "inspection.html"
    write_whole(target, page(inspection, changes))
    say(f"  {len(inspection.tables)} tables: {target}")
    return target
