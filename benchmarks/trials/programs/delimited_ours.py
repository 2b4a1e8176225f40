"""The files of the trial of readers, by the labs: types inferred, then read, what does not fit in the quarantine."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from delimited_cases import CASES, LARGE
from labs.csv_file import CsvFile, readable
from labs.inference import infer_columns
from shared.config import Settings
from shared.csv_monitor import read
from shared.errors import PlatformError
from shared.warehouse import Warehouse, open_warehouse

IMPORTED = since_begun()


def loaded(path: Path, warehouse: Warehouse, folder: Path) -> dict[str, Any]:
    """Read a file as a new lab does, and return its rows as texts."""
    form = read(path)[1]
    CsvFile(path, path.name, form, {}).check()
    with readable(path, form.encoding, folder) as utf8:
        types = {column.raw: column.type for column in infer_columns(utf8, form)}
    file = CsvFile(path, path.name, form, types)
    file.check()
    file.stage(warehouse, folder)
    bad = file.bad_rows(warehouse)
    query = f"({file.good_rows()})"
    if path.name != LARGE:
        query = f"select {', '.join(f'cast(#{n} as varchar)' for n in range(1, len(types) + 1))} from {query}"
    rows = warehouse.fetch(query)
    return {"rows": [list(row) for row in rows], "bad": [one.reason for one in bad], "types": list(types.values())}


def main(folder: Path) -> None:
    """Read all, and tell what was read."""
    settings = Settings(data_dir=Path(os.environ["TRIAL_DATA_DIR"]), warehouse_url=f"duckdb:///{folder}/ours.duckdb")
    found: dict[str, Any] = {}
    with open_warehouse(settings, holder="trial", mode="write") as warehouse:
        for number, case in enumerate(CASES):
            try:
                found[case.name] = loaded(folder / f"{number:02}.csv", warehouse, folder / "copies")
            except PlatformError as error:
                found[case.name] = {"refused": error.message}
        seconds = round(since_begun() - IMPORTED, 3)
        begun = time.perf_counter()
        rows = len(loaded(folder / LARGE, warehouse, folder / "copies")["rows"])
        large = round(time.perf_counter() - begun, 3)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, large_seconds=large, large_rows=rows, found=found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
