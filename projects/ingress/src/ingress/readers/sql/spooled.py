"""Rows on disk while the keys that come twice among them are looked for: read from outside once, in one snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import duckdb
import numpy as np
import pyarrow as pa

from ingress.readers.rest.spool import Spool
from ingress.source import Batch, Hashes, key_hash, twice
from shared.data_quality import POSITION
from shared.warehouse import quote


class Spooled:
    """Checked batches of one origin; the rows lose their positions, which a table does not have."""

    def __init__(self, batches: Iterable[Batch], key: Sequence[str]) -> None:
        self._batches, self._key = batches, list(key)
        self._spool = Spool()
        self._extras: list[str] = []

    def duplicated(self, duck: duckdb.DuckDBPyConnection) -> pa.Table:
        """Read all rows, and return the keys that occur more than once, and maybe a few that do not."""
        hashes: list[Hashes] = []
        keys: pa.Table | None = None
        for batch in self._batches:
            good = placeless(batch.good)
            self._spool.add(Batch(batch.origin, batch.order, good, batch.bad))
            self._extras = good.schema.names[good.schema.get_field_index(POSITION) + 1 :]
            rows = duck.from_arrow(pa.Table.from_batches([good.select(self._key)]))
            hashes.append(rows.project(f"{key_hash(self._key)} as hash").fetchnumpy()["hash"])
            keys = rows.limit(0).to_arrow_table() if keys is None else keys
        if keys is None:
            return pa.table({name: pa.array([], pa.null()) for name in self._key})
        doubled = twice(np.concatenate(hashes))
        return pa.concat_tables([keys, *self._keys(duck, doubled)]) if doubled.size else keys

    def _keys(self, duck: duckdb.DuckDBPyConnection, doubled: Hashes) -> Iterator[pa.Table]:
        """Return the keys of these hashes."""
        duck.register("doubled", pa.table({"hash": doubled}))
        names = ", ".join(quote(name) for name in self._key)
        for batch in self._spool.batches(self._extras):
            rows = duck.from_arrow(pa.Table.from_batches([batch.good.select(self._key)]))
            yield rows.filter(f"{key_hash(self._key)} in (from doubled)").project(names).distinct().to_arrow_table()

    def batches(self) -> Iterator[Batch]:
        """Return the batches, once they were looked at."""
        # They are one origin's, so that two rows of one key that differ are told, in whatever batches they came.
        for batch in self._spool.batches(self._extras):
            yield Batch(batch.origin, 0, batch.good, batch.bad)
        self._spool.close()


def placeless(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows without a place."""
    at = rows.schema.get_field_index(POSITION)
    return rows.set_column(at, rows.schema.field(at), pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows))
