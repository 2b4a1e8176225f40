"""Ends the processes of `ui` when `ui` is gone, however it went: `python -m orchestration.supervise.guard HOME SCRATCH`.

Standard input is a pipe that only `ui` holds: it names process groups there, and the end of the pipe is its own end.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from orchestration.supervise.processes import end, in_groups, of_runs, tell
from orchestration.supervise.run_locks import held

CODE_SERVER = "code-server"
# A step's process has 20 s after an interrupt.
RUN_SECONDS = 25.0
SERVICE_SECONDS = 5.0


def main(home: str, scratch: str) -> None:
    """Wait for the end of standard input, then end the groups that it named last, and remove a scratch folder."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    groups: dict[str, int] = {}
    for line in sys.stdin:
        name, group = line.split()
        groups[name] = int(group)
    code_servers = {group for name, group in groups.items() if name.startswith(CODE_SERVER)}
    end_services(set(groups.values()) - code_servers)
    end_code_servers(code_servers, Path(home))
    shutil.rmtree(scratch, ignore_errors=True)


def end_services(groups: Collection[int]) -> None:
    """End web server and daemon: from then on nothing is launched."""
    end(lambda: in_groups(groups), signum=signal.SIGTERM, seconds=SERVICE_SECONDS)


def end_code_servers(groups: Collection[int], home: Path) -> None:
    """End code servers and the runs in their groups, which first get time to undo what they have begun."""
    run_ids: set[str] = set()

    def runs() -> set[int]:
        ours = in_groups(groups)
        working = {run_id: pids & ours for run_id, pids in held(home).items() if pids & ours}
        run_ids.update(working)
        return set().union(*working.values())

    end(runs, signum=signal.SIGINT, seconds=RUN_SECONDS)
    # Only the leaders: one that ends waits for runs that have not reached a step yet.
    tell(in_groups(groups) & set(groups), signal.SIGTERM)
    end(lambda: in_groups(groups), signum=0, seconds=SERVICE_SECONDS)
    end(lambda: of_runs(run_ids), signum=signal.SIGINT, seconds=SERVICE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
