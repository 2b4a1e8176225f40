"""Columns that an earlier version of the platform has called otherwise in raw."""

from __future__ import annotations

from collections.abc import Iterable

from ingress.load.columns import columns_of
from ingress.raw_names import earlier_names, raw_name
from ingress.source import Resource
from shared.utils.console import say
from shared.warehouse import Warehouse, quote


def rename(warehouse: Warehouse, resource: Resource, names: Iterable[str]) -> None:
    """Give columns of a table that is there the names that they have in raw now, and say so.

    Without it a key would find none of its rows, and every other column would be empty under its old name.

    Args:
        names: The columns, as their source calls them.
    """
    known = {raw_name(name, resource.name): name for name in names}
    changed = {new: earlier_names(name) for new, name in known.items() if not name.isascii()}
    if not changed:
        return
    there = columns_of(warehouse, resource)
    for new, earlier in changed.items():
        old = next((each for each in there if each in earlier and each not in known), None)
        if old is not None and new not in there:
            warehouse.execute(f"alter table {quote(resource.relation)} rename column {quote(old)} to {quote(new)}")
            say(f"  {resource.relation}: column `{old}` is called `{new}` from now on")
