# /// script
# requires-python = "==3.11.*"
# dependencies = ["pointblank==1.1.1", "ibis-framework[duckdb,postgres]==12.0.0", "polars==2.1.0", "duckdb==1.5.5"]
# ///
"""The facts of the trial of the inspector, by pointblank's DataScan."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import ibis
import pointblank as pb
from inspector_facts import TABLE

IMPORTED = since_begun()


def main(url: str) -> None:
    """Scan, and tell what was found."""
    duckdb = url.startswith("duckdb")
    database = ibis.duckdb.connect(urlsplit(url).path, read_only=True) if duckdb else ibis.connect(url)
    schema, _, name = TABLE.partition(".")
    scan = json.loads(pb.DataScan(database.table(name, database=schema)).to_json())
    of: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    of |= {one["colname"]: one["statistics"] for one in scan["columns"]}
    scanned = set(of)
    rows, reading = scan["metadata"]["row_count"], of["reading"]
    found = {
        "rows": rows,
        "has one value: one_value": of["one_value"].get("n_unique") == 1,
        "has no values: no_value": of["no_value"].get("n_missing") == rows,
        "nulls of reading, apart from NaN": reading.get("n_missing"),
        "greatest finite reading": reading.get("max"),
        "median of reading": reading.get("median"),
        "greatest counter": of["counter"].get("max"),
        "greatest amount": of["amount"].get("max"),
        "last valid_to": str(of["valid_to"].get("max")),
        "statuses": of["status"].get("n_unique"),
        "newest row": str(of["read_at"].get("max")),
    }
    seconds = round(since_begun() - IMPORTED, 3)
    left_out = sorted({one for one in scan["metadata"]["columns"] if one not in scanned})
    tell(
        ["pointblank", "ibis-framework", "duckdb"],
        import_seconds=IMPORTED,
        seconds=seconds,
        found=found,
        left_out=left_out,
    )


if __name__ == "__main__":
    main(sys.argv[1])
