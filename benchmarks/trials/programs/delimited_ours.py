"""The files of the trial of readers, by the labs: types inferred, then read, what does not fit in the quarantine."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from delimited_cases import CASES, LARGE
from shared.errors import PlatformError
from shared.tables import Scratch, infer, look, staged

IMPORTED = since_begun()


def loaded(path: Path, scratch: Scratch) -> dict[str, Any]:
    """Read a file as a new lab does, and return its rows as texts."""
    form = look(path)
    form.check_names(path.name)
    columns = {one.name: one.column for one in infer(path, form, path.name).columns}
    with staged(scratch, path, form, path.name) as read:
        query = f"({read.good_rows(columns)})"
        if path.name != LARGE:
            query = f"select {', '.join(f'cast(#{n} as varchar)' for n in range(1, len(columns) + 1))} from {query}"
        rows = scratch.fetch(f"select * from {query}" if path.name == LARGE else query)
        bad = [one.reason for one in read.bad_rows(columns)]
    return {"rows": [list(row) for row in rows], "bad": bad, "types": [one.described() for one in columns.values()]}


def main(folder: Path) -> None:
    """Read all, and tell what was read."""
    found: dict[str, Any] = {}
    with Scratch() as scratch:
        for number, case in enumerate(CASES):
            try:
                found[case.name] = loaded(folder / f"{number:02}.csv", scratch)
            except PlatformError as error:
                found[case.name] = {"refused": error.message}
        seconds = round(since_begun() - IMPORTED, 3)
        begun = time.perf_counter()
        rows = len(loaded(folder / LARGE, scratch)["rows"])
        large = round(time.perf_counter() - begun, 3)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, large_seconds=large, large_rows=rows, found=found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
