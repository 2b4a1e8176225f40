"""Run every check and print one line each: `python -m tasks.doctor`. Exits 1 where a check finds something."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import UserError
from tasks.doctor import (
    code,
    commands,
    containers,
    files,
    imports,
    kubernetes,
    ledger,
    locks,
    machines,
    manifest,
    nested,
    roles,
    versions,
    waits,
)
from tasks.doctor.repo import Finding, Repo

Check = Callable[[Repo], Iterator[Finding]]
CHECKS: tuple[Check, ...] = tuple(
    check
    for module in (
        *(manifest, commands, nested, locks, code, imports, ledger, roles, versions, waits, files),
        *(containers, kubernetes, machines),
    )
    for check in module.CHECKS
)


def title_and_hint(check: Check) -> tuple[str, str]:
    """What is true when the check finds nothing, and what to do otherwise: its docstring's first and last paragraph."""
    title, *_, hint = [" ".join(paragraph.split()) for paragraph in str(check.__doc__).split("\n\n")]
    return title.rstrip("."), hint


def main(argv: Sequence[str]) -> int:
    """Examine the repository and print what does not fit.

    Returns:
        1 where something does not fit, else 0.
    """
    parser = argparse.ArgumentParser(prog="doctor", description="Hold the repository's parts against one another.")
    parser.add_argument("--root", type=Path, help="the repository to examine (default: this one)")
    repo = Repo((parser.parse_args(argv).root or get_settings().root).resolve())
    if not (repo.root / "pixi.toml").is_file():
        raise UserError(f"no pixi.toml in: `{repo.root}`", hint="give the root of the repository: --root PATH")
    total = sum(print_findings(check, list(check(repo))) for check in CHECKS)
    print(f"{len(CHECKS)} checks, {total} findings")
    return 1 if total else 0


def print_findings(check: Check, findings: Sequence[Finding]) -> int:
    """Print a check's line and its findings; return how many there are."""
    title, hint = title_and_hint(check)
    print(f"{'✗' if findings else '✓'} {title}")
    for finding in findings:
        print(f"    {finding.file}: {finding.problem}")
    if findings:
        print(f"    hint: {hint}")
    return len(findings)


if __name__ == "__main__":
    sys.exit(command(main))
