"""What a lab's raw tables are: declared once, as dbt's sources, in the YAML beside its bronze models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from labs import places, queries
from labs.elsewhere import Elsewhere, fetched
from labs.places import Place
from labs.queries import Query
from shared.config.labs import Lab
from shared.csv_monitor import ENDINGS, ending_of
from shared.errors import ConfigurationError, InputError
from shared.tables import Column, Convention, Declared
from shared.tables.declared import NOTHING
from shared.utils.delivered import hold_within
from shared.utils.excerpts import listed
from shared.utils.yaml_file import read_yaml

SCHEMA = "raw"
# A type's name with or without its size: `decimal(12, 2)`. It becomes part of a statement.
TYPE = re.compile(r"[a-z][a-z0-9 ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?", re.IGNORECASE)


@dataclass(frozen=True)
class RawTable:
    """A raw table and the files that it is loaded from.

    Attributes:
        name: The table's, without its schema.
        description: What a row is.
        columns: Type and convention by column, in order.
        declared: How its files are written, as far as it is said.
        files: Those in the lab's raw folder that are named as `patterns` says, or that were fetched.
        elsewhere: Where they are fetched from, if they are.
    """

    name: str
    description: str
    columns: dict[str, Column]
    declared: Declared
    files: tuple[Path, ...]
    elsewhere: Elsewhere | None = None

    @property
    def described(self) -> tuple[str, ...]:
        """Where its files are, for people."""
        return (self.elsewhere.described,) if self.elsewhere else patterns(self.name)


def raw_tables(lab: Lab) -> list[RawTable]:
    """Return the raw tables that a lab declares, in their order.

    Raises:
        ConfigurationError: It declares none, one twice, or one without columns or with a type that cannot be one.
    """
    tables: dict[str, RawTable] = {}
    for path, table in _declared(lab):
        name = str(table.get("name", ""))
        if name in tables:
            raise ConfigurationError(f"raw table twice in lab `{lab.name}`: `{name}`", hint=f"once in `{path}`")
        description = str(table.get("description") or "")
        said = _meta(table, name, [*(field.name for field in fields(Declared)), *places.KEYS, *queries.KEYS])
        declared, elsewhere = _origin(said, f"{path}: {name}")
        files = fetched(lab.raw_dir / name) if elsewhere else _files(lab, name)
        tables[name] = RawTable(name, description, dict(_columns(path, name, table)), declared, files, elsewhere)
    if not tables:
        raise ConfigurationError(
            f"lab `{lab.name}` declares no raw table",
            hint=f"write a source with the schema `{SCHEMA}` into `{lab.folder / 'models/bronze/_sources.yml'}`",
        )
    return list(tables.values())


def _declared(lab: Lab) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((lab.folder / "models").rglob("*.y*ml")):
        for source in (read_yaml(path) or {}).get("sources") or []:
            if source.get("schema", source.get("name")) == SCHEMA:
                for table in source.get("tables") or []:
                    yield path, table


def _origin(said: Mapping[str, Any], where: str) -> tuple[Declared, Elsewhere | None]:
    """Return how a table's files are written, and where they are fetched from, if they are."""
    declared, place, query = Declared.of(said, where), Place.of(said, where), Query.of(said, where)
    if place and query:
        raise ConfigurationError(f"two origins of one table, in `{where}`", hint="`place` or `query`, not both")
    if query and declared != NOTHING:
        raise ConfigurationError(
            f"how files are written, where there is a query, in `{where}`: {listed([*declared.as_declared()])}",
            hint="leave that out: a query has no files",
        )
    elsewhere: Elsewhere | None = place or query
    return (elsewhere.form if elsewhere else None) or declared, elsewhere


def _columns(path: Path, table: str, declared: dict[str, Any]) -> Iterator[tuple[str, Column]]:
    columns = declared.get("columns") or []
    if not columns:
        raise ConfigurationError(f"raw table without columns: `{table}`", hint=f"name them in `{path}`")
    for column in columns:
        kind, place = str(column.get("data_type", "")), f"{table}.{column.get('name')}"
        if not TYPE.fullmatch(kind):
            raise ConfigurationError(
                f"not a data_type, `{place}`: `{kind}`",
                hint=f"write one of DuckDB's into `{path}`: varchar, bigint, decimal(12, 2), date, timestamp, …",
            )
        said = _meta(column, place, [field.name for field in fields(Convention)])
        yield str(column["name"]), Column(kind, Convention.of(said, place))


def _meta(node: Mapping[str, Any], place: str, names: list[str]) -> dict[str, Any]:
    """Return what stands under `meta` of a table or column, where dbt wants what it does not know."""
    misplaced = next((name for name in names if name in node), None)
    if misplaced is not None:
        raise ConfigurationError(
            f"not where dbt takes it, `{place}`: `{misplaced}`",
            hint=f"write it below: `config: {{meta: {{{misplaced}: …}}}}`",
        )
    return {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}


def _files(lab: Lab, table: str) -> tuple[Path, ...]:
    single = [lab.raw_dir / f"{table}.{ending}" for ending in ENDINGS]
    alone = tuple(path for path in single if path.is_file())[:1]
    return alone or tuple(
        sorted({path for ending in ENDINGS for path in lab.raw_dir.glob(f"{table}/*.{ending}") if path.is_file()})
    )


def tables_to_read(lab: Lab) -> list[RawTable]:
    """Return the raw tables as `raw_tables` does, once no link leads from their files to others'.

    Raises:
        InputError: One does, or a table's folder is a link.
    """
    tables = raw_tables(lab)
    for table in tables:
        hold_within(lab.raw_dir, table.files)
        if (lab.raw_dir / table.name).is_symlink():
            raise InputError(f"a link in the place of a folder: `{table.name}`", hint="put the files into a folder")
    return tables


def patterns(table: str) -> tuple[str, str]:
    """Return how its files are usually named in the lab's raw folder: one of its name, or any number in a folder."""
    return f"{table}.csv", f"{table}/*.csv"


def table_of(name: str) -> str:
    """Return the table that a file belongs to, going by its name below the raw folder."""
    folder, _, file = name.rpartition("/")
    return folder or file.removesuffix(f".{ending_of(file)}")
