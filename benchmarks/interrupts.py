"""Interrupt every step of the flow at random moments, and see that none hangs and nothing of it is left.

    ./pixiw run python benchmarks/interrupts.py [--times 500] [--households 100] [--step NAME …] [--jobs N] [--seed N]

For each step: the flow is run up to it, on real data cut down to some households; the data folder is kept. The step
runs once undisturbed. Then, as often as asked: the folder is put back, the step is started and gets SIGINT at a random
moment of its running time, as Ctrl-C sends it. It has to end in time, as 130, and with it every process that it had
started; one that was past its last statement has succeeded and does not count. Results are written as they come, so
that a run that is ended keeps what it had.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from crash import STEPS, Flow
from machine import machine_facts

from shared.command_line import INTERRUPTED
from shared.config import get_settings
from shared.utils import processes

RESULT = Path(__file__).parent / "results" / "interrupts.json"
MARK = "INTERRUPTS_RUN"
# A step's child has 20 s after an interrupt, and is killed then.
HANGS_SECONDS = 90.0
LINGERS_SECONDS = 2.0
# What a process takes from its last statement to its end: an interrupt that comes then finds nothing to interrupt.
ENDING_SECONDS = 1.0
SHOWN = 2_000


def main() -> int:
    """Run the interrupts, write the result, and return 1 when any of them ended as it should not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=500, help="interrupts of all steps together")
    parser.add_argument("--households", type=int, default=100, help="size of the sample")
    parser.add_argument("--step", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--jobs", type=int, default=1, help="flows side by side")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    result = Result({"seed": options.seed, "households": options.households, "jobs": options.jobs})

    stopped = threading.Event()

    def job(flow: Interrupted, chance: random.Random) -> None:
        for step in STEPS:
            if step in options.step:
                for outcome in flow.interrupts(step, options.times // len(options.step) // options.jobs, chance):
                    result.add(outcome)
                    if stopped.is_set():
                        return
            flow.run(step)

    with tempfile.TemporaryDirectory(prefix="interrupts-") as name, ThreadPoolExecutor(options.jobs) as pool:
        sample = Flow(Path(name, "sample"))
        sample.make_sample(get_settings(), options.households)
        flows = [Interrupted(Path(name, f"flow-{number}")) for number in range(options.jobs)]
        for flow in flows:
            shutil.copytree(sample.data, flow.data)
        try:
            list(pool.map(job, flows, [random.Random(f"{options.seed}/{number}") for number in range(options.jobs)]))
        finally:
            stopped.set()
    print(f"{len(result.outcomes)} interrupts, {result.wrong} ended as they should not")
    return 1 if result.wrong else 0


class Result:
    """What came of the interrupts so far, in a file.

    Args:
        facts: What else there is to say of the run.
    """

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.outcomes: list[dict[str, Any]] = []
        self.wrong = 0
        self._lock = threading.Lock()

    def add(self, outcome: dict[str, Any]) -> None:
        """Note how one ended."""
        with self._lock:
            self.outcomes.append(outcome)
            self.wrong = sum(each["code"] != INTERRUPTED or bool(each["left"]) for each in self.outcomes)
            hung = sum(each["code"] is None for each in self.outcomes)
            summary = {**self.facts, "number": len(self.outcomes), "hung": hung, "wrong": self.wrong}
            found = {**summary, "interrupts": self.outcomes, **machine_facts(["duckdb"])}
            RESULT.write_text(json.dumps(found, indent=1) + "\n")


class Interrupted(Flow):
    """A flow whose steps get interrupts."""

    def interrupts(self, step: str, times: int, chance: random.Random) -> Iterator[dict[str, Any]]:
        """Interrupt a step `times` times, and return how each ended."""
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.data, self.kept)
        seconds = self.run(step)
        done = 0
        while done < times:
            self.put_back()
            moment = chance.uniform(0.0, seconds)
            outcome = self.interrupt_after(step, moment)
            if outcome is None:
                # It had ended by then: it takes less time than it took first.
                seconds = moment
                continue
            done += 1
            print(f"{step} {done}/{times}: {outcome}", flush=True)
            yield {"step": step, "moment": round(moment, 3), "of": round(seconds, 3), **outcome}
        self.put_back()

    def interrupt_after(self, step: str, seconds: float) -> dict[str, Any] | None:
        """Start a step, interrupt it after some seconds, and tell how it ended; None where its work was done."""
        self.environment[MARK] = mark = uuid.uuid4().hex
        self.log.unlink(missing_ok=True)
        child = self.start(step)
        if processes.wait(child, seconds) is not None:
            return None
        begun = time.monotonic()
        processes.tell(child, signal.SIGINT)
        code = processes.wait(child, HANGS_SECONDS)
        took = time.monotonic() - begun
        left = lingering(mark)
        if code not in (INTERRUPTED, -signal.SIGINT) or left:
            print(self.log.read_text(errors="replace")[-SHOWN:] if self.log.exists() else "", flush=True)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if code == 0 and took < ENDING_SECONDS and not left:
            return None
        # As a shell tells it.
        told = 128 - code if code is not None and code < 0 else code
        return {"code": told, "seconds": round(took, 3), "left": sorted(left.values())}


def lingering(mark: str) -> dict[int, str]:
    """Return the processes that have the mark in their environment, and do not end within a moment."""
    deadline = time.monotonic() + LINGERS_SECONDS
    while (found := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def marked(mark: str) -> dict[int, str]:
    """Return the living processes with the mark in their environment, by their program and first argument."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}" in (entry / "environ").read_text(errors="replace").split("\0"):
                words = (entry / "cmdline").read_text(errors="replace").split("\0")[:3]
                found[int(entry.name)] = " ".join(Path(word).name for word in words)
        except OSError:
            continue
    return found


if __name__ == "__main__":
    raise SystemExit(main())
