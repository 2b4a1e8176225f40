"""Parents that were read again and have no rows within them any more: what they had is dropped."""

from __future__ import annotations

import pyarrow as pa

from ingress.raw_names import raw_names
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
    columns = ", ".join(quote(name) for name in raw_names(resource.reader.whose, resource.name))
    relation = quote(resource.relation)
    warehouse.execute(f"create temporary table {EMPTIED} as select {columns} from {relation} limit 0")
    for batch in read.emptied():
        keys = pa.Table.from_batches([batch])
        warehouse.append_arrow(EMPTIED, keys.rename_columns(list(raw_names(keys.schema.names, resource.name))))
    warehouse.execute(f"delete from {relation} where ({columns}) in (select {columns} from {EMPTIED})")
    warehouse.execute(f"drop table {EMPTIED}")
