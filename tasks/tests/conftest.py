"""Fixtures for what the tasks do on both engines, and which tests share a worker."""

import pytest

from shared.testing.marks import mark_slow

pytest_plugins = ["shared.testing.engines"]

# The longest first, for the workers to end together; tests of a folder share a workspace that takes a while to make.
LONGEST = ("test_demo", "test_guide", "pixiw")
LONGEST_SECONDS = 1500


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order and group tests for `--dist loadgroup`: the demo by its engine, which it marks itself, pixiw's together."""
    mark_slow(items, files={*LONGEST, "test_postgres", "test_secrets", "test_serve", "test_units"})
    items.sort(key=rank)
    for item in items:
        if rank(item) < len(LONGEST):
            item.add_marker(pytest.mark.timeout(LONGEST_SECONDS))
        if item.path.parent.name == "pixiw":
            item.add_marker(pytest.mark.xdist_group("pixiw"))


def rank(item: pytest.Item) -> int:
    """Return a test's place in the order, by its file or folder."""
    places = [LONGEST.index(name) for name in (item.path.stem, item.path.parent.name) if name in LONGEST]
    return min(places, default=len(LONGEST))
