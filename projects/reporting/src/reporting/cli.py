"""The command line: `python -m reporting build`, `report`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from shared.command_line import Parser
from shared.config import get_settings


def main(argv: Sequence[str]) -> int | None:
    """Run the command that `argv` names; see `shared.command_line.command` for what its errors become."""
    arguments = parser().parse_args(argv)
    settings, called = get_settings(), " ".join(argv)
    from reporting.build import build

    build(settings, select=arguments.select, command=called)
    if arguments.command == "report":
        from reporting.site.build import build_site

        print(build_site(settings).as_uri())
    return None


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m reporting", description="Build reports on the warehouse, and check dashboards.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command = commands.add_parser("build", help="build the reporting layer with dbt, and test its data")
    command.add_argument(
        "--select", nargs="+", metavar="SELECTOR", default=[], help="only these nodes, in dbt's selection syntax"
    )
    page = commands.add_parser("report", help="build the reporting layer, and a page of all dashboards from it")
    page.set_defaults(select=[])
    return top
