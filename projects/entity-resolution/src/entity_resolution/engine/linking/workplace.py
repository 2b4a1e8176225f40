"""Where a run's parties are linked: the seam between the steps of a run and the engines that do the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

from entity_resolution.entity import Entity
from shared.config import Settings
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# The table that Splink works on, with parties in the forms that they are compared in. Its name is the run's alone:
# Splink asks the catalog for it without a schema.
PARTIES = "resolution_parties"
CLUSTER_COLUMNS = "party_id, source_system, source_id, cluster_id"


class Workplace(ABC):
    """Holds the parties of one run, and links them.

    Attributes:
        parties: The run's parties as a table, or a query in brackets, of the warehouse, columns as `current_parties`.
            They stay as they are while the run lasts, whatever others write to core.
    """

    parties: str

    @abstractmethod
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Open a DuckDB in memory that holds the parties in the table `PARTIES`, to train a model on."""

    @abstractmethod
    def cluster(self, settings: dict[str, Any], threshold: float) -> pa.Table:
        """Group the parties, of which there are two at least, into entities.

        Args:
            settings: A trained model's settings, see `Model.settings`.
            threshold: The match probability from which a pair is joined; entities are what such pairs connect.

        Returns:
            Columns `CLUSTER_COLUMNS`, a row for each party. A `cluster_id` means nothing beyond this table.
        """


OpenWorkplace: TypeAlias = Callable[[Warehouse, Settings, Entity], AbstractContextManager[Workplace]]
