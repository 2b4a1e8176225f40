"""Read files that people deliver by the platform's reader, clevercsv, DuckDB, pandas and polars.

    ./pixiw run -e labs python benchmarks/trials/delimited.py [--times 3]

Nothing is said about a file but where it is. What is read is held against what stands in it: a value that became
another one without a word is the worst that a reader can do, and a refusal that says why is never wrong. Each library
reads as it does by default, and as it does when it is told to keep every value as text.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import delimited_page
import trial
from delimited_cases import CASES, LARGE_ROWS, write
from delimited_verdicts import verdict

WAYS = ("default", "text")
# It gives no types, so there is no other way.
RIVALS = {"clevercsv": WAYS[:1], "duckdb": WAYS, "pandas": WAYS, "polars": WAYS}


def main() -> None:
    """Write the files, read by each, and write the result and the page of the documentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        write(Path(folder))
        os.environ["TRIAL_DATA_DIR"] = f"{folder}/data"
        commands = {"ours": [*trial.ours("delimited_ours.py"), folder]}
        for name, ways in RIVALS.items():
            for way in ways:
                commands[f"{name}, {way}"] = [*trial.rival("delimited_rivals.py"), name, way, folder]
        told = trial.in_turns(commands, times)
    result = {name: judged(one) for name, one in told.items()}
    trial.write("delimited", {"files": len(CASES), "large_rows": LARGE_ROWS, **result})
    delimited_page.main()


def judged(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program told, with a verdict on each file and their counts, without the rows."""
    if "found" not in told:
        return dict(told)
    verdicts = {case.name: verdict(case, told["found"][case.name]) for case in CASES}
    counts = Counter(one["verdict"] for one in verdicts.values())
    return {**{key: value for key, value in told.items() if key != "found"}, "counts": counts, "verdicts": verdicts}


if __name__ == "__main__":
    main()
