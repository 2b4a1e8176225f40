"""The command line: `python -m labs NAME [STEP …]`, `list`, `status`, `all`, `extract`, `manifest`, `new`."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path

from labs.environment import is_here, lab_command
from shared.command_line import Parser
from shared.config import Settings, get_settings
from shared.config.labs import Lab, find_lab, read_registry
from shared.errors import UserError
from shared.utils.processes import call

# Where a variable's name should be there may be the secret itself, which no message repeats.
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
# In the order in which they follow one another; `check` comes before all of them by itself.
STEPS = ("load", "transform", "test", "inspect")


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name."""
    settings = get_settings()
    if arguments[:1] == ["new"]:
        return make_lab(settings, new_parser().parse_args(arguments[1:]))
    options = parser().parse_args(arguments)
    command = COMMANDS.get(options.what)
    if command is None:
        return run_one(find_lab(options.what, settings), settings, options)
    if options.rest and options.what in ("list", "status"):
        raise UserError(f"`{options.what}` takes no argument: `{options.rest[0]}`", hint="leave it out")
    return command(settings, options)


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(
        prog="lab",
        description="Run a lab: `lab NAME [check|load|transform|test|inspect|all]`; or `list`, `status`, "
        "`all` (every lab at once), `extract` (raw files from the demo data), `manifest` (dbt's, for programs).",
    )
    top.add_argument("what", metavar="NAME", help="a lab, or list, status, all, extract, manifest")
    top.add_argument("rest", nargs="*", metavar="STEP", help="check, load, transform, test, inspect or all (default)")
    top.add_argument("--jobs", type=int, metavar="N", help="with `all`: how many labs run at once")
    top.add_argument("--json", action="store_true", help="with `list`: for programs")
    top.add_argument("--report", type=Path, metavar="FILE", help="write how it went as JSON")
    return top


def new_parser() -> argparse.ArgumentParser:
    """Describe the arguments of `new`."""
    top = Parser(
        prog="new-lab", description="Make a lab from files of tables, or bring one up to date with the template."
    )
    top.add_argument("name", metavar="NAME", help="lower case letters, digits and `_`: lab4_store_visits")
    top.add_argument("--environment", default="labs", metavar="ENV", help="where it runs (default: labs)")
    top.add_argument("--from", dest="files", nargs="+", default=[], metavar="FILE", help="files to copy in, or s3://…")
    top.add_argument(
        "--credential", nargs="+", default=[], metavar="NAME=VARIABLE", help="of s3://…: the variable that has it"
    )
    top.add_argument("--database", metavar="VARIABLE", help="the variable that has the URL of a database to read")
    top.add_argument("--tables", nargs="+", default=[], metavar="TABLE", help="its tables or views, with their schema")
    top.add_argument("--encoding", metavar="NAME", help="of the files, where they do not tell: utf-8, cp1252, …")
    top.add_argument("--delimiter", metavar="SIGN", help=r"between fields; \t is a tab")
    top.add_argument("--skip", type=int, metavar="N", help="how many lines stand above the header")
    top.add_argument("--sheet", metavar="NAME", help="of a workbook with several")
    top.add_argument("--description", default="A lab of its own.", help="what it is for, in a sentence")
    top.add_argument("--update", action="store_true", help="take up what has changed in the template since it was made")
    return top


def make_lab(settings: Settings, options: argparse.Namespace) -> int:
    """Make a lab, or update one; 1 where files of it have conflicts."""
    if options.update:
        from labs.template import TEMPLATE, update_lab

        return 1 if update_lab(find_lab(options.name, settings), settings.labs_dir / TEMPLATE) else 0
    from labs.new import new_lab
    from labs.places import place_of
    from labs.queries import Query
    from shared.tables import Declared

    started = Path(os.environ.get("INIT_CWD", "."))
    credentials = dict(pair(each) for each in options.credential)
    files = [place_of(path, credentials) if "://" in path else started / path for path in options.files]
    if bool(options.database) != bool(options.tables):
        raise UserError("--database and --tables go together", hint="as in `--database SHOP_URL --tables erp.articles`")
    queries = [Query.of_table(variable(options.database), table) for table in options.tables]
    delimiter = "\t" if options.delimiter == r"\t" else options.delimiter
    declared = Declared(options.encoding, delimiter, options.skip, options.sheet)
    said = {"environment": options.environment, "description": options.description}
    new_lab(settings, options.name, files=[*files, *queries], declared=declared, **said)
    return 0


