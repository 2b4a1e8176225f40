"""Read thousands of random tables in random files, and say how many were read or refused.

    ./pixiw run -e default python benchmarks/tables.py [--examples 5000]

The first one that is read wrongly ends it, and nothing is written. The files are those of the property test in
`shared/tests/tables`; the suite reads 200 of them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from machine import machine_facts

from shared.tables import Scratch
from shared.testing.table_properties import read_as_declared, read_as_found
from shared.testing.tables import Written, written_tables

RESULT = Path(__file__).parent / "results" / "tables.json"


def main() -> None:
    """Read them, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=5000)
    examples = parser.parse_args().examples
    begun, counts = time.monotonic(), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="tables-") as folder, Scratch() as scratch:
        path = Path(folder) / "t.csv"

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(written_tables())
        def read_all(written: Written) -> None:
            counts["files"] += 1
            counts["rows"] += len(written.values)
            counts["rows that do not fit"] += written.values.count(None)
            read_as_declared(written, path, scratch)
            counts["read undeclared" if read_as_found(written, path, scratch) else "refused undeclared"] += 1

        read_all()
    result = {**counts, "seconds": round(time.monotonic() - begun, 1)}
    RESULT.write_text(json.dumps({**result, **machine_facts(["duckdb", "hypothesis"])}, indent=1) + "\n")
    print(f"{result}; wrote {RESULT.name}")


if __name__ == "__main__":
    main()
