"""The command line: `python -m reporting build`, `page`, `report`, `lint`, `list`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from reporting.project import DASHBOARDS_DIR, PROJECT_DIR
from shared.command_line import Parser
from shared.config import Settings, get_settings


def main(argv: Sequence[str]) -> int | None:
    """Run the command that `argv` names; see `shared.command_line.command` for what its errors become."""
    arguments = parser().parse_args(argv)
    settings, called = get_settings(), " ".join(argv)
    if arguments.command == "lint":
        return run_lint(settings, arguments.folder)
    if arguments.command == "list":
        from reporting.listing import as_json

        print(as_json(settings))
        return None
    if arguments.command in ("build", "report"):
        from reporting.build import build

        build(settings, select=arguments.select, events=arguments.events, command=called)
    if arguments.command in ("page", "report"):
        from reporting.site.build import build_site

        print(build_site(settings, command=called).as_uri())
    return None


def run_lint(settings: Settings, folder: Path) -> int:
    """Lint the models' metadata and a folder, print what is wrong, and return 1 where anything is."""
    from reporting.explores import explores_of
    from reporting.lint import lint, model_findings
    from reporting.manifest import model_nodes

    nodes = model_nodes(settings)
    explores = explores_of(nodes)
    result = lint(folder.absolute(), explores)
    findings = [*model_findings(nodes, explores, PROJECT_DIR), *result.findings]
    for finding in findings:
        print(finding.shown(settings.root))
    faults = f"{len(findings)} fault{'s' if len(findings) > 1 else ''}" if findings else "no fault"
    print(f"{result.charts} charts, {result.dashboards} dashboards, {len(explores)} models: {faults}")
    return 1 if findings else 0


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m reporting", description="Build reports on the warehouse, and check dashboards.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    build = commands.add_parser("build", help="build the reporting layer with dbt, and test its data")
    build.add_argument(
        "--select", nargs="+", metavar="SELECTOR", default=[], help="only these nodes, in dbt's selection syntax"
    )
    build.add_argument(
        "--events", action="store_true", help="print dbt's events to standard output, one JSON object a line"
    )
    commands.add_parser("page", help="make a page of all dashboards from the reporting layer")
    report = commands.add_parser("report", help="build the reporting layer, and from it a page of all dashboards")
    report.set_defaults(select=[], events=False)
    lint = commands.add_parser("lint", help="hold charts and dashboards against the schemas and the models")
    lint.add_argument(
        "folder", nargs="?", type=Path, default=DASHBOARDS_DIR, help="a folder with `charts` and `dashboards`"
    )
    listing = commands.add_parser("list", help="tell of which tables what is made")
    listing.add_argument("--json", action="store_true", required=True, help="for programs")
    return top
