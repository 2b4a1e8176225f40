"""Ends the processes of `ui` when `ui` is gone, however it went: `python -m orchestration.supervise.guard`.

Standard input is a pipe that only `ui` holds: the end of the pipe is its own end. No supervisor does this, see ADR 13.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Collection
from pathlib import Path

from orchestration.supervise.processes import end, of_services
from orchestration.supervise.run_locks import held

CODE_SERVER = "code-server"
# A step's process has 20 s after an interrupt.
RUN_SECONDS = 25.0
SERVICE_SECONDS = 5.0


def main(home: Path, scratch: str, *names: str) -> None:
    """Wait for the end of standard input, then end the services of these names, and remove a scratch folder."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.stdin.read()
    code_servers = {name for name in names if name.startswith(CODE_SERVER)}
    # Web server and daemon first: from then on nothing is launched.
    end_services({*names} - code_servers, home)
    end_services(code_servers, home)
    shutil.rmtree(scratch, ignore_errors=True)


def end_services(names: Collection[str], home: Path) -> None:
    """End services and what came of them; runs first get time to undo what they have begun."""

    def runs() -> set[int]:
        return set().union(*held(home).values()) & of_services(names, home)

    end(runs, signum=signal.SIGINT, seconds=RUN_SECONDS)
    end(lambda: of_services(names, home), signum=signal.SIGTERM, seconds=SERVICE_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
