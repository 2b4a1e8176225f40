# /// script
# requires-python = "==3.11.*"
# dependencies = ["clevercsv==0.8.5", "pandas==3.1.1", "duckdb==1.5.5"]
# ///
"""The files of the trial of readers, by clevercsv, DuckDB's sniffer or pandas: `… NAME FOLDER`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from delimited_cases import CASES, LARGE

Reader = Callable[[Path], list[list[str]]]


def clevercsv_reader() -> Reader:
    """Return clevercsv's reader: dialect and encoding found, fields as they stand."""
    import clevercsv

    def read(path: Path) -> list[list[str]]:
        # By its own advice a beginning is enough for a large file.
        return clevercsv.read_table(str(path), num_chars=10_000 if path.name == LARGE else None)[1:]

    return read


def duckdb_reader() -> Reader:
    """Return DuckDB's reader, which finds the dialect and the types."""
    import duckdb

    connection = duckdb.connect()

    def read(path: Path) -> list[list[str]]:
        rows = connection.sql(f"from read_csv('{path}')")
        if path.name == LARGE:
            return rows.fetchall()
        texts = ", ".join(f"cast(#{place} as varchar)" for place in range(1, len(rows.columns) + 1))
        return [list(row) for row in connection.sql(f"select {texts} from rows").fetchall()]

    return read


def pandas_reader() -> Reader:
    """Return pandas' reader, told to find the delimiter."""
    import pandas as pd

    def read(path: Path) -> list[list[str]]:
        frame = pd.read_csv(path, sep=None, engine="python")
        if path.name == LARGE:
            return frame.values.tolist()
        return [["" if pd.isna(value) else str(value) for value in row] for row in frame.itertuples(index=False)]

    return read


READERS = {"clevercsv": clevercsv_reader, "duckdb": duckdb_reader, "pandas": pandas_reader}


def main(name: str, folder: Path) -> None:
    """Read all, and tell what was read."""
    read = READERS[name]()
    imported = since_begun()
    found: dict[str, Any] = {}
    for number, case in enumerate(CASES):
        try:
            found[case.name] = {"rows": read(folder / f"{number:02}.csv"), "bad": []}
        except Exception as error:
            found[case.name] = {
                "refused": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            }
    seconds = round(since_begun() - imported, 3)
    begun = time.perf_counter()
    rows = len(read(folder / LARGE))
    large = round(time.perf_counter() - begun, 3)
    tell([name], import_seconds=imported, seconds=seconds, large_seconds=large, large_rows=rows, found=found)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
