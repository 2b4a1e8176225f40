"""What a lab's raw tables are: declared once, as dbt's sources, in the YAML beside its bronze models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.config.labs import Lab
from shared.errors import ConfigurationError
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
        columns: DuckDB's type by column, in order.
        files: Those in the lab's raw folder that are named as `patterns` says.
    """

    name: str
    description: str
    columns: dict[str, str]
    files: tuple[Path, ...]


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
        tables[name] = RawTable(name, description, dict(_columns(path, name, table)), _files(lab, name))
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


def _columns(path: Path, table: str, declared: dict[str, Any]) -> Iterator[tuple[str, str]]:
    columns = declared.get("columns") or []
    if not columns:
        raise ConfigurationError(f"raw table without columns: `{table}`", hint=f"name them in `{path}`")
    for column in columns:
        kind = str(column.get("data_type", ""))
        if not TYPE.fullmatch(kind):
            raise ConfigurationError(
                f"not a data_type, `{table}.{column.get('name')}`: `{kind}`",
                hint=f"write one of DuckDB's into `{path}`: varchar, bigint, decimal(12, 2), date, timestamp, …",
            )
        yield str(column["name"]), kind


def _files(lab: Lab, table: str) -> tuple[Path, ...]:
    single, several = patterns(table)
    path = lab.raw_dir / single
    return (path,) if path.is_file() else tuple(sorted(lab.raw_dir.glob(several)))


def patterns(table: str) -> tuple[str, str]:
    """Return how its files may be named in the lab's raw folder: one of its name, or any number in a folder."""
    return f"{table}.csv", f"{table}/*.csv"
