"""The command line: `run`, `plan`, `apply`, `replay`, `receipts`, `new-target`, `list`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from egress.delivery import require_setting, run
from egress.engine.guard import CHANGES, approval
from egress.engine.plan import Options, Target
from egress.engine.sealed import LONGEST, SealedPlan
from egress.new.declarations import KINDS
from egress.targets import all_targets
from shared.command_line import Parser, whole_number
from shared.config import get_settings
from shared.errors import UserError
from shared.monitoring import history
from shared.utils.code import path_of, summary
from shared.utils.console import say
from shared.utils.excerpts import excerpt
from shared.warehouse import open_warehouse


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name."""
    parsed = parser().parse_args(arguments)
    if parsed.command == "apply":
        sealed = SealedPlan.read(parsed.file)
        names = [target.name for target in sealed.targets]
        run(selected_targets([*all_targets()], names), sealed.options, " ".join(arguments), sealed, parsed.allow_drift)
        return 0
    if parsed.command == "replay":
        from egress.replaying import replay_rows

        return replay_rows([*all_targets()], parsed.ids, row=parsed.row, force=parsed.force)
    if parsed.command == "new-target":
        declare(parsed)
        return 0
    targets = selected_targets([*all_targets()], parsed.target)
    sends = parsed.command == "run" or (parsed.command == "plan" and parsed.out)
    if sends and not (parsed.all or parsed.target):
        targets = configured(targets)
    if parsed.command == "list" and parsed.json:
        print(targets_as_json(targets))
    elif parsed.command == "list":
        list_targets(targets)
    elif parsed.command == "receipts":
        print_receipts(targets, parsed.key)
    else:
        options = Options(
            full=parsed.full,
            retry_rejected=parsed.retry_rejected,
            take_over=parsed.take_over,
            allow_empty=parsed.allow_empty,
            approved={
                change: rows for change in CHANGES if (rows := getattr(parsed, f"approve_{change}s")) is not None
            },
        )
        if parsed.command == "plan":
            plan(targets, options, parsed.out)
        else:
            run(targets, options, " ".join(arguments))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result: argparse.ArgumentParser = Parser(
        prog="python -m egress", description="Deliver the egress layer to outside systems."
    )
    commands = result.add_subparsers(dest="command", required=True)
    selection = argparse.ArgumentParser(add_help=False)
    which = selection.add_mutually_exclusive_group()
    which.add_argument("--target", nargs="+", metavar="NAME", help="these targets only")
    which.add_argument("--all", action="store_true", help="all targets; an error where one is not configured")
    wishes = argparse.ArgumentParser(add_help=False)
    wishes.add_argument("--full", action="store_true", help="send everything, whatever was delivered before")
    wishes.add_argument("--retry-rejected", action="store_true", help="send also unchanged rows that were rejected")
    wishes.add_argument(
        "--take-over", action="store_true", help="overwrite rows of others that have our keys (tables only)"
    )
    for change in CHANGES:
        wishes.add_argument(
            approval(change), type=whole_number, metavar="N", help=f"{change} up to N rows, whatever the guard says"
        )
    wishes.add_argument("--allow-empty", action="store_true", help="delete what was delivered where a model is empty")
    commands.add_parser("run", parents=[selection, wishes], help="send what has changed since the last delivery")
    planning = commands.add_parser(
        "plan", parents=[selection, wishes], help="show what `run` would send; sends nothing"
    )
    planning.add_argument("--out", type=Path, metavar="FILE", help="keep the plan in a file, for `apply`")
    applying = commands.add_parser("apply", help="do what the plan of a file says, if nothing has changed since")
    applying.add_argument(
        "--allow-drift", type=whole_number, metavar="N", default=0, help="although up to N rows have changed since"
    )
    applying.add_argument("file", type=Path, metavar="FILE", help="what `plan --out` has written")
    again = commands.add_parser("replay", help="send rows again that were refused, as their models have them now")
    again.add_argument("ids", nargs="+", metavar="ID", help="see `quarantine list --rows --source egress`")
    again.add_argument("--row", type=Path, metavar="FILE", help="refused: what a target gets is in its model")
    again.add_argument("--force", action="store_true", help="overwrite rows of others that have our keys (tables only)")
    receipts = commands.add_parser("receipts", parents=[selection], help="show what targets said of a row last")
    receipts.add_argument("--key", required=True, help="the row's key in the model")
    new = commands.add_parser("new-target", help="write a first declaration from a look at a model")
    new.add_argument("name", metavar="NAME", help="what the target is called; its settings begin so, in capitals")
    new.add_argument("--kind", choices=KINDS, required=True, help="what it is")
    new.add_argument("--from", dest="model", required=True, metavar="MODEL", help="what it gets: egress.x")
    new.add_argument("--key", metavar="COLUMN", help="by which rows are told apart; looked for otherwise")
    listing = commands.add_parser("list", parents=[selection], help="show the targets and their last delivery")
    listing.add_argument("--json", action="store_true", help="for programs, without the last delivery")
    return result


