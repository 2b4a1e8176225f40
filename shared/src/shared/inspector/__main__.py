"""The command `python -m shared.inspector`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from shared.command_line import Parser, command
from shared.config import get_settings
from shared.config.labs import find_lab
from shared.config.roles import READER
from shared.errors import UserError
from shared.inspector.changes import Change, changes_between
from shared.inspector.inspector import DataInspector
from shared.inspector.page import page
from shared.inspector.results import Inspection
from shared.inspector.text import write
from shared.warehouse import Warehouse, open_warehouse
from shared.warehouse.lab_database import open_lab

FORMATS = ("text", "json", "html")


def main(arguments: Sequence[str]) -> None:
    """Inspect what was asked for and write what was found."""
    options = parser().parse_args(arguments)
    with opened(options.lab) as warehouse:
        inspector = DataInspector(warehouse, remember=not options.no_remember)
        last = inspector.last(options.target)
        inspection = inspector.inspect(
            options.target, key=options.key, fresh_by=options.fresh_by, sample_rows=options.sample
        )
    changes = changes_between(last, inspection) if last else None
    output: Path | None = options.output
    output_format = options.format or format_of(output)
    if output is None:
        print_inspection(inspection, changes, output_format)
    else:
        save(output, inspection, changes, output_format)


def parser() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    parser = Parser(prog="python -m shared.inspector", description="What is in the warehouse, a schema or a table.")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="SCHEMA or SCHEMA.TABLE; default: everything")
    parser.add_argument("--lab", metavar="NAME", help="inspect the database of this lab instead of the warehouse")
    parser.add_argument("--key", nargs="+", default=(), metavar="COL", help="columns that should tell rows apart")
    parser.add_argument("--fresh-by", metavar="COL", help="the date or timestamp that says when a row came")
    parser.add_argument("--sample", type=int, metavar="ROWS", help="measure columns on about so many rows")
    parser.add_argument("--format", choices=FORMATS, help="default: by the ending of --output, else text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write into a file")
    parser.add_argument("--no-remember", action="store_true", help="do not keep this inspection for the next one")
    return parser


def opened(lab: str | None) -> Warehouse:
    """Open the database that is inspected: a lab's, or the warehouse of the settings."""
    settings = get_settings()
    if lab:
        return open_lab(find_lab(lab, settings), settings, holder="inspector")
    return open_warehouse(settings, holder="inspector", role=READER)


def format_of(output: Path | None) -> str:
    """Return the format that a file's name asks for."""
    ending = output.suffix.lower().lstrip(".") if output else ""
    return {"htm": "html"}.get(ending, ending if ending in FORMATS else "text")


def print_inspection(inspection: Inspection, changes: Sequence[Change] | None, output_format: str) -> None:
    """Write to standard output."""
    if output_format == "text":
        write(inspection, changes, Console(highlight=False))
    else:
        print(inspection.to_json() if output_format == "json" else page(inspection, changes))


def save(output: Path, inspection: Inspection, changes: Sequence[Change] | None, output_format: str) -> None:
    """Write into a file in one step.

    Raises:
        UserError: The file cannot be written.
    """
    draft = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with draft.open("w", encoding="utf-8") as file:
            if output_format == "text":
                write(inspection, changes, Console(file=file, highlight=False))
            else:
                file.write(inspection.to_json() if output_format == "json" else page(inspection, changes))
        draft.replace(output)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UserError(
            f"cannot write: `{output}`: {error.strerror}", hint="name a file in a folder that you may write to"
        ) from error


if __name__ == "__main__":
    sys.exit(command(main))
