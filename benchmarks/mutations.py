"""Break the source on purpose, one place at a time, and see whether the tests that should notice do.

    ./pixiw run python benchmarks/mutations.py [--only NAME …] [--suite NAME …] [--before REF]

`benchmarks/mutations/<suite>.toml` lists the mutations: a text that a file holds once, what takes its place, what that
breaks, and the few tests that have to fail. All is done in a clone of the last commit in a temporary folder, with
environments of its own: nothing here is ever changed, however this ends. There the named tests have to pass as the
source is, then each mutation is made, its tests run, and it is taken back. In the result are the last outcomes of each.

With `--before` the clone is of another commit. What that does not have, file, text or test, does not apply to it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from machine import machine_facts

from shared.utils.processes import TimedOut, run
from shared.workspace.environments import environment_variables, interpreter, outer_variables

ROOT = Path(__file__).parents[1]
LISTS = ROOT / "benchmarks" / "mutations"
RESULT = ROOT / "benchmarks" / "results" / "mutations.json"
# Tests read it; what they make lies in folders of their own.
DATA = ("demo", "landing")
GIT_SECONDS = 120.0
INSTALL_SECONDS = 900.0
# Of one test, of those of a mutation, of all that run first.
TEST_SECONDS = 200
TESTS_SECONDS = 300.0
ALL_SECONDS = 1800.0
PASSED, FAILED = 0, 1
CAUGHT, SURVIVED, ABSENT = "caught", "survived", "does not apply"


class Mutation(NamedTuple):
    """A place to break.

    Attributes:
        suite: The list that it is in.
        breaks: What is wrong then.
        old: What the file holds, once.
        new: What takes its place.
        tests: Which have to fail, by pytest's ids.
        environment: Where they run.
    """

    suite: str
    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    environment: str


class Outcome(NamedTuple):
    """What has become of a mutation, and what has told: the test that failed, or what else there is to say."""

    outcome: str
    by: str
    seconds: float = 0.0


def main() -> int:
    """Try them, write the result, and return 1 where one was not caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="only these mutations")
    parser.add_argument("--suite", nargs="*", metavar="NAME", help="only those of these lists")
    parser.add_argument("--before", metavar="REF", help="at this commit, instead of the last one")
    options = parser.parse_args()
    chosen = [
        mutation
        for mutation in read_lists()
        if (not options.only or mutation.name in options.only)
        and (not options.suite or mutation.suite in options.suite)
    ]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder, "workspace")
        commit = clone(copy, options.before or "HEAD")
        outcomes = dict(tried(copy, chosen))
    keep(f"at {commit[:12]}" if options.before else "now", outcomes)
    counts = {kind: sum(one.outcome == kind for one in outcomes.values()) for kind in (CAUGHT, SURVIVED, ABSENT)}
    wrong = [
        name for name, one in outcomes.items() if one.outcome not in (CAUGHT, ABSENT if options.before else CAUGHT)
    ]
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()) + f", of {len(outcomes)}")
    print("\n".join(f"  not caught: {name}" for name in wrong), end="\n" if wrong else "")
    return 1 if wrong or not outcomes else 0


