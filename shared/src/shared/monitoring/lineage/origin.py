"""What an output of a run was made from, and what datasets are called outside, by OpenLineage's naming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from shared.warehouse import Warehouse


@dataclass(frozen=True)
class Dataset:
    """A dataset, inside or outside the warehouse, by the name that every tool knows it by."""

    namespace: str
    name: str

    @classmethod
    def of_file(cls, path: Path) -> Dataset:
        """Return a file or folder of this machine."""
        return cls("file", str(path))

    @classmethod
    def of_url(cls, url: str) -> Dataset:
        """Return what is behind a web address, without login and query, which may be secret."""
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{_host(parts.hostname, parts.port)}", parts.path or "/")

    @classmethod
    def of_postgres(cls, location: str, table: str) -> Dataset:
        """Return `schema.table` of the database at `PostgresTarget.location`."""
        parts = urlsplit(location)
        database = unquote(parts.path.removeprefix("/"))
        return cls(f"postgres://{_host(parts.hostname, parts.port)}", f"{database}.{table}")

    @classmethod
    def of_relation(cls, warehouse: Warehouse, relation: str) -> Dataset:
        """Return a table or view of a warehouse."""
        if warehouse.path is None:
            return cls.of_postgres(warehouse.location, relation)
        return cls(f"duckdb://{warehouse.path}", f"{warehouse.path.stem}.{relation}")


@dataclass(frozen=True)
class Origin:
    """What an output was made from.

    Attributes:
        inputs: Relations of the same warehouse, `core.dim_customer`, and datasets elsewhere.
        columns: Which column of the inputs each column of the output holds, where it is that simple.
        same_names: Whether columns that an input has too come from there.
        sql: The query that made it, where a query did: it tells where its columns come from.
        outputs: Where the output is, if it is no relation of the warehouse.
    """

    inputs: tuple[str | Dataset, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    same_names: bool = False
    sql: str | None = None
    outputs: tuple[Dataset, ...] = ()


def _host(name: str | None, port: int | None) -> str:
    host = f"[{name}]" if name and ":" in name else name or ""
    return f"{host}:{port}" if port else host
