"""Measure the demo as a new user meets it: from a fresh clone with nothing cached, then again.

    ./pixiw run python benchmarks/demo.py

Three runs of `./pixiw run demo` in one clone: with no environment, no data and an empty cache of uv; with the
environments and no data; and once more with nothing new. How long the first takes depends on the network.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from machine import described

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "demo.json"
# What this script's own environment set, and what would lead the demo to another warehouse.
NOT_PASSED_ON = ("PIXI", "VIRTUAL_ENV", "CONDA_PREFIX", "DATA_DIR", "WAREHOUSE_")


def main() -> None:
    """Measure, print and write the result."""
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        environment["UV_CACHE_DIR"] = str(Path(folder) / "cache")
        # Without the folders that this script's own environment put first.
        parts = os.environ["PATH"].split(os.pathsep)
        environment["PATH"] = os.pathsep.join(part for part in parts if not part.startswith(str(ROOT)))
        for name in ("nothing cached", "environments there, no data", "nothing new"):
            if name.startswith("environments"):
                shutil.rmtree(clone / "data")
            begun = time.perf_counter()
            subprocess.run(["./pixiw", "run", "demo"], cwd=clone, env=environment, stdin=subprocess.DEVNULL, check=True)
            seconds[name] = round(time.perf_counter() - begun, 1)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result = {"seconds": seconds, "largest_process_mib": round(memory), **described(["duckdb", "pyarrow"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(seconds, indent=1))


if __name__ == "__main__":
    main()
