"""`python -m shared.quarantine`: list, show, replay and discard rows in quarantine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from shared.command_line import Parser, command
from shared.config import Settings, get_settings
from shared.config.labs import find_lab
from shared.data_quality.held_rows import MOST, STATES, HeldRow, Selection, count, counted, held_rows, whole_ids
from shared.errors import UserError
from shared.quarantine.owners import by_role, discard_as, replay_by
from shared.quarantine.page import show_counts, show_row, show_rows, write_payload
from shared.utils.console import say
from shared.warehouse import Warehouse, open_warehouse
from shared.warehouse.lab_database import open_lab


def make_parser() -> Parser:
    """Describe the commands."""
    parser = Parser(prog="quarantine", description="Rows that were refused: look at them, try them again, or discard.")
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="count rows by source, resource and reason")
    select_by(listing)
    listing.add_argument("--state", choices=list(STATES), default="open", help="default: open")
    listing.add_argument("--rows", action="store_true", help="each row with its id, not how many")
    listing.add_argument("--limit", type=positive, default=50, metavar="N", help="lines at most; default: 50")
    listing.add_argument("--json", action="store_true", help="for programs")
    show = actions.add_parser("show", help="show one row")
    show.add_argument("id", metavar="ID", help="8 of its signs or more")
    show.add_argument("--raw-to", type=Path, metavar="FILE", help="write the row as it came into a new file of yours")
    for each in (listing, show):
        each.add_argument("--lab", metavar="NAME", help="of this lab's database instead of the warehouse")
    replay = actions.add_parser("replay", help="have the owner try rows again, as they are or corrected")
    replay.add_argument("--row", type=Path, metavar="FILE", help="the corrected row, a JSON object; with one ID")
    replay.add_argument("--force", action="store_true", help="also over a row of the key that was loaded later")
    discard = actions.add_parser("discard", help="do without rows; they are kept and marked")
    discard.add_argument("--because", required=True, metavar="TEXT", help="why, for whoever asks later")
    for each in (replay, discard):
        each.add_argument("ids", nargs="*", metavar="ID", help="8 signs or more of each")
        select_by(each)
    return parser


def select_by(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that say which rows are meant."""
    parser.add_argument("--source", metavar="NAME", help="of this source")
    parser.add_argument("--resource", metavar="NAME", help="of this resource")
    parser.add_argument("--reason", metavar="TEXT", help="for this reason, as `list` has it")
    parser.add_argument("--since", type=moment, metavar="WHEN", help="seen since: 2026-01-31, or with T12:00 (UTC)")


def positive(text: str) -> int:
    """Read a number from 1 to 10,000."""
    number = int(text)
    if not 1 <= number <= 10_000:
        raise ValueError(text)
    return number


def moment(text: str) -> datetime:
    """Read a date or time, as UTC without a zone."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found.astimezone(timezone.utc).replace(tzinfo=None) if found.tzinfo else found


def main(arguments: Sequence[str]) -> int:
    """Run one command."""
    options = make_parser().parse_args(arguments)
    settings = get_settings()
    if options.action == "list":
        with opened(settings, options.lab) as warehouse:
            list_rows(warehouse, options)
        return 0
    if options.action == "show":
        with opened(settings, options.lab) as warehouse:
            (row,) = held_rows(warehouse, Selection(ids=whole_ids(warehouse, [options.id])), 1)
        show_row(row)
        if options.raw_to:
            write_payload(row, options.raw_to)
        return 0
    if options.action == "replay" and options.row and len(options.ids) != 1:
        raise UserError("a corrected row is of one row", hint="give `--row` with one ID")
    # Closed before anybody writes.
    with opened(settings, None) as warehouse:
        owned = by_role(warehouse, chosen(warehouse, options))
    if options.action == "discard":
        return discard_as(settings, owned, options.because)
    return replay_by(owned, row=options.row, force=options.force)


def opened(settings: Settings, lab: str | None) -> Warehouse:
    """Open what is looked at: a lab's database, or the warehouse of the settings."""
    if lab:
        return open_lab(find_lab(lab, settings), settings, holder="quarantine")
    return open_warehouse(settings, holder="quarantine")


def selection(options: argparse.Namespace, **more: object) -> Selection:
    """Return which rows the options mean."""
    named = {name: getattr(options, name) for name in ("source", "resource", "reason", "since")}
    return Selection(**named, **more)  # type: ignore[arg-type]


def list_rows(warehouse: Warehouse, options: argparse.Namespace) -> None:
    """Print what there is, and how much of it was left out."""
    which = selection(options, state=options.state)
    if options.rows:
        rows = held_rows(warehouse, which, options.limit)
        show_rows(rows, count(warehouse, which), as_json=options.json)
    else:
        groups = counted(warehouse, which, options.limit)
        show_counts(groups, count(warehouse, which), options.state, as_json=options.json)


def chosen(warehouse: Warehouse, options: argparse.Namespace) -> list[HeldRow]:
    """Return the rows that are to be replayed or discarded: those named, whatever became of them, or open ones.

    Raises:
        UserError: None is named, or none is there.
    """
    named = any(getattr(options, name) is not None for name in ("source", "resource", "reason", "since"))
    if bool(options.ids) == named:
        raise UserError(
            "which rows are meant is said by their ids or by options", hint="give ID, or `--source`, `--reason`, …"
        )
    if len(options.ids) > MOST:
        raise UserError(f"more than {MOST:,} ids", hint="give them in parts, or name the rows by options")
    if options.ids:
        return held_rows(warehouse, Selection(ids=whole_ids(warehouse, options.ids)), MOST)
    which = selection(options, state="open")
    rows, there = held_rows(warehouse, which, MOST), count(warehouse, which)
    if not rows:
        raise UserError("no open row of the quarantine is meant by this", hint="see `./pixiw run quarantine list`")
    if there > MOST:
        say(f"  the first {MOST:,} of {there:,} rows: call it again for the others")
    return rows


if __name__ == "__main__":
    sys.exit(command(main))
