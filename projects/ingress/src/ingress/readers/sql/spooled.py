"""Rows on disk while the keys that come twice among them are looked for: read from outside once, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import pyarrow as pa

from ingress.duplicate_keys import duplicated_keys
from ingress.gather.spool import Spool
from ingress.source import Batch
from shared.data_quality import POSITION


class Spooled:
    """Checked batches of one origin; the rows lose their positions, which a table does not have."""

    def __init__(self, batches: Iterable[Batch], key: Sequence[str]) -> None:
        self._batches, self._key = batches, list(key)
        self._spool = Spool()

    def duplicated(self, duck: duckdb.DuckDBPyConnection) -> pa.Table:
        """Read all rows, and return the keys that occur more than once, and maybe a few that do not."""
        schema = pa.schema([(name, pa.null()) for name in self._key])
        for batch in self._batches:
            good = placeless(batch.good)
            self._spool.add(Batch(batch.origin, batch.order, good, batch.bad))
            schema = pa.schema([good.schema.field(name) for name in self._key])
        return duplicated_keys(duck, lambda: duck.from_arrow(self._spool.columns(schema)), self._key)

    def batches(self) -> Iterator[Batch]:
        """Return the batches, once they were looked at."""
        # They are one origin's, so that two rows of one key that differ are told, in whatever batches they came.
        for batch in self._spool.batches():
            yield Batch(batch.origin, 0, batch.good, batch.bad)
        self._spool.close()


def placeless(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows without a place."""
    at = rows.schema.get_field_index(POSITION)
    return rows.set_column(at, rows.schema.field(at), pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
