"""The cases of the trial of expectations, by `shared.data_quality.expectations`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

from expectation_cases import BESIDE, ORDERS, TIMED, Case
from shared.config import Settings
from shared.data_quality.expectations import Suite, validate
from shared.warehouse import Warehouse, open_warehouse

IMPORTED = since_begun()


def main(url: str, data_dir: Path) -> None:
    """Check, and tell what was found."""
    with open_warehouse(Settings(data_dir=data_dir, warehouse_url=url), holder="trial") as warehouse:
        found = check(warehouse, TIMED)
        seconds = round(since_begun() - IMPORTED, 3)
        beside = check(warehouse, BESIDE)
    tell(["duckdb"], import_seconds=IMPORTED, seconds=seconds, found=found, beside=beside)


def check(warehouse: Warehouse, cases: Sequence[Case]) -> dict[str, Any]:
    """Return what becomes of each case."""
    checks = [
        {case.kind: case.arguments, "name": case.name, **({"where": case.where} if case.where else {})}
        for case in cases
    ]
    suite = Suite.model_validate({"version": 1, "tables": {ORDERS: {"key": ["clean_id"], "expect": checks}}})
    return {
        one.name: {"outcome": one.status, "rows": one.rows_failed, "shown": len(one.sample), "said": one.observed}
        for one in validate(warehouse, suite)
    }


if __name__ == "__main__":
    main(sys.argv[1], Path(os.environ["TRIAL_DATA_DIR"]))