def selected_targets(targets: list[Target], names: Sequence[str] | None) -> list[Target]:
    """Return the targets of these names, or all, in the order of delivery.

    Raises:
        UserError: There is no target of a name.
    """
    known = [target.name for target in targets]
    for name in names or ():
        if name not in known:
            raise UserError(f"no such target: `{name}`", hint=f"targets: {', '.join(known)}")
    return [target for target in targets if not names or target.name in names]


def configured(targets: Sequence[Target]) -> list[Target]:
    """Return the targets whose settings are there, and name the others."""
    for target in targets:
        if target.missing_setting:
            say(f"{target.name}: skipped, {target.missing_setting} is not set (`--all` makes that an error)")
    return [target for target in targets if not target.missing_setting]


def list_targets(targets: Sequence[Target]) -> None:
    """Print each target, what it gets and what it has got."""
    with open_warehouse(get_settings(), holder="egress list", role="egress") as warehouse:
        sent = history.deliveries(warehouse)
    for target in targets:
        print(f"{target.name}: `{target.model.table}` as {target.form}")
        print(f"  last delivery: {_last_delivery(sent.get(target.name))}")


def _last_delivery(sent: history.Record | None) -> str:
    if sent is None:
        return "never"
    counts = [
        f"{sent[what]:,} {what}" for what in ("delivered", "rejected", "deleted") if what != "deleted" or sent[what]
    ]
    return ", ".join([f"{sent['last_at']:%Y-%m-%d %H:%M} UTC", *counts])


def targets_as_json(targets: Sequence[Target]) -> str:
    """Return the targets and what each gets, as JSON; the warehouse is not asked."""
    modules = all_targets()
    described = [
        {
            "name": target.name,
            "model": target.model.table,
            "form": target.form,
            "description": summary(modules[target]),
            "code": path_of(modules[target]),
            "required_settings": target.required_settings,
        }
        for target in targets
    ]
    return json.dumps({"version": 1, "targets": described}, indent=2)


def plan(targets: Sequence[Target], options: Options, out: Path | None) -> None:
    """Print what a run would send, and keep it in a file if one is named.

    Raises:
        ConfigurationError: A file is named, and a target lacks a setting.
    """
    for target in targets if out else ():
        require_setting(target)
    with open_warehouse(get_settings(), holder="egress plan", role="egress") as warehouse:
        plans = {target: target.plan(warehouse, options) for target in targets}
        for planned in plans.values():
            print("\n".join(planned.describe()))
        if out:
            SealedPlan.of(warehouse, options, plans).write(out)
            say(f"`apply {out}` does this, once, within {LONGEST // timedelta(hours=1)} hours, if nothing changes")


def declare(parsed: argparse.Namespace) -> None:
    """Write the first declaration of a target."""
    from egress.new.command import new_target

    with open_warehouse(get_settings(), holder="new-target", role="egress") as warehouse:
        new_target(warehouse, parsed.name, parsed.kind, parsed.model, parsed.key)


def print_receipts(targets: Sequence[Target], key: str) -> None:
    """Print what targets said last of the row with this key."""
    with open_warehouse(get_settings(), holder="egress receipts", role="egress") as warehouse:
        for target in targets:
            said = warehouse.fetch(
                "select status, delivered_at, run_id, receipt from ops.delivery where target = $1 and row_key = $2",
                [target.name, key],
            )
            for status, at, run_id, receipt in said:
                print(f"{target.name}: {status} {at:%Y-%m-%d %H:%M:%S} UTC, run {run_id}, receipt {receipt or 'none'}")
            if not said:
                print(f"{target.name}: nothing said of `{excerpt(key, 200)}`")
