"""The command line: `python -m transformation build [all|core|egress]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from shared.command_line import Parser
from shared.config import get_settings
from transformation.build import build
from transformation.layers import SCOPES


def main(argv: Sequence[str]) -> int | None:
    """Run the command that `argv` names; see `shared.command_line.command` for what its errors become."""
    arguments = parser().parse_args(argv)
    build(
        get_settings(),
        scope=arguments.scope,
        select=arguments.select,
        full_refresh=arguments.full_refresh,
        command=" ".join(argv),
    )
    return None


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m transformation", description="Build the warehouse's layers with dbt.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    build_command = commands.add_parser("build", help="build models, snapshots and their data tests")
    build_command.add_argument(
        "scope", nargs="?", default="all", choices=SCOPES, help="which layers to build (default: all)"
    )
    build_command.add_argument(
        "--full-refresh", action="store_true", help="make incremental tables anew; the history of snapshots stays"
    )
    build_command.add_argument(
        "--select",
        nargs="+",
        metavar="SELECTOR",
        default=[],
        help="only these nodes of the scope, in dbt's selection syntax",
    )
    return top
