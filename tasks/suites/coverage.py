"""Measure which branches the tests run, over all processes and environments: `python -m tasks.suites.coverage`.

Coverage starts in each Python process that finds COVERAGE_PROCESS_START among its variables; coverage.ini says what of
it is measured. A process that is killed takes its figures along.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shared.command_line import command
from shared.config import get_settings
from shared.errors import PlatformError
from shared.utils.processes import run
from shared.workspace.environments import nested_run
from tasks.doctor.repo import Repo
from tasks.suites.affected import owner_of
from tasks.suites.listed import all_suites, named_suites
from tasks.suites.running import WHOLE, run_suites

SETTINGS = "coverage.ini"
REASONS = Path(__file__).with_name("uncovered.toml")
FOLDER = Path(".pixi", "coverage")
# Its Python reads the code of the older ones too.
ENVIRONMENT = "py312-research"
REPORT_SECONDS = 900.0
SHOWN_CHARACTERS = 2_000
WANTED = 90.0
NO_REASON = "no reason is given in uncovered.toml"


class Share(NamedTuple):
    """How much was run: of statements and branches so many, of so many."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        """Of nothing all was run."""
        return 100.0 * self.covered / self.total if self.total else 100.0


def main(argv: Sequence[str]) -> int:
    """Run suites, show what share of each project's branches they run, and why some modules are below nine tenths.

    Returns:
        1 where a suite failed, else 0.
    """
    parser = argparse.ArgumentParser(prog="coverage", description="Run suites and show which branches they run.")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="only these, as in `ingress`")
    options = parser.parse_args(argv)
    root = get_settings().root
    suites = named_suites(all_suites(Repo(root)), options.suites)
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    (root / FOLDER).mkdir(parents=True)
    outcomes = run_suites(suites, root, WHOLE, variables={"COVERAGE_PROCESS_START": str(root / SETTINGS)})
    modules = shares(report(root))
    print(as_text(modules, tomllib.loads(REASONS.read_text(encoding="utf-8"))))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def report(root: Path) -> Mapping[str, Any]:
    """Return what all processes together have run, as coverage's JSON has it.

    Raises:
        PlatformError: Coverage fails.
    """
    path = root / FOLDER / "coverage.json"
    for words in (["combine", "--quiet"], ["json", "--quiet", "-o", str(path)]):
        line, variables = nested_run(
            root, ENVIRONMENT, "coverage", words[0], "--rcfile", str(root / SETTINGS), *words[1:]
        )
        done = run(line, seconds=REPORT_SECONDS, cwd=root, env=variables, together=True)
        if done.returncode:
            raise PlatformError(
                f"coverage cannot sum up what was run: `{done.stdout[-SHOWN_CHARACTERS:].strip()}`",
                hint="run the command again; `--debug` shows where it ended",
            )
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def shares(report: Mapping[str, Any]) -> dict[str, Share]:
    """Return the share of each module that was run, by its file."""
    found = {}
    for file, figures in report["files"].items():
        counts = figures["summary"]
        found[os.path.normpath(file)] = Share(
            counts["covered_lines"] + counts["covered_branches"], counts["num_statements"] + counts["num_branches"]
        )
    return found


def as_text(modules: Mapping[str, Share], reasons: Mapping[str, str]) -> str:
    """Return a line for each project, beneath it one for each module of which too little was run, with the reason."""
    projects: dict[str, dict[str, Share]] = defaultdict(dict)
    for file, share in modules.items():
        projects[owner_of(file) or "elsewhere"][file] = share
    lines = []
    for project, files in sorted(projects.items()):
        whole = Share(sum(each.covered for each in files.values()), sum(each.total for each in files.values()))
        lines.append(f"{whole.percent:5.1f} %  {project}: {whole.covered} of {whole.total} statements and branches")
        low = sorted((share.percent, file) for file, share in files.items() if share.percent < WANTED)
        lines += [f"           {percent:5.1f} %  {file}: {reasons.get(file, NO_REASON)}" for percent, file in low]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(command(main))
