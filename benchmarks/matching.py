"""Measure how well records are matched by what `new-entity` declares, unaltered, against others, in one run.

    ./pixiw run -e entity-resolution python benchmarks/matching.py [--register 20000] [--without goldenmatch]

The sets are FEBRL 1 to 4 without the social security number, which are easy, and a made register of old persons, which
is not (`matching_sets.py`). Each way gets the same columns, in a process of its own, and gives a cluster for each
record: ours by `new-entity` and `resolve` with nothing corrected; Splink alone by a model and rules that a person would
write for the set, at the best of six thresholds, as the truth has it; goldenmatch as it configures itself. Pairwise and
B-cubed F1, processor seconds and peak memory go to results/matching.json. custmatch is left out: it learns from pairs
that somebody has labelled.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts, processor_seconds
from matching_sets import Register, febrl
from packages import environment_with

from shared.matching import compare
from shared.utils.processes import run

HERE = Path(__file__).parent
RESULT = HERE / "results" / "matching.json"
GOLDENMATCH = "goldenmatch==3.22.*"
WAYS = ("ours", "splink", "goldenmatch")
WAY_SECONDS = 3600.0
SEED = 7


def main() -> None:
    """Run each way on each set, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--register", type=int, default=20_000, help="records of the register")
    parser.add_argument("--without", nargs="*", choices=WAYS, default=[])
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="matching-") as name:
        folder = Path(name)
        sets = {**febrl(folder / "febrl"), f"register {options.register:,}": Register(SEED).table(options.register)}
        interpreters = {"ours": sys.executable, "splink": sys.executable}
        if "goldenmatch" not in options.without:
            commands = environment_with(folder / "goldenmatch", [GOLDENMATCH, "pyarrow"])
            interpreters["goldenmatch"] = str(commands / "python")
        for called, records in sets.items():
            for way, python in interpreters.items():
                if way not in options.without:
                    rows.append({"set": called, "way": way, **measured(way, python, records, folder)})
                    print(rows[-1], flush=True)
    facts = machine_facts(["splink", "duckdb"])
    RESULT.write_text(json.dumps({"seed": SEED, "goldenmatch": GOLDENMATCH, "rows": rows, **facts}, indent=1) + "\n")


def measured(way: str, python: str, records: pa.Table, folder: Path) -> dict[str, Any]:
    """Let one way match records in a process of its own, and return what came of it."""
    source, target = folder / "records.parquet", folder / "clusters.parquet"
    pq.write_table(records.drop_columns(["entity"]), source)
    truth = records.select(["record", "entity"])
    # By it Splink alone chooses its threshold; nobody else reads it.
    pq.write_table(truth, folder / "truth.parquet")
    target.unlink(missing_ok=True)
    script = HERE / "matchers" / f"by_{way}.py"
    begun = processor_seconds()
    done = run([python, str(script), str(source), str(target)], seconds=WAY_SECONDS, cwd=folder)
    seconds = processor_seconds() - begun
    if done.returncode:
        return {"failed": done.stderr[-500:], "cpu_seconds": round(seconds, 1)}
    told = json.loads(done.stdout.splitlines()[-1])
    found = compare(pq.read_table(target), truth)
    shown = ("precision", "recall", "f1", "bcubed_f1")
    return {**{name: round(getattr(found, name), 4) for name in shown}, "cpu_seconds": round(seconds, 1), **told}


if __name__ == "__main__":
    main()
