"""The runs of the trial of ledgers, by `shared.monitoring`: `… URL FOLDER LOAD`, or `ask` in place of a load."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from told import since_begun, tell  # noqa: I001, before what takes long to import

import pyarrow as pa
from ledger_runs import LOADS, REASON, TABLE, rows_of
from shared.config import Settings
from shared.errors import WarehouseBusy
from shared.monitoring import history, record_run
from shared.warehouse import open_warehouse

IMPORTED = since_begun()
RELATION = f"raw.{TABLE}"


def load(settings: Settings, folder: Path, name: str) -> float:
    """Load as a run, and return the seconds that the ledger took."""
    role = "transformation" if name == "transform" else "ingress"
    with open_warehouse(settings, holder="trial", role=role, mode="write") as warehouse:
        begun = since_begun()
        with record_run(warehouse, step="transform" if name == "transform" else "ingest", command=name) as run:
            spent = since_begun() - begun
            rows = [] if name == "transform" else list(rows_of(name, folder))
            if rows:
                warehouse.replace_arrow(RELATION, pa.Table.from_pylist(rows))
            begun = since_begun()
            run.output(RELATION, rows=len(rows), detail={} if rows else {"unchanged": True})
        return spent + since_begun() - begun


def ask(settings: Settings) -> dict[str, object]:
    """Return what `status` can say."""
    with open_warehouse(settings, holder="trial") as warehouse:
        runs = {run["command"]: run for run in history.last_runs(warehouse)}
        outputs = warehouse.fetch(
            "select command, relation, row_count, detail from ops.run_output inner join ops.run using (run_id)"
        )
        of = warehouse.fetch("select environment, python_version from ops.run")[0]
    loads = [runs[name] for name in LOADS if name in runs]
    status = {name: runs[name]["status"] for name in LOADS if name in runs}
    return {
        "loads that were begun": len(loads),
        "loads that succeeded": sum(one["status"] == "succeeded" for one in loads),
        "the load that failed": sum(one["status"] == "failed" for one in loads),
        "why it failed": REASON in runs["fails"]["error"],
        "the load that was killed, told from one that runs": status["killed"] == "interrupted",
        "the load that runs now": status.get("running") == "running",
        "how long the first took": runs["new rows"]["seconds"] > 0,
        "rows of the first, by table": next(
            n for name, table, n, _ in outputs if (name, table) == ("new rows", RELATION)
        ),
        "that the second found nothing new": any(
            name == "nothing new" and "unchanged" in told for name, *_, told in outputs
        ),
        "environment and Python of a run": all(of),
        "a step that is no load": "transform" in runs,
    }


def main(url: str, folder: str, what: str) -> None:
    """Load, or tell what the ledger says."""
    settings = Settings(data_dir=Path(folder, "data"), warehouse_url=url, warehouse_lock_timeout=2.0)
    if what != "ask":
        tell(["duckdb"], ledger_seconds=round(load(settings, Path(folder), what), 3))
        return
    begun = since_begun()
    try:
        found = ask(settings)
    except WarehouseBusy as error:
        tell(["duckdb"], busy=error.message)
        return
    tell(["duckdb"], seconds=round(since_begun() - begun, 3), found=found)


if __name__ == "__main__":
    main(*sys.argv[1:])
