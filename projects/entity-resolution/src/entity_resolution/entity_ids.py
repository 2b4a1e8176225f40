"""Which id an entity gets. The seam for ids that last: another policy is another class with `assign`."""

from __future__ import annotations

from typing import Protocol

import duckdb
import pyarrow as pa


class IdPolicy(Protocol):
    """Gives clusters the ids under which others know them."""

    def assign(self, clusters: pa.Table, previous: pa.Table) -> pa.Table:
        """Name the entities.

        Args:
            clusters: Columns `party_id`, `cluster_id` and more: a row for each party.
            previous: Columns `party_id`, `entity_id` as published last; no rows the first time.

        Returns:
            Columns `party_id`, `entity_id`: a row for each party of `clusters`, in the order of `party_id`.
        """
        ...


class SmallestParty:
    """Derives the id from the cluster's smallest party id.

    So it depends on the cluster alone: not on row order, on earlier runs or on what Splink calls the cluster. It
    changes when that party leaves or a smaller one joins; a policy that looks at `previous` can do better.
    """

    def assign(self, clusters: pa.Table, previous: pa.Table) -> pa.Table:
        """See `IdPolicy.assign`; `previous` is not looked at."""
        with duckdb.connect() as connection:
            return connection.sql(
                "select party_id, 'E-' || left(md5(min(party_id) over (partition by cluster_id)), 16) as entity_id "
                "from clusters order by party_id"
            ).to_arrow_table()
