"""The command line: `lists`, `materialize`, `ui`. Dagster takes seconds to import, so each imports its own part."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from shared.command_line import Parser
from shared.config import get_settings


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name."""
    options = parser().parse_args(arguments)
    settings = get_settings()
    if options.command == "lists":
        from orchestration.graph.lists import refresh_lists

        refresh_lists(settings)
        return 0
    if options.command == "materialize":
        from orchestration.materialize import materialize

        return materialize(settings, options.selection, job=options.job)
    from orchestration.supervise.serve import serve

    return serve(settings, port=options.port, has_token=options.has_token, public=options.public_url)


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m orchestration", description="Drive the platform's projects as one graph of assets.")
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("lists", help="ask the projects what they have, for the graph to be made from")
    run = commands.add_parser("materialize", help="make assets without the web server")
    run.add_argument("selection", nargs="?", metavar="SELECTION", help="which, as `+core/fct_sales` (default: the job)")
    run.add_argument("--job", default="platform", metavar="NAME", help="platform (default), labs")
    ui = commands.add_parser("ui", help="start web server and daemon on this machine, until Ctrl-C")
    ui.add_argument("--port", type=int, default=3000, metavar="N", help="0 takes a free one (default: 3000)")
    ui.add_argument(
        "--public-url",
        action="append",
        default=[],
        metavar="URL",
        help="by which a proxy is asked, as https://dagster.example; may be repeated",
    )
    ui.add_argument(
        "--no-token",
        dest="has_token",
        action="store_false",
        help="let in everybody who reaches the port: only behind a proxy that knows who asks",
    )
    return top
