"""Which parties are new, changed or gone since master was written."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from entity_resolution.engine.blocking.basis import Basis
from entity_resolution.engine.parties import record_hash
from shared.warehouse import Warehouse


@dataclass(frozen=True)
class Difference:
    """How the parties of now differ from those that master was made of.

    Attributes:
        rows: Columns `party_id`, `is_there`: those that are new or changed are there, the others are gone.
        parties: How many parties there are now.
        before: Columns `party_id`, `entity_id`: the clusters that master has.
        basis: By what these were found.
    """

    rows: pa.Table
    parties: int
    before: pa.Table
    basis: Basis


def difference(warehouse: Warehouse, parties: str, xref: str) -> pa.Table:
    """Compare parties with those that an xref was made of, and return the rows of a `Difference`.

    Args:
        warehouse: Where both are.
        parties: A table, or a query in brackets, with the columns of `current_parties`.
        xref: A table with columns `party_id`, `record_hash`.
    """
    hashed = f"select party_id, {record_hash(warehouse, parties)} as record_hash from {parties} as party"
    return warehouse.fetch_arrow(
        "select coalesce(now.party_id, before.party_id) as party_id, now.party_id is not null as is_there "
        f"from ({hashed}) as now full outer join {xref} as before on before.party_id = now.party_id "
        "where now.record_hash is distinct from before.record_hash"
    )
