"""Ask the run ledger, dlt's own tables, dlt-ops' and OpenLineage's events about the same runs.

    ./pixiw run python benchmarks/trials/ledger.py

Five loads, each a process of its own: one brings rows, one finds nothing new, one fails, one is killed, one still runs
when the ledgers are asked. Ours also on a PostgreSQL server that this starts.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trial
from engines import both_engines
from ledger_runs import LOADS, TRUE

from shared.utils import processes

START_SECONDS = 120.0


def main() -> None:
    """Let the loads run, ask, and write the result."""
    result: dict[str, Any] = {"questions": len(TRUE)}
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        told, spent = asked(trial.rival("ledger_rivals.py"), [folder], Path(folder), LOADS)
        for name, found in told["found"].items():
            result[name] = {**judged(found), "ledger_seconds": spent.get(name), "versions": told["versions"]}
    for engine, url in both_engines({}):
        with tempfile.TemporaryDirectory(prefix="trial-") as folder:
            names = ("transform", *LOADS)
            told, spent = asked(trial.ours("ledger_ours.py"), [url, folder], Path(folder), names)
        result[f"ours_{engine}"] = {**told, **judged(told.get("found", {})), "ledger_seconds": spent}
    trial.write("ledger", result)


def asked(
    command: Sequence[str], arguments: Sequence[str], folder: Path, loads: Sequence[str]
) -> tuple[dict[str, Any], Any]:
    """Let loads run, ask while the last one does, and return the answers and what noting the first load took."""
    spent: Any = None
    for name in loads[:-1]:
        told = trial.run([*command, *arguments, name])
        spent = told.get("ledger_seconds") if name == LOADS[0] else spent
        print(f"  {name}: {told.get('failed', 'ended')}", flush=True)
    with processes.started(
        [*command, *arguments, loads[-1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        deadline = time.monotonic() + START_SECONDS
        while (
            not (folder / f"{loads[-1]}.begun").exists()
            and time.monotonic() < deadline
            and processes.poll(child) is None
        ):
            time.sleep(0.1)
        answer = trial.run([*command, *arguments, "ask"])
        (folder / "asked").touch()
    if "busy" in answer:
        # A file is its writer's alone while that runs: asked again once it has been ended.
        answer |= {key: value for key, value in trial.run([*command, *arguments, "ask"]).items() if key == "found"}
    return answer, spent


def judged(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a verdict on each question, and their counts."""
    verdicts = {}
    for question, true in TRUE.items():
        answer = found.get(question)
        verdicts[question] = (
            "right" if answer == true else "cannot tell" if answer in (None, False) else f"wrong: {answer}"
        )
    return {"verdicts": verdicts, "counts": Counter(one.partition(":")[0] for one in verdicts.values())}


if __name__ == "__main__":
    main()
