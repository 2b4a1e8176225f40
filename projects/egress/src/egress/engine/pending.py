"""What rows that are to be sent have beside the model's columns."""

from __future__ import annotations

import pyarrow as pa

# Key and hash; and of what the target has answered to last the run, the receipt, and of what it has of the row the
# marks (see `fields`) and its own id: null where there is none.
ROW_KEY, ROW_HASH = "_egress_row_key", "_egress_row_hash"
LAST_RUN, LAST_RECEIPT = "_egress_last_run", "_egress_last_receipt"
LAST_MARKS, LAST_ID = "_egress_last_marks", "_egress_last_id"
ADDED = (ROW_KEY, ROW_HASH, LAST_RUN, LAST_RECEIPT, LAST_MARKS, LAST_ID)


def model_columns(rows: pa.Table) -> pa.Schema:
    """Return the model's columns alone."""
    return pa.schema([column for column in rows.schema if column.name not in ADDED])
