"""A copy in a file of DuckDB's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.load.load import Load

from egress.kinds.dlt import target as module
from egress.kinds.dlt.target import Dlt
from kinds import MODEL, Place, Rows, row
from shared.config.named import Setting


class DltPlace(Place):
    """A file of DuckDB's."""

    name = "dlt"
    target = Dlt(
        "place",
        MODEL,
        settings="PLACE",
        destination="duckdb",
        dataset="crm",
        arguments={"credentials": Setting("PLACE_FILE")},
    )
    # Before anything is done, and with all rows there before dlt notes that they are.
    steps = ((module, "has_other_columns"), (Load, "complete_package"))

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, patch: pytest.MonkeyPatch, fixture: Callable[[str], Any]) -> Iterator[DltPlace]:
        """Name a file, which a delivery makes."""
        patch.setenv("PLACE_FILE", str(folder / "copy.duckdb"))
        yield cls(folder / "copy.duckdb")

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        if not self._file.exists():
            return []
        with duckdb.connect(str(self._file), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def rows(self) -> Rows:
        """Return the copy's."""
        return dict(row(*each) for each in self._ask("select entity_id, surname, lifetime_sales from crm.customer_360"))

    def traces(self) -> object:
        """Return dlt's own list of what it has loaded."""
        return self._ask("select load_id from crm._dlt_loads order by 1")

    @contextmanager
    def broken(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Name a file that is no database."""
        other = self._file.with_name("no.duckdb")
        other.write_text("no database")
        patch.setenv("PLACE_FILE", str(other))
        yield
        patch.setenv("PLACE_FILE", str(self._file))


PLACES: tuple[type[Place], ...] = (DltPlace,)
