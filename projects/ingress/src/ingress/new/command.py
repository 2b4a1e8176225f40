"""`new-source NAME --from …`: a source that loads at once, written from a look at the real thing, or nothing at all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ingress.new import models
from ingress.new.found import Table
from ingress.new.login import credentials_of, login_of
from ingress.new.module import hold_to_work, module
from ingress.new.names import names_in_raw
from ingress.new.origin import Origin, origin_of
from ingress.new.settling import check_different, settle
from ingress.new.telling import tell, tell_next
from ingress.sources import SOURCES as OTHERS
from shared.command_line import Parser
from shared.config import Settings
from shared.errors import UserError
from shared.new.code import Call
from shared.new.names import check_name
from shared.new.publishing import alone, hold_free, publish

SOURCES = "projects/ingress/src/ingress/sources"
STAGING = "projects/transformation/models/ingress/staging"


# How files of text are written, where looking at one does not tell.
TEXT: tuple[tuple[str, str, type, str], ...] = (
    ("encoding", "NAME", str, "of files of text: Python's name of it"),
    ("delimiter", "SIGN", str, r"between their fields; \t is a tab"),
    ("skip", "N", int, "how many lines stand above their header"),
    ("sheet", "NAME", str, "of a workbook with several"),
)
FITTING = {
    "api": ("login", "since", "cursor", "body", "rows"),
    "database": ("cursor", "zone"),
    "file": tuple(name for name, *_ in TEXT),
    "place": ("credential", *(name for name, *_ in TEXT)),
}


def make_parser() -> Parser:
    """Describe the command."""
    top = Parser(
        prog="new-source",
        description="Look at an API's list, files or a database, and write source, staging models and expectations.",
    )
    top.add_argument("name", help="what the source is called: lower case, digits and `_`, as in `shop`")
    top.add_argument(
        "--from",
        dest="origin",
        required=True,
        metavar="WHERE",
        help="an address of a list, a file, s3://bucket/folder/pattern, a database's URL, or the name of a variable "
        "that has one of them, as in SHOP_API_URL/v1/orders",
    )
    top.add_argument(
        "--table",
        action="append",
        default=[],
        metavar="T",
        help="of a database, also several; else the resource's name",
    )
    top.add_argument("--key", default="", metavar="A,B", help="the columns that identify a row")
    top.add_argument(
        "--login",
        metavar="HOW",
        help="bearer:VAR, basic:USER_VAR[:PASSWORD_VAR], api-key:NAME[:query]:VAR, oauth2:URL_VAR:ID_VAR:SECRET_VAR",
    )
    top.add_argument(
        "--credential",
        action="append",
        default=[],
        metavar="NAME=VAR",
        help="of a place, as dlt's `filesystem` names it, and the variable that has it",
    )
    top.add_argument(
        "--cursor", metavar="COLUMN", help="grows with every change of a row, so that only changed rows are read"
    )
    top.add_argument("--body", metavar="JSON", help="of an API: what is sent to it by POST, or a file that has it")
    top.add_argument("--rows", metavar="PATH", help="of an API: where an answer has the rows, as in `data.orders`")
    top.add_argument("--since", metavar="PARAMETER", help="of an API: what asks for rows from a value of the cursor on")
    top.add_argument("--zone", metavar="ZONE", help="of a database: where its times without a zone are of, as in UTC")
    top.add_argument(
        "--deletions", metavar="HOW", help="snapshot, where a load reads all rows there are, or flag:COLUMN"
    )
    for name, metavar, kind, about in TEXT:
        top.add_argument(f"--{name}", metavar=metavar, type=kind, help=about)
    return top


def new_source(settings: Settings, arguments: Sequence[str]) -> int:
    """Look, and write; on failure nothing is left.

    Raises:
        PlatformError: What is asked for cannot be had, or not with certainty.
    """
    options = make_parser().parse_args(arguments)
    name = options.name
    check_name(name, "source")
    with alone(settings, "new-source") as folder:
        if name in OTHERS:
            raise UserError(f"there is a source of this name: `{name}`", hint="choose another name")
        hold_free([settings.root / SOURCES / f"{name}.py", settings.root / STAGING / name])
        origin = origin_of(options.origin, name)
        hold_to_kind(origin, options)
        tables, copied, title = look(origin, settings, options)
        told = [settle(table, cursor=options.cursor, named=bool(options.table)) for table in tables]
        check_different(name, told)
        files = {settings.root / path: text for path, text in written(name, title, told, options).items()}
        publish(folder, files, copied)
    for table in told:
        tell(table)
    tell_next(name, origin, files)
    return 0


def hold_to_kind(origin: Origin, options: argparse.Namespace) -> None:
    """Refuse options that mean nothing to what is looked at: they would be left out without a word.

    Raises:
        UserError: There is one.
    """
    others = {name for names in FITTING.values() for name in names} - {*FITTING[origin.kind]}
    given = next((name for name in sorted(others) if getattr(options, name) not in (None, [])), None)
    if given:
        kinds = " or ".join(kind for kind, names in FITTING.items() if given in names)
        raise UserError(f"not for a {origin.kind}: `--{given}`", hint=f"leave it out; it is for a {kinds}")


def look(origin: Origin, settings: Settings, options: argparse.Namespace) -> tuple[list[Table], Any, str]:
    """Return what is found of the tables, a file to copy with its place, and what the source is."""
    key = tuple(filter(None, options.key.split(",")))
    if (options.cursor is None) != (options.since is None) and origin.kind == "api":
        raise UserError("an API's cursor needs its parameter", hint="as in --cursor updated_at --since since")
    table = options.table[0] if options.table and origin.kind != "database" else None
    if table is not None:
        check_name(table, "resource")
    if origin.kind == "api":
        from ingress.new.apis import look_at_api
        from ingress.new.bodies import body_of

        login = login_of(options.login) if options.login else None
        cursor = (options.cursor, options.since) if options.cursor else None
        body = body_of(options.body) if options.body else None
        found = look_at_api(origin, table=table, key=key, login=login, cursor=cursor, body=body, rows_at=options.rows)
        return [found], None, f"{options.name}: a list of an API at {origin.setting}."
    if origin.kind == "database":
        from ingress.new.databases import look_at_database

        declared = {"tables": options.table, "key": key, "cursor": options.cursor, "zone": options.zone}
        several = list(look_at_database(origin, settings, **declared))
        return several, None, f"{options.name}: tables of the database at {origin.setting}."
    from ingress.new.files import look_at_files, place_of

    place, copied = place_of(origin, options.name, settings)
    found = look_at_files(
        place,
        options.name,
        settings,
        table=table,
        key=key,
        credentials=credentials_of(options.credential),
        declared=declared_text(options),
        copied=copied,
    )
    target = settings.landing_dir / place.address / copied.name if copied else None
    return [found], (copied, target) if copied else None, f"{options.name}: files that are delivered."


def declared_text(options: argparse.Namespace) -> dict[str, object]:
    """Return what is said of how text is written."""
    found = {name: getattr(options, name) for name, *_ in TEXT if getattr(options, name) is not None}
    return found | ({"delimiter": "\t"} if found.get("delimiter") == r"\t" else {})


def written(name: str, title: str, tables: Sequence[Table], options: argparse.Namespace) -> dict[str, str]:
    """Return the files, by their paths from the root; the module comes last."""
    chosen = [table for table in tables if table.key]
    raws = {table.name: names_in_raw([each.name for each in table.columns], table.name) for table in chosen}
    deletions = deletions_of(options.deletions)
    text = module(name, title, chosen, deletions)
    hold_to_work(name, text)
    staging = f"{STAGING}/{name}"
    files = {f"{staging}/_{name}__sources.yml": models.sources_yaml(name, chosen)}
    for table in chosen:
        model = f"{staging}/{models.model_name(name, table)}"
        files[f"{model}.sql"] = models.staging_sql(name, table, raws[table.name], deletions=deletions is not None)
        files[f"{model}.yml"] = models.staging_yaml(name, table, raws[table.name])
    files[models.suite_path(name)] = models.expectations(name, chosen, raws)
    files[f"{SOURCES}/{name}.py"] = text
    return files


def deletions_of(said: str | None) -> Call | None:
    """Return how rows vanish, as a resource has it.

    Raises:
        UserError: It is none of the ways.
    """
    if said is None:
        return None
    how, _, column = said.partition(":")
    if said == "snapshot":
        return Call("Snapshot")
    if how == "flag" and column:
        return Call("DeletedFlag", (column,))
    raise UserError("rows do not vanish so", hint="--deletions snapshot, or --deletions flag:COLUMN")
