# /// script
# requires-python = "==3.11.*"
# dependencies = [
#   "great-expectations==1.24.1", "duckdb-engine==0.17.0", "psycopg2-binary", "sqlalchemy<2.1", "duckdb==1.5.5",
#   "setuptools",
# ]
# ///
"""The cases of the trial of expectations, by Great Expectations: `uv run --script expectations_gx.py URL`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import great_expectations as gx
import great_expectations.expectations as gxe
from expectation_cases import BESIDE, NOW, TIMED, Case

IMPORTED = since_begun()
# No expectation of its own: only by SQL that the author writes.
WITHOUT = ("orphans", "orphans of two columns", "sound: no orphans", "shifted values")


def expectation(case: Case) -> Any:
    """Return a case as an expectation."""
    arguments, meta = case.arguments, {"case": case.name}
    column = arguments.get("column", arguments.get("columns", [None])[0])
    if case.kind == "not_null":
        condition: dict[str, Any] = {}
        if case.where:
            condition = {"row_condition": 'col("clean_status")=="shipped"', "condition_parser": "great_expectations"}
        return gxe.ExpectColumnValuesToNotBeNull(column=column, meta=meta, **condition)
    if case.kind == "unique" and len(arguments["columns"]) > 1:
        return gxe.ExpectCompoundColumnsToBeUnique(column_list=arguments["columns"], meta=meta)
    if case.kind == "unique":
        return gxe.ExpectColumnValuesToBeUnique(column=column, meta=meta)
    if case.kind == "in_set":
        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=arguments["values"], meta=meta)
    if case.kind == "in_range":
        bounds = {f"{name[:3]}_value": value for name, value in arguments.items() if name != "column"}
        return gxe.ExpectColumnValuesToBeBetween(column=column, meta=meta, **bounds)
    if case.kind == "matches":
        return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=arguments["regex"], meta=meta)
    if case.kind == "freshness":
        return gxe.ExpectColumnMaxToBeBetween(column=column, min_value=NOW.replace(day=NOW.day - 1), meta=meta)
    return gxe.ExpectTableRowCountToBeBetween(min_value=arguments["minimum"], meta=meta)


def check(batch: Any, cases: Sequence[Case]) -> dict[str, Any]:
    """Return what becomes of each case."""
    suite = gx.ExpectationSuite("orders")
    for case in cases:
        if case.name not in WITHOUT:
            suite.add_expectation(expectation(case))
    found = {}
    # As many values as `shared` shows rows.
    wanted = {"result_format": "SUMMARY", "partial_unexpected_count": 20}
    for one in batch.validate(suite, result_format=wanted).results:
        found[one.expectation_config.meta["case"]] = {
            "outcome": "error" if error_of(one) else "passed" if one.success else "failed",
            "rows": one.result.get("unexpected_count"),
            "shown": len(one.result.get("partial_unexpected_list") or []),
            "said": error_of(one),
        }
    return found


def error_of(result: Any) -> str | None:
    """Return why an expectation could not be checked."""
    told = result.exception_info
    errors = [told] if "raised_exception" in told else list(told.values())
    return next((str(one["exception_message"])[:200] for one in errors if one["raised_exception"]), None)


def main(url: str) -> None:
    """Check, and tell what was found."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if url.startswith("duckdb"):
        # It does not know DuckDB: this goes by SQLAlchemy, as for whatever it does not know. One more slash is root.
        located = url.replace("duckdb:///", "duckdb:////")
        arguments = {"connect_args": {"read_only": True}}
        source = context.data_sources.add_sql("warehouse", connection_string=located, kwargs=arguments)
    else:
        source = context.data_sources.add_postgres("warehouse", connection_string=url.replace("://", "+psycopg2://"))
    asset = source.add_table_asset("orders", table_name="orders", schema_name="core")
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    found = check(batch, TIMED)
    seconds = round(since_begun() - IMPORTED, 3)
    packages = ["great-expectations", "sqlalchemy", "duckdb"]
    tell(packages, import_seconds=IMPORTED, seconds=seconds, found=found, beside=check(batch, BESIDE))


if __name__ == "__main__":
    main(sys.argv[1])