def pair(text: str) -> tuple[str, str]:
    """Return the name of a credential and that of the variable which has it.

    Raises:
        UserError: It is no such pair.
    """
    name, _, after = text.partition("=")
    if not name.isidentifier() or not VARIABLE.fullmatch(after):
        raise UserError("no credential and environment variable after --credential", hint="as in `secret=SHOP_S3_KEY`")
    return name, after


def variable(text: str) -> str:
    """Return the name of an environment variable.

    Raises:
        UserError: It is none.
    """
    if not VARIABLE.fullmatch(text):
        raise UserError("no environment variable after --database", hint="as in `--database SHOP_DATABASE_URL`")
    return text


def chosen_steps(names: Sequence[str]) -> list[str]:
    """Return the steps to run, in their order; none for `check` alone.

    Raises:
        UserError: There is no such step.
    """
    for name in names:
        if name not in (*STEPS, "check", "all"):
            raise UserError(f"no such step: `{name}`", hint=f"one of: check, {', '.join(STEPS)}, all")
    return [step for step in STEPS if step in names or not names or "all" in names]


def run_one(lab: Lab, settings: Settings, options: argparse.Namespace) -> int:
    """Run steps of one lab, in its own environment."""
    steps = chosen_steps(options.rest)
    if not is_here(lab):
        arguments = [lab.name, *options.rest, *(["--report", str(options.report.absolute())] if options.report else [])]
        command, variables = lab_command(lab, settings, arguments)
        return call(command, env=variables)
    from labs.run import run_lab

    run_lab(lab, settings, steps, command=" ".join([lab.name, *options.rest]), report_file=options.report)
    if not steps:
        from labs.check import show_raw_files

        show_raw_files(lab)
    return 0


def list_labs(settings: Settings, options: argparse.Namespace) -> int:
    """Print the labs."""
    labs = list(read_registry(settings).values())
    if options.json:
        from labs.listing import as_json

        print(as_json(labs, settings))
    else:
        from labs.status import show_list

        show_list(labs)
    return 0


def show_status(settings: Settings, _options: argparse.Namespace) -> int:
    """Print how each lab stands."""
    from labs.status import show_status

    show_status(list(read_registry(settings).values()), settings)
    return 0


def run_all(settings: Settings, options: argparse.Namespace) -> int:
    """Run every lab at once."""
    from labs.parallel import default_jobs, run_labs

    if options.jobs is not None and options.jobs < 1:
        raise UserError(f"not a number of labs: `{options.jobs}`", hint="give 1 or more with --jobs")
    chosen_steps(options.rest)
    run_labs(list(read_registry(settings).values()), settings, options.rest, jobs=options.jobs or default_jobs())
    return 0


def extract_files(settings: Settings, options: argparse.Namespace) -> int:
    """Take raw files from the demo data, for the labs that are named, or for all."""
    from labs.extract import extract

    extract(named_labs(settings, options), settings)
    return 0


def write_manifests(settings: Settings, options: argparse.Namespace) -> int:
    """Write dbt's manifest for the labs that are named, or for all, and print where each is."""
    from labs.transform import write_manifest

    for lab in named_labs(settings, options):
        print(write_manifest(lab, settings))
    return 0


def named_labs(settings: Settings, options: argparse.Namespace) -> list[Lab]:
    """Return the labs that are named, or all."""
    return [find_lab(name, settings) for name in options.rest] or list(read_registry(settings).values())


COMMANDS = {
    "list": list_labs,
    "status": show_status,
    "all": run_all,
    "extract": extract_files,
    "manifest": write_manifests,
}
