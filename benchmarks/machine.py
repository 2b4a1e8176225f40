"""What a measurement was made on, for the results."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any


def machine_facts(packages: Sequence[str]) -> dict[str, Any]:
    """Return the machine and the versions of some packages, as a part of a result."""
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "load_average": [round(value, 2) for value in os.getloadavg()],
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {name: version(name) for name in packages},
    }


def processor_seconds() -> float:
    """Return what the processes that have ended took: unlike a clock's time it means the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_memory_mib() -> int:
    """Return the most memory that this process had, which `ru_maxrss` does not tell: it counts who started it too."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
