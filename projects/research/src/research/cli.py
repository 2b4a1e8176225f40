"""The command line: `python -m research study | results | new | notebooks`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from research.experiment import study_names
from research.settings import Places, get_places
from shared.command_line import Parser, report
from shared.errors import UserError
from shared.utils.console import say
from shared.utils.names import suggestion


def main(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    options = parser().parse_args(arguments)
    places = get_places()
    if options.command == "study":
        return run_studies(places, options)
    if options.command == "results":
        from research.results import show_results

        show_results(places, selected_studies(places, [options.name] if options.name else []))
        return 0
    if options.command == "new":
        from research.new_notebook import new_notebook

        path = new_notebook(places, options.name)
        print(path)
        return 0
    return open_notebooks(places, options.arguments)


def parser() -> argparse.ArgumentParser:
    """Describe the command's arguments."""
    top = Parser(prog="python -m research", description="Run studies of the warehouse, and look at what they found.")
    commands = top.add_subparsers(dest="command", required=True)
    study = commands.add_parser("study", help="run studies: a record and a page each, under outputs/")
    study.add_argument("names", nargs="*", metavar="NAME", help="which; none lists them")
    study.add_argument("--all", action="store_true", help="all of them")
    study.add_argument("--sample", type=float, default=1.0, metavar="SHARE", help="of the households, say: 0.1")
    study.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="another value of a parameter")
    results = commands.add_parser("results", help="compare the recorded runs of a study, or the last of each")
    results.add_argument("name", nargs="?", metavar="NAME")
    new = commands.add_parser("new", help="make a study that runs at once: a notebook and its experiment")
    new.add_argument("name", metavar="NAME", help="lower case letters, digits and `_`: basket_size")
    notebooks = commands.add_parser(
        "notebooks", help="open the notebooks in a browser: marimo edit, on this machine only"
    )
    notebooks.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="a study, or options of marimo after `--`")
    return top


def run_studies(places: Places, options: argparse.Namespace) -> int:
    """Run studies one after another; one that fails keeps no other from its run, the worst exit code is the result."""
    names = selected_studies(places, [] if options.all else options.names)
    if not options.all and not options.names:
        print("\n".join(names))
        return 0
    if options.all and (options.names or options.set):
        raise UserError("`--all` runs every study as it is", hint="leave out the names and `--set`")
    from research.running import run_study
    from research.study import Study

    worst = 0
    for name in names:
        try:
            study = Study(places, name, sample=options.sample, changes=options.set)
            record, folder = run_study(study)
        except Exception as error:
            if len(names) == 1:
                raise
            say(f"study `{name}` failed")
            worst = max(worst, report(error, debug="--debug" in sys.argv))
            continue
        figures = ", ".join(f"{key} {value:.4g}" for key, value in record.metrics.items())
        print(f"{name} ({record.seconds:.1f} s): {figures}\n  {folder / 'page.html'}", flush=True)
    return worst


def selected_studies(places: Places, names: Sequence[str]) -> list[str]:
    """Return the studies that are named, or all."""
    there = study_names(places)
    for name in names:
        if name not in there:
            raise UserError(f"no such study: `{name}`", hint=suggestion(name, there))
    return list(names) or there


def open_notebooks(places: Places, arguments: Sequence[str]) -> int:
    """Become marimo's editor, for this machine alone; it prints its address, with the token that opens it."""
    path = places.notebooks
    if arguments and not arguments[0].startswith("-"):
        (name,) = selected_studies(places, arguments[:1])
        path, arguments = path / f"{name}.py", arguments[1:]
    marimo = Path(sys.executable).parent / "marimo"
    command = [str(marimo), "edit", str(path), "--host", "127.0.0.1", "--no-sandbox", "--skip-update-check", *arguments]
    os.execv(marimo, command)
