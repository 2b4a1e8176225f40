"""Loading checked rows into raw with dlt.

dlt merges with `delete-insert` on the key, which stays exact whenever a process is killed. Nothing of dlt's own state
decides what is loaded, so each load begins without any: the working folder is emptied, and what a killed run has left
there, whole or half, is read again; no folder can carry state from one warehouse to another. Which tables and columns
there are, dlt looks up, or it would take a table that somebody dropped for there.

Rows go in as parquet: DuckDB reads the files, into PostgreSQL they are copied by ADBC.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineStepFailed

from ingress.load import duckdb_destination, plain_parquet
from ingress.source import Resource
from shared.command_line import as_platform_error
from shared.data_quality import RowModel, arrow_schema
from shared.errors import PlatformError
from shared.utils.console import step
from shared.warehouse import Warehouse, quote

if TYPE_CHECKING:
    from shared.warehouse.duckdb_engine import DuckDBWarehouse
    from shared.warehouse.postgres_engine import PostgresWarehouse

plain_parquet.use()
DLT_TYPES: Mapping[pa.DataType, TColumnSchema] = {
    pa.int64(): {"data_type": "bigint"},
    pa.float64(): {"data_type": "double"},
    pa.string(): {"data_type": "text"},
    pa.bool_(): {"data_type": "bool"},
    pa.timestamp("us"): {"data_type": "timestamp", "timezone": False, "precision": 6},
    pa.timestamp("us", "UTC"): {"data_type": "timestamp", "timezone": True, "precision": 6},
    pa.date32(): {"data_type": "date"},
}
Rows = Callable[[], Iterator[pa.Table]]
# `deduplicated`: each key comes once, so dlt need not sort the rows to make sure.
MERGE = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}


def load(
    warehouse: Warehouse,
    source: str,
    tables: Mapping[str, tuple[Resource, Rows]],
    guard: Callable[[], None] = lambda: None,
) -> str:
    """Merge the rows of a source's resources into raw: all of them, or after an error none that a rerun would miss.

    Args:
        warehouse: Open for writing.
        source: Names the progress and dlt's pipeline.
        tables: Each resource with its rows, by its name; the rows hold each key once.
        guard: Called when all rows are read and before any is loaded; it stops the load by an error.

    Returns:
        dlt's id of the load, which the rows carry that it has written.

    Raises:
        PlatformError: What the rows raised while they were read, or what dlt could not do.
    """
    folder = warehouse.state_dir / "pipelines"
    forget_state(warehouse, source, folder / source)
    pipeline = dlt.pipeline(source, pipelines_dir=str(folder), destination=destination(warehouse), dataset_name="raw")
    resources = [as_dlt(resource, rows, disposition(warehouse, resource)) for resource, rows in tables.values()]
    try:
        with step(f"{source}: reading and checking {', '.join(tables)}"):
            pipeline.extract(resources, loader_file_format="parquet")
            pipeline.normalize()
        guard()
        with step(f"{source}: loading"):
            (identifier,) = pipeline.load().loads_ids
    except PipelineStepFailed as error:
        raise as_platform_error(cause_of(error)) from error
    # The engine's own look at new tables may be a minute off, the next step is not.
    for resource, _ in tables.values():
        warehouse.analyze(resource.relation)
    shutil.rmtree(folder / source)
    return str(identifier)


def forget_state(warehouse: Warehouse, source: str, folder: Path) -> None:
    """Drop what dlt remembers of a source, in its working folder and in the warehouse."""
    if folder.exists():
        shutil.rmtree(folder)
    for schema in ("raw", "raw_staging"):
        if warehouse.table_exists(f"{schema}._dlt_version"):
            warehouse.execute(f"delete from {schema}._dlt_version where schema_name = $1", [source])


def cause_of(error: BaseException) -> BaseException:
    """Return the platform's own error among the causes of one of dlt's, or else the first cause of all."""
    cause = error.__cause__ or error.__context__
    return error if cause is None or isinstance(error, PlatformError) else cause_of(cause)


def destination(warehouse: Warehouse) -> Any:
    """Return dlt's name for the warehouse, with the login that it was opened with."""
    if warehouse.engine == "postgres":
        from ingress.load import postgres_destination

        return postgres_destination.destination(cast("PostgresWarehouse", warehouse).target)
    # Within one process DuckDB shares the file with our own connection.
    return duckdb_destination.destination(cast("DuckDBWarehouse", warehouse).path)


def disposition(warehouse: Warehouse, resource: Resource) -> Any:
    """Return how rows get into a table: merged by key, or straight into one that has no row yet.

    Whoever is killed leaves a part of the rows at most, and the rerun finds a table with rows and merges all of them.
    With a cursor it would not read all of them, so there even the first rows are merged, in one transaction.
    """
    if resource.reader.cursor:
        return MERGE
    return MERGE if warehouse.table_exists(resource.relation) and has_rows(warehouse, resource) else "append"


def has_rows(warehouse: Warehouse, resource: Resource) -> bool:
    """Tell whether a table has rows, once nobody writes to it any more."""
    relation = quote(resource.relation)
    with warehouse.transaction():
        if warehouse.engine == "postgres":
            # The server may still be committing what a killed load has sent last.
            warehouse.execute(f"lock table {relation} in share mode")
        return bool(warehouse.fetch(f"select 1 from {relation} limit 1"))


def as_dlt(resource: Resource, rows: Rows, write_disposition: Any) -> DltResource:
    """Describe a table to dlt: its columns once, or it would warn of each batch that a key may be null.

    Of rows within others all that one of those had are replaced, whose key is a part of theirs.
    """
    return dlt.resource(
        rows(),
        name=resource.table,
        columns=column_hints(resource.model),
        primary_key=list(resource.key),
        merge_key=list(resource.reader.whose),
        write_disposition=write_disposition,
    )


def column_hints(model: type[RowModel]) -> dict[str, TColumnSchema]:
    """Return a model's columns as dlt describes them."""
    return {
        field.name: TColumnSchema(name=field.name, nullable=field.nullable, **dlt_type(field.type))
        for field in arrow_schema(model)
    }


def dlt_type(kind: pa.DataType) -> TColumnSchema:
    """Return how dlt describes a type that checked rows have."""
    if pa.types.is_decimal(kind):
        return {"data_type": "decimal", "precision": kind.precision, "scale": kind.scale}
    return DLT_TYPES[kind]
