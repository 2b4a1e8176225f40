"""Measure how well records are matched by what `new-entity` declares, unaltered, against others, in one run.

    ./pixiw run -e entity-resolution python benchmarks/matching.py [--register 20000] [--without goldenmatch]
        [--only inventors]

The sets are FEBRL 1 to 4 without the social security number, which are easy, and others that are not: a made register
of old persons (`matching_sets.py`), the mentions of PatentsView whose inventor is known, and censuses and tax forms of
pseudopeople (`matching_published.py`). With `--only` the rows of other sets, and with `--without` those of other ways,
stay as they are in the result.

Each way gets the same columns, in a process of its own, and gives a cluster for each record: ours by `new-entity` and
`resolve` with nothing corrected; Splink alone by a model and rules that a person would write for the set, at the best
of eight thresholds, as the truth has it; custmatch by columns named by a person and 500 pairs labelled by the truth,
200 drawn at random and 300 where its model is least sure, as its package advises; goldenmatch as it configures itself.
Pairwise and B-cubed F1, processor seconds and peak memory go to results/matching.json. What has no result in 300
processor seconds is ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts, processor_seconds
from matching_published import inventors, residents
from matching_sets import FEBRL_FILES, Register, febrl
from packages import environment_with

from shared.matching import compare
from shared.utils.processes import run

HERE = Path(__file__).parent
RESULT = HERE / "results" / "matching.json"
RIVALS = {"custmatch": "custmatch==0.1.2", "goldenmatch": "goldenmatch==3.22.*"}
WAYS = ("ours", "splink", *RIVALS)
WAY_SECONDS, WAY_PROCESSOR_SECONDS = 3600.0, 300
SEED = 7


def main() -> None:
    """Run each way on each set, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--register", type=int, default=20_000, help="records of the register")
    parser.add_argument("--without", nargs="*", choices=WAYS, default=[])
    parser.add_argument("--only", nargs="*", default=[], help="names of sets, or how they begin")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="matching-") as name:
        folder = Path(name)
        sets = sets_in(folder, options.register, options.only)
        interpreters = {"ours": sys.executable, "splink": sys.executable}
        for way, package in RIVALS.items():
            if way not in options.without:
                commands = environment_with(folder / way, [package, "pyarrow"])
                interpreters[way] = str(commands / "python")
        for called, records in sets.items():
            for way, python in interpreters.items():
                if way not in options.without:
                    rows.append({"set": called, "way": way, **measured(way, python, records, folder)})
                    print(rows[-1], flush=True)
    if options.only or options.without:
        made = {(row["set"], row["way"]) for row in rows}
        kept = json.loads(RESULT.read_text())["rows"]
        rows = [*(row for row in kept if (row["set"], row["way"]) not in made), *rows]
    facts = machine_facts(["splink", "duckdb"])
    RESULT.write_text(json.dumps({"seed": SEED, **RIVALS, "rows": rows, **facts}, indent=1) + "\n")


def sets_in(folder: Path, register: int, only: Sequence[str]) -> dict[str, pa.Table]:
    """Return the sets by name, those alone whose name begins with one of `only` where it names any."""
    made: dict[str, Callable[[], pa.Table]] = {
        **{f"FEBRL {number}": partial(febrl, folder / "febrl", number) for number in FEBRL_FILES},
        f"register {register:,}": lambda: Register(SEED).table(register),
        "inventors": lambda: inventors(folder / "inventors"),
        "residents": lambda: residents(folder / "residents"),
    }
    return {name: make() for name, make in made.items() if not only or name.startswith(tuple(only))}


def measured(way: str, python: str, records: pa.Table, folder: Path) -> dict[str, Any]:
    """Let one way match records in a process of its own, and return what came of it."""
    source, target = folder / "records.parquet", folder / "clusters.parquet"
    pq.write_table(records.drop_columns(["entity"]), source)
    truth = records.select(["record", "entity"])
    # By it Splink alone chooses its threshold and custmatch's pairs are labelled; nobody else reads it.
    pq.write_table(truth, folder / "truth.parquet")
    target.unlink(missing_ok=True)
    script = HERE / "matchers" / f"by_{way}.py"
    begun = processor_seconds()
    bounded = ["sh", "-c", f'ulimit -t {WAY_PROCESSOR_SECONDS}; exec "$@"', "sh"]
    done = run([*bounded, python, str(script), str(source), str(target)], seconds=WAY_SECONDS, cwd=folder)
    seconds = processor_seconds() - begun
    if done.returncode:
        return {"failed": done.stderr[-500:], "cpu_seconds": round(seconds, 1)}
    told = json.loads(done.stdout.splitlines()[-1])
    found = compare(pq.read_table(target), truth)
    shown = ("precision", "recall", "f1", "bcubed_f1")
    return {**{name: round(getattr(found, name), 4) for name in shown}, "cpu_seconds": round(seconds, 1), **told}


if __name__ == "__main__":
    main()
