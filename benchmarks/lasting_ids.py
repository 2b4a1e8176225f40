"""Hold the registry of entity ids to its contract in thousands of random histories, on real DuckDB files.

    ./pixiw run -e entity-resolution python benchmarks/lasting_ids.py [--histories 5000] [--steps 8] [--seed N]

The same histories and the same contract as in the tests (`projects/entity-resolution/tests/registry_histories.py`): fed
in batches, side by side, each step written to a warehouse and read back. The first step that breaks a rule ends it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from machine import machine_facts

from entity_resolution.engine.master import MIGRATIONS
from shared.config import Settings
from shared.warehouse import open_warehouse
from shared.warehouse.migrations import migrate

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "lasting_ids.json"
BATCH = 100


def main() -> int:
    """Feed the histories and write how many there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "projects" / "entity-resolution" / "tests"))
    from registry_replay import TABLES, replay

    begun = time.monotonic()
    events: dict[str, int] = {}
    for first in range(0, options.histories, BATCH):
        names = [f"h{number}" for number in range(first, min(first + BATCH, options.histories))]
        with tempfile.TemporaryDirectory(prefix="lasting-ids-") as folder:
            settings = Settings(data_dir=Path(folder), warehouse_url="")
            with open_warehouse(settings, holder="benchmark", role="entity_resolution", mode="write") as warehouse:
                migrate(warehouse, MIGRATIONS)
                replay(warehouse, TABLES, names, steps=options.steps, seed=options.seed + first)
                for event, count in warehouse.fetch(f"select event, count(*) from {TABLES.events} group by event"):
                    events[event] = events.get(event, 0) + count
        print(f"{first + len(names)} histories of {options.steps} steps hold", flush=True)
    result = {**vars(options), "events": events, "seconds": round(time.monotonic() - begun, 1)}
    RESULT.write_text(json.dumps({**result, **machine_facts(["duckdb"])}, indent=1) + "\n")
    print(f"{options.histories} histories, no rule broken, {events}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
