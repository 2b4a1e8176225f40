"""A test run that is told to end, by SIGTERM too, stops the servers that its fixtures have started: see pytest.ini."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from shared.utils.processes import terminable


def pytest_configure(config: pytest.Config) -> None:
    """Treat a request to end as Ctrl-C until pytest ends."""
    until_the_end = ExitStack()
    until_the_end.enter_context(terminable())
    config.add_cleanup(until_the_end.close)
