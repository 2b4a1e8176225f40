# /// script
# requires-python = "==3.11.*"
# dependencies = ["soda-duckdb==4.28.0", "soda-postgres==4.28.0", "duckdb==1.5.5"]
# ///
"""The cases of the trial of expectations, by soda-core: `uv run --script expectations_soda.py URL`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from expectation_cases import BESIDE, NOW, ORDERS, TIMED, Case
from soda_core.contracts import verify_contract_locally

IMPORTED = since_begun()
# No check of its own: only by SQL that the author writes.
WITHOUT = ("orphans of two columns", "shifted values")


def data_source(url: str) -> str:
    """Return the configuration of the database; YAML takes JSON."""
    parts = urlsplit(url)
    connection: dict[str, Any]
    if parts.scheme == "duckdb":
        connection = {"database": parts.path, "schema": "core", "read_only": True}
    else:
        connection = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
        connection["database"] = parts.path.lstrip("/")
    kind = "duckdb" if parts.scheme == "duckdb" else "postgres"
    return json.dumps({"type": kind, "name": "warehouse", "connection": connection})


def dataset(url: str, table: str) -> str:
    """Return a table's name as contracts have it."""
    parts = urlsplit(url)
    database = [] if parts.scheme == "duckdb" else [parts.path.lstrip("/")]
    return "/".join(["warehouse", *database, *table.split(".")])


def check_of(case: Case, url: str) -> dict[str, Any]:
    """Return a case as a check of a contract."""
    asked: dict[str, Any] = {"name": case.name, **({"filter": case.where} if case.where else {})}
    arguments = case.arguments
    if case.kind == "row_count":
        return {"row_count": {**asked, "threshold": {"must_be_greater_than_or_equal": arguments["minimum"]}}}
    if case.kind == "freshness":
        return {
            "freshness": {
                **asked,
                "column": arguments["column"],
                "threshold": {"unit": "day", "must_be_less_than_or_equal": 1},
            }
        }
    if case.kind == "not_null":
        return {"missing": asked}
    if case.kind == "unique":
        return {"duplicate": {**asked, **({"columns": arguments["columns"]} if len(arguments["columns"]) > 1 else {})}}
    if case.kind == "in_set":
        asked["valid_values"] = arguments["values"]
    elif case.kind == "in_range":
        asked |= {f"valid_{name[:3]}": value for name, value in arguments.items() if name != "column"}
    elif case.kind == "matches":
        asked["valid_format"] = {"regex": arguments["regex"], "name": "form"}
    elif case.kind == "foreign_key":
        other = arguments["references"]
        asked["valid_reference_data"] = {"dataset": dataset(url, other["table"]), "column": other["columns"][0]}
    return {"invalid": asked}


def contract(url: str, cases: Sequence[Case]) -> str:
    """Return the contract of the orders."""
    columns: dict[str, list[Any]] = {}
    whole = []
    for case in cases:
        check = check_of(case, url)
        names = case.arguments.get("columns", [case.arguments.get("column")])
        if case.kind in ("row_count", "freshness") or len(names) > 1:
            whole.append(check)
        else:
            # A column may have several checks of a kind only where they are told apart.
            next(iter(check.values()))["qualifier"] = str(len(whole) + sum(map(len, columns.values())))
            columns.setdefault(names[0], []).append(check)
    listed = [{"name": name, "checks": checks} for name, checks in columns.items()]
    return json.dumps({"dataset": dataset(url, ORDERS), "columns": listed, **({"checks": whole} if whole else {})})


def check(url: str, cases: Sequence[Case]) -> dict[str, Any]:
    """Return what becomes of each case."""
    with tempfile.TemporaryDirectory() as folder:
        source, checked = Path(folder, "source.yml"), Path(folder, "contract.yml")
        source.write_text(data_source(url))
        checked.write_text(contract(url, [case for case in cases if case.name not in WITHOUT]))
        result = verify_contract_locally(
            data_source_file_path=str(source),
            contract_file_path=str(checked),
            data_timestamp=NOW.isoformat() + "+00:00",
        )
    found = {}
    counts = {"missing": "missing_count", "duplicate": "duplicate_count", "invalid": "invalid_count"}
    for one in result.contract_verification_results[0].check_results:
        rows = (one.diagnostic_metric_values or {}).get(counts.get(one.check.type, ""))
        outcome = {"NOT_EVALUATED": "error"}.get(one.outcome.name, one.outcome.name.lower())
        found[one.check.name] = {"outcome": outcome, "rows": rows, "shown": 0}
    return found


def main(url: str) -> None:
    """Check, and tell what was found."""
    found = check(url, TIMED)
    seconds = round(since_begun() - IMPORTED, 3)
    beside = check(url, BESIDE)
    tell(["soda-core", "duckdb"], import_seconds=IMPORTED, seconds=seconds, found=found, beside=beside)


if __name__ == "__main__":
    main(sys.argv[1])
