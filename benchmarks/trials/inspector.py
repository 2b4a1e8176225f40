"""Look at half a million rows, of which everything is known, by `shared`, fg-data-profiling, pointblank and SUMMARIZE.

    ./pixiw run python benchmarks/trials/inspector.py [--times 3]

On a DuckDB file and on a PostgreSQL server that this starts. Each program runs by itself, in turns; what it tells is
held against what is true.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any

import trial
from engines import both_engines
from inspector_facts import ROWS, SQL, TABLE, TRUE

RIVALS = ("profiling", "pointblank", "summarize")


def main() -> None:
    """Seed, look by each, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    commands = {"ours": trial.ours("inspector_ours.py")}
    commands |= {name: trial.rival(f"inspector_{name}.py") for name in RIVALS}
    result: dict[str, Any] = {"rows": ROWS, "facts": len(TRUE)}
    for engine, url in both_engines({TABLE: SQL}):
        asked = {name: [*line, url] for name, line in commands.items() if name != "summarize" or engine == "duckdb"}
        result[engine] = {name: judged(one) for name, one in trial.in_turns(asked, times).items()}
    trial.write("inspector", result)


def judged(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program told, with a verdict on each fact and their counts."""
    if "found" not in told:
        return dict(told)
    verdicts = {fact: verdict(fact, true, told["found"].get(fact)) for fact, true in TRUE.items()}
    return {**told, "verdicts": verdicts, "counts": Counter(one.partition(":")[0] for one in verdicts.values())}


def verdict(fact: str, true: Any, told: Any) -> str:
    """Say whether what a program told is so."""
    if told is None or told is False:
        return "not told"
    if isinstance(true, float):
        right = abs(float(told) - true) <= 0.1
    elif isinstance(true, str):
        right = str(told).startswith(true)
    else:
        # As text: an int and a double that is off by one would be equal.
        right = str(told) == str(true)
    return "right" if right else f"wrong: {told}"


if __name__ == "__main__":
    main()
