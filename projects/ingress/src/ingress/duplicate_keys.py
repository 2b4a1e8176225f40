"""Finds the keys that occur more than once among many rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shared.warehouse import quote_name

Hashes = npt.NDArray[np.uint64]


def duplicated_keys(
    duck: duckdb.DuckDBPyConnection,
    rows: duckdb.DuckDBPyRelation | Callable[[], duckdb.DuckDBPyRelation],
    key: Sequence[str],
) -> pa.Table:
    """Return the keys that occur more than once, and maybe a few that do not.

    Sorting hashes takes a quarter of the time of grouping by the keys, and eight bytes a row.

    Args:
        rows: All of them, or what opens them, where they can be read only once.
    """
    opened = rows if callable(rows) else lambda: rows
    doubled = twice(opened().project(f"{key_hash(key)} as hash").fetchnumpy()["hash"])
    columns = ", ".join(quote_name(name) for name in key)
    if not doubled.size:
        return opened().project(columns).limit(0).to_arrow_table()
    duck.register("doubled", pa.table({"hash": doubled}))
    return opened().filter(f"{key_hash(key)} in (from doubled)").project(columns).distinct().to_arrow_table()


def key_hash(key: Sequence[str]) -> str:
    """Return DuckDB's expression for a number that stands for a row's key."""
    return f"hash({', '.join(quote_name(each) for each in key)})"


def twice(hashes: Hashes) -> Hashes:
    """Return the hashes that occur more than once; those given are sorted on the way."""
    hashes.sort()
    found: Hashes = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    return found
