"""Check the warehouse against a suite: `python -m shared.data_quality.expectations SUITE`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from shared.command_line import Parser, command
from shared.config import get_settings
from shared.config.labs import find_lab
from shared.config.roles import READER, keeper_of
from shared.data_quality.expectations import Outcome, Suite, load_suite, note_checks, store, validate
from shared.data_quality.expectations.checking import MOST_SAMPLES
from shared.data_quality.score import Score, keep_score, score
from shared.errors import UserError
from shared.monitoring import record_run
from shared.warehouse import Mode, Warehouse, open_warehouse
from shared.warehouse.lab_database import open_lab


def main(arguments: Sequence[str]) -> int:
    """Check, print, and return 1 where a check of severity `error` failed or could not be made."""
    parser = Parser(prog="python -m shared.data_quality.expectations", description="Check tables against expectations.")
    parser.add_argument("suite", type=Path, help="a YAML file of expectations")
    parser.add_argument("--lab", metavar="NAME", help="check the database of this lab instead of the warehouse")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--keep", action="store_true", help="keep outcomes, samples and scores in `ops`")
    parser.add_argument(
        "--samples", type=int, default=MOST_SAMPLES, metavar="N", help="failing rows shown of each check (%(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.samples < 0:
        raise UserError(f"not a number of rows: `{options.samples}`", hint="give 0 or more")
    suite = load_suite(options.suite)
    if options.keep:
        with opened(options.lab, "write") as warehouse:
            outcomes, found = checked_and_kept(warehouse, suite, options.suite, options.samples)
    else:
        with opened(options.lab, "read") as warehouse:
            outcomes = validate(warehouse, suite, samples=options.samples)
        found = score(outcomes)
    print(as_json(outcomes, found) if options.format == "json" else as_text(outcomes, found))
    return int(any(outcome.severity == "error" and outcome.status != "passed" for outcome in outcomes))


def opened(lab: str | None, mode: Mode) -> Warehouse:
    """Open a lab's database or the warehouse of the settings: as a reader, or as whoever keeps what was found."""
    settings = get_settings()
    role = READER if mode == "read" else keeper_of("expectation")
    if lab:
        return open_lab(find_lab(lab, settings), settings, holder="expectations", role=role, mode=mode)
    return open_warehouse(settings, holder="expectations", role=role, mode=mode)


def checked_and_kept(warehouse: Warehouse, suite: Suite, path: Path, samples: int) -> tuple[list[Outcome], Score]:
    """Check as a run of the ledger, and keep outcomes, samples and scores under it."""
    with record_run(warehouse, step="expectations", command=f"check {path.name}") as run:
        outcomes = validate(warehouse, suite, run_id=run.id, samples=samples)
        found = score(outcomes)
        note_checks(run, outcomes)
        store(warehouse, run.id, outcomes)
        keep_score(run, found)
    return outcomes, found


def as_text(outcomes: Sequence[Outcome], found: Score) -> str:
    """Return a line for each check, with the rows that fail below it, and the score."""
    lines = []
    for outcome in outcomes:
        lines.append(f"{outcome.status:<7} {outcome.table} {outcome.name}: {outcome.sentence}")
        if outcome.hint:
            lines.append(f"          hint: {outcome.hint}")
        lines += [f"          {written({**row.key, **row.values})}" for row in outcome.sample]
    return "\n".join([*lines, found.as_text()])


def as_json(outcomes: Sequence[Outcome], found: Score) -> str:
    """Return everything as one JSON object."""
    return written({"outcomes": [asdict(outcome) for outcome in outcomes], "score": found.as_json()})


def written(content: object) -> str:
    """Return JSON that keeps every script readable."""
    return json.dumps(content, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(command(main))
