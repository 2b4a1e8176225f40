"""Fixtures for expectations: the warehouse as whoever checks it has it, and one check at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from shared.config import get_settings
from shared.data_quality.expectations import Outcome, Suite, check
from shared.warehouse import Warehouse, open_warehouse


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Warehouse]:
    """Open a new warehouse for writing, on each engine, as the role that may keep outcomes."""
    with open_warehouse(get_settings(), holder="test", role="transformation", mode="write") as opened:
        yield opened


@pytest.fixture
def expect(warehouse: Warehouse) -> Callable[..., Outcome]:
    """Return a function that makes one check of a table, `core.t` unless another is named."""

    def made(
        kind: str, arguments: Mapping[str, Any], *, table: str = "core.t", key: Sequence[str] = (), **options: Any
    ) -> Outcome:
        entry = {kind: arguments, **options}
        suite = Suite.model_validate({"version": 1, "tables": {table: {"key": list(key), "expect": [entry]}}})
        (outcome,) = check(warehouse, suite)
        return outcome

    return made
