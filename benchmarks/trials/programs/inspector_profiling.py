# /// script
# requires-python = "==3.11.*"
# dependencies = ["fg-data-profiling==4.20.0", "setuptools<81", "pyarrow==25.0.1", "duckdb==1.5.5", "psycopg2-binary"]
# ///
"""The facts of the trial of the inspector, by fg-data-profiling, as ydata-profiling is called now.

It looks at a pandas data frame, so the whole table is read into one first.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import duckdb
import pandas as pd
import psycopg2
from data_profiling import ProfileReport
from inspector_facts import TABLE

IMPORTED = since_begun()


def frame(url: str) -> pd.DataFrame:
    """Read the table."""
    if url.startswith("duckdb"):
        with duckdb.connect(urlsplit(url).path, read_only=True) as connection:
            return connection.execute(f"from {TABLE}").df()
    connection = psycopg2.connect(url)
    try:
        return pd.read_sql(f"select * from {TABLE}", connection)
    finally:
        connection.close()


def main(url: str) -> None:
    """Profile, and tell what was found."""
    # Its own setting for large data: without correlations, interactions and duplicates.
    report = ProfileReport(frame(url), progress_bar=False, minimal=True)
    description = report.get_description()
    alerts = {(one.alert_type.name, one.column_name) for one in description.alerts}
    variables: dict[str, dict[str, Any]] = description.variables
    reading = variables["reading"]
    top = variables["status"]["value_counts_without_nan"]
    found = {
        "rows": description.table["n"],
        "has one value: one_value": ("CONSTANT", "one_value") in alerts,
        "has no values: no_value": variables["no_value"]["n_missing"] == description.table["n"],
        "nulls of reading, apart from NaN": int(reading["n_missing"]),
        "infinite in reading": int(reading["n_infinite"]),
        "greatest finite reading": float(reading["max"]),
        "median of reading": round(float(reading["50%"]), 4),
        "greatest counter": variables["counter"].get("max"),
        "greatest amount": variables["amount"].get("max"),
        "last valid_to": str(variables["valid_to"].get("max"))[:10],
        "statuses": int(variables["status"]["n_distinct"]),
        "most frequent status and its rows": [top.index[0], int(top.iloc[0])],
        "newest row": str(variables["read_at"]["max"]),
    }
    types = {name: str(one["type"]) for name, one in variables.items()}
    # Only a text column that it takes for one of numbers or dates would say so.
    found["number_as_text looks like numbers"] = types["number_as_text"] == "Numeric"
    found["date_as_text looks like dates"] = types["date_as_text"] == "DateTime"
    seconds = round(since_begun() - IMPORTED, 3)
    said = sorted(f"{kind} {name}" for kind, name in alerts)
    packages = ["fg-data-profiling", "pandas", "duckdb"]
    tell(packages, import_seconds=IMPORTED, seconds=seconds, found=found, said=said, types=types)


if __name__ == "__main__":
    main(sys.argv[1])
