# /// script
# requires-python = "==3.11.*"
# dependencies = ["pointblank==1.1.1", "ibis-framework[duckdb,postgres]==12.0.0", "polars==2.1.0", "duckdb==1.5.5"]
# ///
"""The cases of the trial of expectations, by pointblank: `uv run --script expectations_pointblank.py URL`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import ibis
import pointblank as pb
from expectation_cases import BESIDE, NOW, TIMED, Case

IMPORTED = since_begun()
# No step of its own: only by an expression that the author writes.
WITHOUT = ("too few rows", "shifted values")


def step(validation: Any, case: Case, database: Any) -> Any:
    """Add a case to a validation."""
    arguments, brief = case.arguments, case.name
    pre = (lambda table: table.filter(ibis._.clean_status == "shipped")) if case.where else None
    if case.kind == "not_null":
        return validation.col_vals_not_null(arguments["columns"], pre=pre, brief=brief)
    if case.kind == "unique":
        return validation.rows_distinct(arguments["columns"], brief=brief)
    if case.kind == "in_set":
        return validation.col_vals_in_set(arguments["column"], arguments["values"], brief=brief)
    if case.kind == "in_range":
        column, low, high = arguments["column"], arguments.get("minimum"), arguments.get("maximum")
        if low is None:
            return validation.col_vals_le(column, high, na_pass=True, brief=brief)
        if high is None:
            return validation.col_vals_ge(column, low, na_pass=True, brief=brief)
        return validation.col_vals_between(column, low, high, na_pass=True, brief=brief)
    if case.kind == "matches":
        return validation.col_vals_regex(arguments["column"], arguments["regex"], na_pass=True, brief=brief)
    if case.kind == "freshness":
        return validation.data_freshness(
            arguments["column"], max_age=arguments["within"], reference_time=NOW, brief=brief
        )
    other = arguments["references"]
    table = database.table(other["table"].split(".")[1], database="core")
    columns = arguments["columns"] if len(arguments["columns"]) > 1 else arguments["columns"][0]
    theirs = other["columns"] if len(other["columns"]) > 1 else other["columns"][0]
    return validation.col_vals_in_table(columns, table, theirs, brief=brief)


def check(database: Any, cases: Sequence[Case]) -> dict[str, Any]:
    """Return what becomes of each case."""
    asked = [case for case in cases if case.name not in WITHOUT]
    validation = pb.Validate(database.table("orders", database="core"))
    for case in asked:
        validation = step(validation, case, database)
    # As many rows as `shared` shows.
    done = validation.interrogate(get_first_n=20, collect_tbl_checked=False)
    found = {}
    for case, one in zip(asked, done.validation_info, strict=True):
        outcome = "error" if one.eval_error else "passed" if one.all_passed else "failed"
        shown = 0 if one.extract is None else len(one.extract)
        found[case.name] = {"outcome": outcome, "rows": one.n_failed, "shown": shown}
    return found


def main(url: str) -> None:
    """Check, and tell what was found."""
    duckdb = url.startswith("duckdb")
    database = ibis.duckdb.connect(urlsplit(url).path, read_only=True) if duckdb else ibis.connect(url)
    found = check(database, TIMED)
    seconds = round(since_begun() - IMPORTED, 3)
    beside = check(database, BESIDE)
    packages = ["pointblank", "ibis-framework", "duckdb"]
    tell(packages, import_seconds=IMPORTED, seconds=seconds, found=found, beside=beside)


if __name__ == "__main__":
    main(sys.argv[1])
