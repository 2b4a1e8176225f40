"""The command line of `python -m transformation`: `build`, `manifest`, `dbt`, `compare`, `new-model`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date

from shared.command_line import Parser
from shared.config import get_settings
from shared.errors import UserError
from transformation.layers import SCOPES


def main(argv: Sequence[str]) -> int | None:
    """Run the command that `argv` names; see `shared.command_line.command` for what its errors become."""
    # Not argparse's: what follows is dbt's own command line, options and all.
    if argv[:1] == ["dbt"]:
        from transformation.by_hand import run_by_hand

        return run_by_hand(get_settings(), argv[1:])
    arguments = parser().parse_args(argv)
    if arguments.command == "compare":
        from transformation.compare import DATING, compare

        ignore = DATING if arguments.ignore is None else arguments.ignore
        compare(get_settings(), (arguments.left, arguments.right), relations=arguments.relations, ignore=ignore)
        return None
    if arguments.command == "manifest":
        from transformation.manifest import write_manifest

        print(write_manifest(get_settings()))
        return None
    if arguments.command == "new-model":
        from transformation.new.command import new_model

        new_model(get_settings(), arguments.name, arguments.layer, arguments.relations, arguments.key)
        return None
    from transformation.build import build

    build(
        get_settings(),
        scope=arguments.scope,
        select=arguments.select,
        exclude=arguments.exclude,
        full_refresh=arguments.full_refresh,
        sales=days(arguments.sales),
        events=arguments.events,
        command=" ".join(argv),
    )
    return None


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m transformation", description="Build the warehouse's layers with dbt.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    describe_build(commands.add_parser("build", help="build models, snapshots and their data tests"))
    commands.add_parser("manifest", help="write dbt's manifest.json without a warehouse, and print where it is")
    commands.add_parser("dbt", help="run dbt by hand on the warehouse: dbt ARGUMENTS")
    describe_compare(commands.add_parser("compare", help="compare what two warehouses hold, row by row"))
    describe_new_model(commands.add_parser("new-model", help="write, build and test a model of relations"))
    return top


def describe_new_model(command: argparse.ArgumentParser) -> None:
    """Describe the arguments of `new-model`."""
    command.add_argument("name", metavar="NAME", help="what the model is called: lower case, digits and `_`")
    command.add_argument("--layer", choices=("core", "egress"), required=True, help="where it belongs")
    command.add_argument(
        "--from",
        dest="relations",
        nargs="+",
        required=True,
        metavar="RELATION",
        help="what it is made of, as in core.dim_customer; the rows are those of the first",
    )
    command.add_argument("--key", metavar="COLUMN", help="which identifies a row; looked for otherwise")


def describe_build(command: argparse.ArgumentParser) -> None:
    """Describe the arguments of `build`."""
    command.add_argument("scope", nargs="?", default="all", choices=SCOPES, help="which layers to build (default: all)")
    command.add_argument(
        "--full-refresh", action="store_true", help="make incremental tables anew; the history of snapshots stays"
    )
    command.add_argument(
        "--select",
        nargs="+",
        action="extend",
        metavar="SELECTOR",
        default=[],
        help="only these nodes of the scope, in dbt's selection syntax",
    )
    command.add_argument(
        "--exclude", nargs="+", action="extend", metavar="SELECTOR", default=[], help="all but these nodes"
    )
    command.add_argument(
        "--sales",
        nargs=2,
        metavar=("FROM", "UNTIL"),
        default=[],
        help="make the sales of these days anew, UNTIL not included: --sales 2017-01-01 2017-01-08",
    )
    command.add_argument(
        "--events", action="store_true", help="print dbt's events to standard output, one JSON object a line"
    )


def days(given: Sequence[str]) -> list[str]:
    """Return the first and the last day of a range, as dbt is given them.

    Raises:
        UserError: They are no dates, or there is no day between them.
    """
    try:
        found = [date.fromisoformat(text) for text in given]
    except ValueError as error:
        raise UserError(f"not a date: {error}", hint="write it as 2017-01-31") from error
    if found and found[0] >= found[1]:
        raise UserError(f"no day from {given[0]} until {given[1]}", hint="UNTIL is the day after the last one")
    return [day.isoformat() for day in found]


def describe_compare(command: argparse.ArgumentParser) -> None:
    """Describe the arguments of `compare`."""
    command.add_argument("left", metavar="LEFT", help="one warehouse, written like WAREHOUSE_URL")
    command.add_argument("right", metavar="RIGHT", help="the other one")
    command.add_argument(
        "relations", nargs="*", metavar="RELATION", help="only these: `core.fct_sales`, `egress.*` (default: all)"
    )
    command.add_argument(
        "--ignore",
        nargs="*",
        metavar="COLUMN",
        help="leave these columns out (default: those that say when a row was loaded; without a name: none)",
    )
