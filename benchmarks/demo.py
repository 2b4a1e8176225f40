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

from machine import machine_facts

from shared.workspace.environments import outer_variables

ROOT = Path(__file__).parents[1]
# Far more than it takes.
SECONDS = 3600.0
RESULT = Path(__file__).parent / "results" / "demo.json"
# What would lead the demo to another warehouse.
NOT_PASSED_ON = ("DATA_DIR", "WAREHOUSE_")


def main() -> None:
    """Measure, print and write the result."""
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=SECONDS)
        outer = outer_variables(ROOT, os.environ)
        environment = {name: value for name, value in outer.items() if not name.startswith(NOT_PASSED_ON)}
        environment["UV_CACHE_DIR"] = str(Path(folder) / "cache")
        for name in ("nothing cached", "environments there, no data", "nothing new"):
            if name.startswith("environments"):
                shutil.rmtree(clone / "data")
            begun = time.perf_counter()
            command = ["./pixiw", "run", "-e", "default", "demo"]
            subprocess.run(command, cwd=clone, env=environment, stdin=subprocess.DEVNULL, check=True, timeout=SECONDS)
            seconds[name] = round(time.perf_counter() - begun, 1)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result = {"seconds": seconds, "largest_process_mib": round(memory), **machine_facts(["duckdb", "pyarrow"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(seconds, indent=1))


if __name__ == "__main__":
    main()
