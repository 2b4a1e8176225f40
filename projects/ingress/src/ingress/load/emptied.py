"""Parents that were read again and have no rows within them any more: what they had is dropped."""

from __future__ import annotations

import pyarrow as pa

from ingress.source import Input, Resource
from shared.warehouse import Warehouse, quote

EMPTIED = "_emptied"


def drop_emptied(warehouse: Warehouse, resource: Resource, read: Input) -> None:
    """Drop the rows of such parents; of the others, rows are replaced as the new ones are merged.

    Args:
        warehouse: In the transaction that merges them.
    """
    if not resource.reader.whose:
        return
    columns, relation = ", ".join(quote(name) for name in resource.reader.whose), quote(resource.relation)
    warehouse.execute(f"create temporary table {EMPTIED} as select {columns} from {relation} limit 0")
    for batch in read.emptied():
        warehouse.append_arrow(EMPTIED, pa.Table.from_batches([batch]))
    warehouse.execute(f"delete from {relation} where ({columns}) in (select {columns} from {EMPTIED})")
    warehouse.execute(f"drop table {EMPTIED}")
