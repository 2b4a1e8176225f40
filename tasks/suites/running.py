"""Run suites side by side, each as its task in its environment, and sum them up."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, STDOUT
from typing import Any, NamedTuple

from shared.utils.processes import poll, started
from shared.workspace.environments import nested_run
from tasks.suites.listed import Suite

LOGS = Path(".pixi", "suites")
POLL_SECONDS = 0.2
CORES = os.cpu_count() or 1
# Each process of a suite imports and makes for itself what all of its tests need: that pays where cores are many.
PROCESSES = max(1, CORES // 4)
WHOLE = ("--numprocesses", str(PROCESSES if PROCESSES > 1 else 0))
# One more than there are cores for, as tests wait for processes and disks too.
AT_ONCE = CORES // PROCESSES + 1
# Someone who looks on sees what it waits for.
NEWS_SECONDS = 60.0
# A suite that hangs ends itself long before: each of its tests has a limit.
LIMIT_SECONDS = 5400.0
SHOWN_CHARACTERS = 60_000
NOTHING_SELECTED = 5
NONE: Mapping[str, str] = {}


class Outcome(NamedTuple):
    """How a suite has ended: its exit code, and its seconds."""

    suite: Suite
    code: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing of it failed; it may have had nothing to do."""
        return self.code in (0, NOTHING_SELECTED)


class Running(NamedTuple):
    """A suite under way: its child process, and what ends that."""

    suite: Suite
    child: Any
    stack: ExitStack
    begun: float


def run_suites(
    suites: Sequence[Suite],
    root: Path,
    words: Sequence[str],
    at_once: int = AT_ONCE,
    variables: Mapping[str, str] = NONE,
) -> list[Outcome]:
    """Run suites, so many at once, and tell of each when it starts and ends; of a failed one, what it printed.

    Args:
        suites: In the order in which they start.
        root: The workspace.
        words: What pytest gets besides.
        at_once: How many run side by side.
        variables: Set for each of them.
    """
    waiting, running, outcomes = deque(suites), list[Running](), list[Outcome]()
    news = time.monotonic()
    with ExitStack() as everything:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(start(waiting.popleft(), root, words, variables, everything))
            for one in running.copy():
                if (outcome := ended(one)) is not None:
                    running.remove(one)
                    outcomes.append(outcome)
                    tell(outcome, root)
            if time.monotonic() - news > NEWS_SECONDS:
                news = time.monotonic()
                names = ", ".join(f"{one.suite.name} for {news - one.begun:.0f} s" for one in running)
                print(f"     {names}; {len(waiting)} to come", flush=True)
            time.sleep(POLL_SECONDS)
    return outcomes


def start(
    suite: Suite, root: Path, words: Sequence[str], variables: Mapping[str, str], everything: ExitStack
) -> Running:
    """Start a suite; what it prints goes to its log."""
    print(f"     {suite.name}: starts", flush=True)
    stack = everything.enter_context(ExitStack())
    log = log_of(suite, root)
    log.parent.mkdir(parents=True, exist_ok=True)
    file = stack.enter_context(log.open("wb"))
    command, outer = nested_run(root, suite.environment, suite.task, *words)
    child = stack.enter_context(
        started(command, cwd=root, env={**outer, **variables}, stdin=DEVNULL, stdout=file, stderr=STDOUT)
    )
    return Running(suite, child, stack, time.monotonic())


def ended(one: Running) -> Outcome | None:
    """Return the outcome of a suite; None where it still runs. One that is over its limit is ended."""
    seconds = time.monotonic() - one.begun
    code = poll(one.child)
    if code is None and seconds < LIMIT_SECONDS:
        return None
    one.stack.close()
    return Outcome(one.suite, 1 if code is None else code, seconds)


def tell(outcome: Outcome, root: Path) -> None:
    """Show how a suite has ended, and of a failed one what it printed, the end of it where that is long."""
    printed = log_of(outcome.suite, root).read_text(encoding="utf-8", errors="replace")
    sums = re.findall(r"^=+ (.*(?:passed|failed|error|deselected).*?) =+$", printed, re.MULTILINE)
    if not outcome.passed:
        print(printed[-SHOWN_CHARACTERS:])
    mark = "✓" if outcome.passed else "✗"
    print(
        f"{mark} {outcome.suite.name}: {sums[-1] if sums else 'no tests'}, {outcome.seconds:.1f} s in all", flush=True
    )


def log_of(suite: Suite, root: Path) -> Path:
    """Return where what a suite prints is kept until it runs again."""
    return root / LOGS / f"{suite.task}-{suite.environment}.log"
