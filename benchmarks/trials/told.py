"""What a program of a trial tells the trial that has started it. The standard library alone: rivals import it."""

from __future__ import annotations

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

BEGUN = time.perf_counter()


def since_begun() -> float:
    """Return the seconds since this module was imported, which a program does first."""
    return round(time.perf_counter() - BEGUN, 3)


def tell(packages: list[str], **facts: Any) -> None:
    """Print facts, what this process took of the machine, and versions of packages, as the last line of its output."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    facts |= {"cpu_seconds": round(used.ru_utime + used.ru_stime, 3), "peak_mib": peak_mib()}
    versions = {name: version(name) for name in packages}
    sys.stdout.write("\n" + json.dumps({**facts, "versions": versions}, default=str) + "\n")


def peak_mib() -> int:
    """Return the most memory that this process has held; what the system counts for it includes its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
