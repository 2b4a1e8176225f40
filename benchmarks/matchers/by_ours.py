"""Match records by what `new-entity` declares of them: by_ours.py RECORDS CLUSTERS.

In the data folder and warehouse that the environment names, or else in DuckDB in a folder of its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from entity_resolution import entities
from entity_resolution.cli import main as entity_resolution
from shared.command_line import command
from shared.config import get_settings
from shared.warehouse import open_warehouse


def main(source: str, target: str) -> None:
    """Declare an entity by the columns alone, resolve it, and write the cluster of each record."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATA_DIR", folder)
        declared = Path(folder) / "entities"
        declared.mkdir()
        entities.__path__.append(str(declared))
        entities.modules.cache_clear()
        settings = get_settings()
        with open_warehouse(settings, holder="benchmark", role="transformation", mode="write") as warehouse:
            warehouse.replace_arrow("core.benchmark", pq.read_table(source))
        for call in (
            ["new-entity", "benchmark", "--from", "core.benchmark", "--id", "record"],
            ["run", "--entity", "benchmark"],
        ):
            if command(entity_resolution, call):
                raise SystemExit(f"failed: {call[0]}")
        with open_warehouse(settings, holder="benchmark") as warehouse:
            rows = warehouse.fetch("select source_id, entity_id from master.benchmark_xref")
    records, clusters = zip(*rows, strict=True)
    pq.write_table(pa.table({"record": records, "cluster": clusters}), target)
    print(json.dumps({"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
