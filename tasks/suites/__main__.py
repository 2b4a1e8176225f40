"""Run test suites side by side, or show which of them a change touches: `python -m tasks.suites [SUITE …]`.

Tasks: `test`, `test-fast`, `test-affected`, `affected`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import UserError
from shared.utils.processes import run
from shared.workspace.manifest import MANIFEST, Manifest, parse_toml
from tasks.doctor.repo import Repo
from tasks.suites.affected import SHARED, WORKSPACE, Affected, Change
from tasks.suites.listed import Suite, all_suites, named_suites
from tasks.suites.running import AT_ONCE, WHOLE, run_suites

GIT_SECONDS = 60.0
SHOWN_REASONS = 200
# What needs no server, no browser and no whole demo.
FAST = ("-m", "not postgres and not browser and not slow and not full", "--numprocesses", "0")


def main(argv: Sequence[str]) -> int:
    """Run suites, or show what a change touches.

    Returns:
        1 where a suite failed, else 0.
    """
    options = parse(argv)
    root = get_settings().root
    repo = Repo(root)
    affected = change_since(repo, options.since).affected() if options.since else everything(repo)
    if options.show:
        print(as_json(affected) if options.json else as_text(affected))
        return 0
    suites = named_suites(affected.suites, options.suites)
    if options.fast:
        suites = one_a_project(suites, repo)
    begun = time.monotonic()
    outcomes = run_suites(suites, root, FAST if options.fast else WHOLE, options.at_once)
    failed = [outcome.suite.name for outcome in outcomes if not outcome.passed]
    sums = f"{len(outcomes) - len(failed)} suites passed, {len(failed)} failed in {time.monotonic() - begun:.1f} s"
    print("\n".join([sums, *(f"  failed: {name}" for name in failed)]))
    return 1 if failed else 0


def one_a_project(suites: Sequence[Suite], repo: Repo) -> list[Suite]:
    """Return the first suite of each project: on one Python, in one environment."""
    sources = repo.manifest.lock_sources
    return list({sources[suite.environment]["project"]: suite for suite in reversed(suites)}.values())[::-1]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="test", description="Run test suites side by side and sum up.")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="only these, as in `ingress`")
    parser.add_argument("--fast", action="store_true", help="only what needs no server, no browser and no whole demo")
    parser.add_argument(
        "--since", metavar="REF", help="only what is touched by what has changed since this commit, branch or tag"
    )
    parser.add_argument("--show", action="store_true", help="run nothing, show what would be touched")
    parser.add_argument("--json", action="store_true", help="show it as JSON")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help=f"so many side by side ({AT_ONCE})")
    options = parser.parse_args(argv)
    if options.at_once < 1:
        raise UserError(f"cannot run so many suites at once: `{options.at_once}`", hint="1 or more")
    return options


def everything(repo: Repo) -> Affected:
    """Return all that there is."""
    manifest = repo.manifest
    projects = dict.fromkeys([*repo.projects, SHARED, WORKSPACE], "all of it")
    return Affected(
        projects, list(manifest.environments), sorted({task.name for task in manifest.tasks}), all_suites(repo)
    )


def change_since(repo: Repo, reference: str) -> Change:
    """Return how the workspace differs from the commit where it and a reference part, what is not committed included.

    Raises:
        UserError: There is no such commit here.
    """
    root = repo.root
    base = git(root, "merge-base", "HEAD", "--end-of-options", reference).strip()
    changed = git(root, "diff", "--name-only", "--no-renames", "-z", base).split("\0")
    new = git(root, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    before = Manifest(root, parse_toml(git(root, "show", f"{base}:{MANIFEST}")))
    return Change(repo, tuple(sorted({*changed, *new} - {""})), before)


def git(root: Path, *arguments: str) -> str:
    """Ask git.

    Raises:
        UserError: It cannot answer.
    """
    done = run(["git", *arguments], seconds=GIT_SECONDS, cwd=root)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise UserError(
            f"git cannot say what has changed: `{said}`",
            hint="name a commit that is here; of a shallow clone `git fetch --unshallow` gets the rest",
        )
    return done.stdout


def as_json(affected: Affected) -> str:
    """Return what is touched for programs; `include` is a matrix of GitHub's."""
    return json.dumps(
        {
            "projects": affected.projects,
            "environments": affected.environments,
            "tasks": affected.tasks,
            "include": [suite._asdict() for suite in affected.suites],
        }
    )


def as_text(affected: Affected) -> str:
    """Return what is touched for people."""
    rows = [f"  {project:<30} {reason[:SHOWN_REASONS]}" for project, reason in affected.projects.items()]
    lists = {
        "environments": affected.environments,
        "tasks": affected.tasks,
        "suites": [suite.name for suite in affected.suites],
    }
    return "\n".join(
        [
            "projects",
            *(rows or ["  none"]),
            *(f"{title}\n  {', '.join(names) or 'none'}" for title, names in lists.items()),
        ]
    )


if __name__ == "__main__":
    sys.exit(command(main))
