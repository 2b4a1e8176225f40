"""The files of the trial of readers, by `shared.tables`: what does not fit is told apart, as a load keeps it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from delimited_cases import CASES, LARGE, path_of
from shared.errors import PlatformError
from shared.tables import Column, Scratch, infer, look, typed

IMPORTED = since_begun()


def kind(column: Column) -> str:
    """Return what a column is in a few words, as the rivals' program says it."""
    words = {
        "varchar": "text",
        "double": "number",
        "decimal": "number",
        "timestamp": "moment",
        "boolean": "truth value",
    }
    return words.get(column.word, column.word if not column.is_number else "whole number")


def loaded(path: Path, scratch: Scratch) -> dict[str, Any]:
    """Read a file as a new lab does, and return its rows as texts."""
    form = look(path)
    form.check_names(path.name)
    columns = {one.name: one.column for one in infer(path, form, path.name).columns}
    with typed(scratch, path, form, path.name, columns) as rows:
        bad = [one.reason for one in rows.bad_rows()]
        query = rows.good_rows()
        if path.name != LARGE:
            texts = ", ".join(f"cast(#{at} as varchar)" for at in range(1, len(form.header) + 1))
            query = f"select {texts} from ({query})"
        found = scratch.fetch(query)
    kinds = [kind(column) for column in columns.values()]
    return {"header": list(form.header), "rows": [list(row) for row in found], "kinds": kinds, "bad": bad}


def main(folder: Path) -> None:
    """Read all, and tell what was read."""
    found: dict[str, Any] = {}
    with Scratch() as scratch:
        for case in CASES:
            try:
                found[case.name] = loaded(path_of(folder, case), scratch)
            except PlatformError as error:
                found[case.name] = {"refused": error.message}
            # A message that is not ours is a fault, but no value is lost by it.
            except Exception as error:
                found[case.name] = {"refused": f"{type(error).__name__}: {error}"}
        seconds = round(since_begun() - IMPORTED, 3)
        begun = time.perf_counter()
        rows = len(loaded(folder / LARGE, scratch)["rows"])
        large = round(time.perf_counter() - begun, 3)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, large_seconds=large, large_rows=rows, found=found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
