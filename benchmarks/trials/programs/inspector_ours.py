"""The facts of the trial of the inspector, by `shared.inspector`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from inspector_facts import TABLE
from shared.config import Settings
from shared.inspector import DataInspector
from shared.inspector.findings import of_table
from shared.warehouse import open_warehouse

IMPORTED = since_begun()


def main(url: str, data_dir: Path) -> None:
    """Inspect, and tell what was found."""
    with open_warehouse(Settings(data_dir=data_dir, warehouse_url=url), holder="trial") as warehouse:
        table = DataInspector(warehouse, remember=False).inspect(TABLE, key=["id"]).table(TABLE)
    column = table.column
    reading, said = column("reading"), " ".join(of_table(table))
    assert table.key and table.freshness and reading.outliers
    lengths, top = column("email").lengths, column("status").top[0]
    found = {
        "rows": table.rows,
        "has one value: one_value": "`one_value` has one value" in said,
        "has no values: no_value": "`no_value` has no values" in said,
        "nulls of reading, apart from NaN": reading.nulls,
        "NaN of reading": reading.nan,
        "infinite in reading": reading.infinite,
        "greatest finite reading": reading.maximum,
        "outliers of reading": reading.outliers.above,
        "median of reading": reading.quantile(0.5),
        "empty texts of email": lengths.empty if lengths else None,
        "number_as_text looks like numbers": "`number_as_text` is text that looks like numbers" in said,
        "date_as_text looks like dates": "`date_as_text` is text that looks like dates" in said,
        "greatest counter": column("counter").maximum,
        "greatest amount": column("amount").maximum,
        "last valid_to": column("valid_to").maximum,
        "statuses": column("status").distinct,
        "most frequent status and its rows": [top.value, top.count],
        "rows too many for the key id": table.key.surplus,
        "newest row": str(table.freshness.newest),
    }
    seconds = round(since_begun() - IMPORTED, 3)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, found=found, said=of_table(table))


if __name__ == "__main__":
    main(sys.argv[1], Path(os.environ["TRIAL_DATA_DIR"]))
