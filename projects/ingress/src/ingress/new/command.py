"""`new-source NAME --from …`: a source that loads at once, written from a look at the real thing, or nothing at all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ingress.new import models
from ingress.new.code import Call
from ingress.new.found import Table
from ingress.new.login import login_of, setting_of
from ingress.new.module import hold_to_work, module
from ingress.new.names import can_be_field, check_name, raw_names
from ingress.new.origin import Origin, origin_of
from ingress.new.publish import alone, hold_free, publish
from ingress.new.telling import tell, tell_next
from ingress.new.values import no_key, shown
from ingress.sources import SOURCES as OTHERS
from shared.command_line import Parser
from shared.config import Settings
from shared.config.named import Setting
from shared.errors import InputError, UserError

SOURCES = "projects/ingress/src/ingress/sources"
STAGING = "projects/transformation/models/ingress/staging"


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
    top.add_argument("--since", metavar="PARAMETER", help="of an API: what asks for rows from a value of the cursor on")
    top.add_argument("--zone", metavar="ZONE", help="of a database: where its times without a zone are of, as in UTC")
    top.add_argument(
        "--deletions", metavar="HOW", help="snapshot, where a load reads all rows there are, or flag:COLUMN"
    )
    return top


def new_source(settings: Settings, arguments: Sequence[str]) -> int:
    """Look, and write; on failure nothing is left.

    Raises:
        PlatformError: What is asked for cannot be had, or not with certainty.
    """
    options = make_parser().parse_args(arguments)
    name = options.name
    check_name(name)
    with alone(settings) as folder:
        if name in OTHERS:
            raise UserError(f"there is a source of this name: `{name}`", hint="choose another name")
        hold_free([settings.root / SOURCES / f"{name}.py", settings.root / STAGING / name])
        origin = origin_of(options.origin, name)
        tables, copied, title = look(origin, settings, options)
        told = [settle(table, options) for table in tables]
        check_different(name, told)
        files = {settings.root / path: text for path, text in written(name, title, told, options).items()}
        publish(folder, files, copied)
    for table in told:
        tell(table)
    tell_next(name, origin, files)
    return 0


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

        login = login_of(options.login) if options.login else None
        cursor = (options.cursor, options.since) if options.cursor else None
        found = look_at_api(origin, table=table, key=key, login=login, cursor=cursor)
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
        copied=copied,
    )
    target = settings.landing_dir / place.address / copied.name if copied else None
    return [found], (copied, target) if copied else None, f"{options.name}: files that are delivered."


def credentials_of(given: Sequence[str]) -> dict[str, Setting]:
    """Return credentials as `Files` has them.

    Raises:
        UserError: One is not the name of a variable.
    """
    found = {}
    for each in given:
        name, _, variable = each.partition("=")
        try:
            found[name] = setting_of(variable)
        except ValueError:
            raise UserError(
                "a credential that is no variable's name", hint="as in --credential aws_access_key_id=SHOP_S3_ID"
            ) from None
    return found


def settle(table: Table, options: argparse.Namespace) -> Table:
    """Return a table with those columns that go into the row model, the others told.

    Raises:
        UserError: Nothing identifies a row, or what is named is not there.
    """
    if not table.key and (options.table or table.reader.name != "Sql"):
        raise no_key(table.name, [each.name for each in table.columns])
    known = raw_names([each.name for each in table.columns], table.name)
    needed = {*table.key, *([options.cursor] if options.cursor else [])}
    columns, left = [], []
    for each in table.columns:
        if each.kind and each.name in known and can_be_field(each.name):
            nullable = each.name not in needed and (each.nullable or not table.whole)
            columns.append(replace(each, nullable=nullable))
        else:
            left.append(each if each.note and each.name in known else replace(each, note=why_left(each.name in known)))
    missing = needed - {each.name for each in columns}
    if missing and table.key:
        raise UserError(
            f"no column that a row model can have: {shown(missing)}",
            hint=f"it has {shown(each.name for each in columns)}",
        )
    # What raw cannot hold is an error under another contract.
    contract = table.contract if all(each.name in known for each in left) else "report"
    return replace(table, columns=columns, left=left, contract=contract)


def why_left(in_raw: bool) -> str:
    """Say why a column is not in the row model."""
    return "a name that no row model can have: comes as text" if in_raw else "a name that raw cannot have: not loaded"


def check_different(name: str, tables: Sequence[Table]) -> None:
    """Refuse tables that would be called the same, or as one that is there.

    Raises:
        UserError: There are such.
    """
    seen: dict[str, str] = {}
    for table in tables:
        plain = table.name.replace("_", "")
        if plain in seen:
            raise UserError(
                f"tables whose names cannot be told apart: `{seen[plain]}`, `{table.name}`",
                hint="make a source of each, by --table",
            )
        seen[plain] = table.name
        if f"{name}_{table.name}" in {each.table for source in OTHERS.values() for each in source.resources}:
            raise UserError(f"there is a table of this name: `raw.{name}_{table.name}`", hint="choose another name")
    if not any(table.key for table in tables):
        raise InputError("no table has a key", hint="name one by --table, and its key by --key a,b")


def written(name: str, title: str, tables: Sequence[Table], options: argparse.Namespace) -> dict[str, str]:
    """Return the files, by their paths from the root; the module comes last."""
    chosen = [table for table in tables if table.key]
    raws = {table.name: raw_names([each.name for each in table.columns], table.name) for table in chosen}
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
