"""Check a million rows with faults of known number by `shared`, soda-core, pointblank and Great Expectations.

    ./pixiw run python benchmarks/trials/expectations.py [--times 3]

On a DuckDB file and on a PostgreSQL server that this starts. Each program runs by itself, in turns; what it finds is
held against what was seeded.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from typing import Any

import trial
from engines import both_engines
from expectation_cases import BESIDE, ROWS, TABLES, TIMED, Case

RIVALS = ("soda", "pointblank", "gx")


def main() -> None:
    """Seed, check by each, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    commands = {"ours": trial.ours("expectations_ours.py")}
    commands |= {name: trial.rival(f"expectations_{name}.py") for name in RIVALS}
    result: dict[str, Any] = {"rows": ROWS, "checks": len(TIMED)}
    for engine, url in both_engines(TABLES):
        told = trial.in_turns({name: [*line, url] for name, line in commands.items()}, times)
        result[engine] = {name: judged(one) for name, one in told.items()}
    trial.write("expectations", result)


def judged(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program told, with a verdict on each case and their counts."""
    if "found" not in told:
        return dict(told)
    verdicts = {case.name: verdict(case, told["found"].get(case.name)) for case in TIMED}
    verdicts |= {f"beside it: {case.name}": verdict(case, told["beside"].get(case.name)) for case in BESIDE}
    counts = Counter(one.partition(",")[0] for one in verdicts.values())
    shown = sum(bool(one["shown"]) for one in told["found"].values())
    return {**told, "verdicts": verdicts, "counts": counts, "checks_that_show_rows": shown}


def verdict(case: Case, found: Mapping[str, Any] | None) -> str:
    """Say what a program made of a case."""
    if found is None:
        return "no such check"
    outcome = found["outcome"]
    if case.cannot:
        return "right" if outcome == "error" else f"wrong, {outcome}"
    if outcome == "error":
        return "breaks off"
    if case.faults == (0,):
        return "right" if outcome == "passed" else "false alarm"
    if outcome == "passed":
        return "missed"
    return "right" if case.faults is None or found["rows"] in case.faults else f"found, counts {found['rows']}"


if __name__ == "__main__":
    main()
