"""Read files that people deliver by the labs' reader, clevercsv, DuckDB's sniffer and pandas.

    ./pixiw run -e labs python benchmarks/trials/delimited.py [--times 3]

Nothing is said about a file but where it is. What is read is held against what stands in it: a value that became
another one without a word is the worst that a reader can do, and a refusal that says why is never wrong.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import trial
from delimited_cases import CASES, LARGE_ROWS, Case, write

RIVALS = ("clevercsv", "duckdb", "pandas")


def main() -> None:
    """Write the files, read by each, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        write(Path(folder))
        os.environ["TRIAL_DATA_DIR"] = f"{folder}/data"
        commands = {"ours": [*trial.ours("delimited_ours.py"), folder]}
        commands |= {name: [*trial.rival("delimited_rivals.py"), name, folder] for name in RIVALS}
        told = trial.in_turns(commands, times)
    result = {name: judged(one) for name, one in told.items()}
    trial.write("delimited", {"files": len(CASES), "large_rows": LARGE_ROWS, **result})


def judged(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program told, with a verdict on each file and their counts, without the rows."""
    if "found" not in told:
        return dict(told)
    verdicts = {case.name: verdict(case, told["found"][case.name]) for case in CASES}
    counts = Counter(one.partition(":")[0] for one in verdicts.values())
    return {**{key: value for key, value in told.items() if key != "found"}, "verdicts": verdicts, "counts": counts}


def verdict(case: Case, found: Mapping[str, Any]) -> str:
    """Say what a reader made of a file."""
    if "refused" in found:
        return "right: refused" if case.rows is None else f"refused: {found['refused'][:120]}"
    if case.rows is None:
        return f"silent: {found['rows'][:2]}"[:150]
    if len(found["rows"]) == len(case.rows) and all(map(same_row, case.rows, found["rows"])):
        return "right" if len(found["bad"]) == case.bad else f"silent: said nothing of {case.bad} bad row"
    wrong = next((row for row, true in zip(found["rows"], case.rows, strict=False) if not same_row(true, row)), None)
    said = f"{wrong if wrong is not None else len(found['rows'])} for {case.rows[:1]}"[:120]
    return f"told: {found['bad'][:1]}" if found["bad"] else f"silent: {said}"


def same_row(true: list[str], found: list[Any]) -> bool:
    """Tell whether a row says the same, in whatever type."""
    return len(true) == len(found) and all(map(same, true, ("" if one is None else str(one) for one in found)))


def same(true: str, found: str) -> bool:
    """Tell whether a value says the same as its text: numbers may be written otherwise, codes and words may not."""
    if true == found:
        return True
    try:
        code = (true.startswith("0") and not true.startswith("0.")) or "E" in true
        return not code and Decimal(true) == Decimal(found)
    except InvalidOperation:
        return False


if __name__ == "__main__":
    main()
