# /// script
# requires-python = "==3.11.*"
# dependencies = ["duckdb==1.5.5"]
# ///
"""The facts of the trial of the inspector, by DuckDB's own SUMMARIZE."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import duckdb
from inspector_facts import TABLE

IMPORTED = since_begun()


def main(url: str) -> None:
    """Summarize, and tell what was found."""
    with duckdb.connect(urlsplit(url).path, read_only=True) as connection:
        broken = None
        try:
            result = connection.execute(f"summarize {TABLE}")
        except duckdb.Error as error:
            broken = str(error)
            result = connection.execute(f"summarize select * exclude (reading) from {TABLE}")
        names = [name for name, *_ in result.description]
        of = {row[0]: dict(zip(names, row, strict=True)) for row in result.fetchall()}
    rows, status = of["id"]["count"], of["status"]
    found = {
        "rows": rows,
        "has one value: one_value": of["one_value"]["approx_unique"] == 1,
        "has no values: no_value": float(of["no_value"]["null_percentage"]) == 100.0,
        "greatest counter": of["counter"]["max"],
        "greatest amount": of["amount"]["max"],
        "last valid_to": of["valid_to"]["max"],
        "statuses": status["approx_unique"],
        "newest row": of["read_at"]["max"],
    }
    if reading := of.get("reading"):
        found["nulls of reading, apart from NaN"] = round(rows * float(reading["null_percentage"]) / 100)
        found |= {"greatest finite reading": reading["max"], "median of reading": reading["q50"]}
    seconds = round(since_begun() - IMPORTED, 3)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, found=found, broken=broken)


if __name__ == "__main__":
    main(sys.argv[1])