def read_lists() -> list[Mutation]:
    """Return all mutations; a list names the environment of those that name none."""
    found = []
    for path in sorted(LISTS.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in table["mutation"]:
            fields = {"environment": table["environment"], **entry, "tests": tuple(entry["tests"])}
            found.append(Mutation(suite=path.stem, **fields))
    return found


def clone(copy: Path, reference: str) -> str:
    """Make a workspace of a commit, with the data that is here, and return the commit."""
    commit = git(ROOT, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}").strip()
    git(ROOT, "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(copy))
    git(copy, "checkout", "--quiet", "--detach", commit)
    (copy / "data").mkdir(exist_ok=True)
    for name in DATA:
        if (ROOT / "data" / name).exists():
            (copy / "data" / name).symlink_to(ROOT / "data" / name)
    return commit


def git(folder: Path, *words: str) -> str:
    """Ask git."""
    done = run(["git", *words], seconds=GIT_SECONDS, cwd=folder, together=True)
    if done.returncode:
        sys.exit(f"error: git {words[0]}: {done.stdout.strip()}")
    return done.stdout


def tried(copy: Path, mutations: Sequence[Mutation]) -> Iterator[tuple[str, Outcome]]:
    """Try mutations in a workspace, by environment; return what has become of each."""
    by_environment = defaultdict(list)
    for mutation in mutations:
        if absent := what_is_missing(copy, mutation):
            yield told(mutation, Outcome(ABSENT, absent))
        else:
            by_environment[mutation.environment].append(mutation)
    for environment, ours in by_environment.items():
        variables = installed(copy, environment)
        print(f"{environment}: the tests of {len(ours)} mutations", flush=True)
        passing = as_it_is(copy, environment, variables, ours)
        for number, mutation in enumerate(ours, start=1):
            if not passing:
                yield told(mutation, Outcome("unknown", "its environment's tests fail as the source is"))
                continue
            with broken(copy, mutation, number):
                yield told(mutation, outcome_of(copy, mutation, variables))


def what_is_missing(copy: Path, mutation: Mutation) -> str:
    """Return what keeps a mutation from being made; empty where nothing does."""
    path = copy / mutation.file
    if not path.is_file():
        return f"no file `{mutation.file}`"
    count = path.read_text(encoding="utf-8").count(mutation.old)
    if count != 1:
        return f"the text is there {count} times"
    for test in mutation.tests:
        file, _, name = test.partition("::")
        if not (copy / file).is_file() or f"def {name.partition('[')[0]}(" not in (copy / file).read_text("utf-8"):
            return f"no test `{test}`"
    return ""


def installed(copy: Path, environment: str) -> dict[str, str]:
    """Install an environment of the workspace, and return the variables of what runs there."""
    command = [str(copy / "pixiw"), "install", "-e", environment]
    done = run(command, seconds=INSTALL_SECONDS, cwd=copy, env=outer_variables(ROOT, os.environ), together=True)
    if done.returncode:
        sys.exit(f"error: cannot install `{environment}`\n{done.stdout}")
    return environment_variables(copy, environment)


def as_it_is(copy: Path, environment: str, variables: Mapping[str, str], mutations: Sequence[Mutation]) -> bool:
    """Tell whether the tests of mutations pass while nothing is broken; show what they print where they do not."""
    tests = dict.fromkeys(test for mutation in mutations for test in mutation.tests)
    code, printed = pytest(copy, environment, variables, [*tests], ALL_SECONDS)
    if code != PASSED:
        print(printed[-4_000:])
    return code == PASSED


@contextmanager
def broken(copy: Path, mutation: Mutation, number: int) -> Iterator[None]:
    """Make a mutation for the block."""
    path = copy / mutation.file
    before, text = path.stat().st_mtime, path.read_text(encoding="utf-8")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    # Bytecode goes by a file's size and second: no two of its states have the same.
    os.utime(path, (before + 10 * number, before + 10 * number))
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(path, (before, before))


def outcome_of(copy: Path, mutation: Mutation, variables: Mapping[str, str]) -> Outcome:
    """Return what the tests of a mutation say while it is made."""
    begun = time.monotonic()
    code, printed = pytest(copy, mutation.environment, variables, mutation.tests, TESTS_SECONDS)
    seconds = round(time.monotonic() - begun, 1)
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", printed, re.MULTILINE)
    if code == PASSED:
        return Outcome(SURVIVED, "every test passed", seconds)
    # It may be the mutation that hangs, or a machine that is busy.
    if code is None or "from pytest-timeout" in printed:
        return Outcome("unknown", "the tests did not end in their time", seconds)
    if code == FAILED and failed:
        return Outcome(CAUGHT, failed[1], seconds)
    # What cannot even be imported proves nothing.
    return Outcome("unknown", printed.strip()[-300:], seconds)


def pytest(
    copy: Path, environment: str, variables: Mapping[str, str], tests: Sequence[str], seconds: float
) -> tuple[int | None, str]:
    """Run tests up to the first that fails; return pytest's exit code, None where it was ended, and what it said."""
    words = ["-m", "pytest", "-q", "-x", "-rfE", "--tb=short", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"]
    command = [str(interpreter(copy, environment)), *words, *tests]
    try:
        done = run(command, seconds=seconds, cwd=copy, env=dict(variables), together=True)
    except TimedOut as error:
        return None, error.message
    return done.returncode, done.stdout


def told(mutation: Mutation, outcome: Outcome) -> tuple[str, Outcome]:
    """Show what has become of a mutation, and return it with its name."""
    mark = "✓" if outcome.outcome == CAUGHT else "-" if outcome.outcome == ABSENT else "✗"
    print(f"{mark} {mutation.name}: {outcome.outcome}, {outcome.by} ({outcome.seconds:.1f} s)", flush=True)
    return mutation.name, outcome


def keep(when: str, outcomes: Mapping[str, Outcome]) -> None:
    """Write the result; of mutations that were not tried now, the last one stays."""
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    found = result.get(when, {}) | {name: outcome._asdict() for name, outcome in outcomes.items()}
    names = [mutation.name for mutation in read_lists()]
    result[when] = {name: found[name] for name in names if name in found}
    RESULT.write_text(json.dumps({**result, **machine_facts(["pytest"])}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
