"""Checks on what waits: for a process, a thread, or the lock of a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tasks.doctor.repo import Finding, Repo

# What waits for ever where it is given no bound: methods of processes and threads, with how many arguments come before
# the bound, and functions that run a program.
WAITING = {"wait": 0, "join": 0, "communicate": 1}
RUNNING = {"subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
LOCKING = {"fcntl.flock", "fcntl.lockf"}
# What waits as long as a person's own command takes, or stands alone, without `shared`.
MAY_WAIT = {
    "tasks/pixiw/": "stands alone, and runs what a person has typed",
    "tasks/postgres/demo.py": "runs the whole demo",
}


def waits_have_a_bound(repo: Repo) -> Iterator[Finding]:
    """Nothing waits without a bound for a process, a thread or the lock of a file, but in tests.

    Use `shared.utils.processes` and `shared.utils.locks`, or give it a timeout.
    """
    for file, nodes in repo.nodes.items():
        if "/tests/" not in file and not file.startswith(tuple(MAY_WAIT)):
            for node in nodes:
                if isinstance(node, ast.Call) and (what := unbounded(node)):
                    yield Finding(f"{file}:{node.lineno}", f"waits without a bound: `{what}`")


def unbounded(call: ast.Call) -> str:
    """What a call waits for without a bound, as it is written; empty where it does not."""
    written = ast.unparse(call.func)
    if written in LOCKING:
        kinds = {
            node.attr for argument in call.args[1:] for node in ast.walk(argument) if isinstance(node, ast.Attribute)
        }
        return written if kinds & {"LOCK_EX", "LOCK_SH"} and "LOCK_NB" not in kinds else ""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if written in RUNNING:
        bounds: list[ast.expr] = []
    elif method in WAITING:
        bounds = call.args[WAITING[method] :]
    else:
        return ""
    # What is handed on as `**options` may be one.
    bounds += [word.value for word in call.keywords if word.arg in ("timeout", None)]
    return "" if any(not isinstance(bound, ast.Constant) or bound.value is not None for bound in bounds) else written


CHECKS = (waits_have_a_bound,)
