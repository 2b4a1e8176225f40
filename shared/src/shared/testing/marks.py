"""Which tests the run before a push leaves out (`test-fast`), beside those that need a server or a browser."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest

SLOW = "slow"


def mark_slow(items: Iterable[pytest.Item], *, fixtures: Collection[str] = (), files: Collection[str] = ()) -> None:
    """Mark the tests that use one of these fixtures, or are in one of these files or folders, named without suffix."""
    for item in items:
        if uses(item, fixtures) or {item.path.stem, item.path.parent.name}.intersection(files):
            item.add_marker(SLOW)


def uses(item: pytest.Item, fixtures: Collection[str]) -> bool:
    """Tell whether a test uses one of these fixtures, directly or by another one."""
    return not set(getattr(item, "fixturenames", ())).isdisjoint(fixtures)
