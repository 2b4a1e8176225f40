"""Where a run's parties are linked: the seam between the steps of a run and the engines that do the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from entity_resolution.entity import Entity
from shared.config import Settings
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from entity_resolution.engine.blocking.rules import Rule
    from entity_resolution.engine.model_store import Model

CLUSTER_COLUMNS = "party_id, source_system, source_id, cluster_id"


@dataclass(frozen=True)
class Linked:
    """The entities that parties were found to be.

    Attributes:
        clusters: Columns `CLUSTER_COLUMNS`, a row for each party. A `cluster_id` means nothing beyond this table.
        fillers: The values that were held out of comparison, by column, and how many records have each.
        rules: The rules by which pairs were found.
        profile: What the compared values are like, see `engine.profile`.
        touched: Where only what has changed was linked, column `party_id`: the parties of `clusters`, and those that
            are gone. None where all were.
    """

    clusters: pa.Table
    fillers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    profile: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    touched: pa.Table | None = None


class Workplace(ABC):
    """Holds the parties of one run, and links them.

    Attributes:
        parties: The run's parties as a table, or a query in brackets, of the warehouse, columns as `current_parties`.
            They stay as they are while the run lasts, whatever others write to core.
    """

    parties: str

    @abstractmethod
    def session(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Open a DuckDB in memory that holds the parties in the table `FORMED`, to train a model on."""

    @abstractmethod
    def cluster(self, model: Model, threshold: float) -> Linked:
        """Group the parties, of which there are two at least, into entities.

        Args:
            model: How they are compared.
            threshold: The match probability from which a pair is joined; entities are what such pairs connect.
        """

    @abstractmethod
    def release(self) -> None:
        """Give back memory once all is linked: nothing can be linked here any more, and `parties` stay."""


OpenWorkplace: TypeAlias = Callable[[Warehouse, Settings, Entity], AbstractContextManager[Workplace]]
