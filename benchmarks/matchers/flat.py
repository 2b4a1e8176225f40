"""Records as a CSV can hold them."""

import pyarrow as pa
import pyarrow.compute as cp


def flat(records: pa.Table) -> pa.Table:
    """Return records with lists as texts, since a CSV has none."""
    for place, field in enumerate(records.schema):
        if pa.types.is_list(field.type):
            records = records.set_column(place, field.name, cp.binary_join(records.column(place), "; "))
    return records
