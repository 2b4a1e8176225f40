"""What dlt's `sql_table` needs to read one table of another system's PostgreSQL, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.libs.pyarrow import columns_to_arrow
from dlt.sources.sql_database import sql_table
from psycopg2 import extensions
from sqlalchemy.exc import NoSuchTableError

from ingress.source import Resource, Watermark
from shared.config import Settings
from shared.data_quality.conversion import convertible
from shared.data_quality.fields import Field
from shared.errors import InputError, PlatformError, SourceUnavailable, causes, first_line
from shared.postgres.errors import NotPermitted, ServerUnavailable, explain
from shared.postgres.target import PostgresTarget

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns

CAPABILITIES = DestinationCapabilitiesContext.generic_capabilities()
UNREADABLE = "_unreadable"
# By SQLAlchemy's types, the first counts. PostgreSQL's dates go beyond every calendar, its decimals may be no number.
READABLE = {
    sa.Float: "",
    sa.Date: "between date '0001-01-01' and date '9999-12-31'",
    sa.DateTime: "between timestamptz '0001-01-01 00:00:00Z' and timestamptz '9999-12-31 23:59:59.999999Z'",
    sa.Numeric: "<> 'NaN'",
}
Chunk = tuple[pa.RecordBatch, list[str]]


@dataclass(frozen=True)
class Session:
    """A table and the login to read it with.

    Attributes:
        name: Schema and table.
    """

    target: PostgresTarget
    name: str

    @classmethod
    def of(cls, setting: str, login: str, name: str, settings: Settings) -> Session:
        """Return the one that an environment variable leads to.

        Raises:
            ConfigurationError: It holds no URL of a PostgreSQL database.
        """
        url = os.environ.get(setting, "")
        bound = settings.warehouse_lock_timeout
        target = PostgresTarget.from_url(
            url, user=login, passfile=settings.passfile, setting=setting, lock_seconds=bound
        )
        return cls(target, name)

    def engine(self) -> sa.Engine:
        """Return what SQLAlchemy connects with."""
        return sa.create_engine("postgresql+psycopg2://", creator=self._connect, poolclass=sa.NullPool)

    def _connect(self) -> extensions.connection:
        # Any version will do: nothing is asked of it but to be read.
        connection = self.target.connect(f"ingest {self.name}", oldest=0)
        connection.set_session(readonly=True, autocommit=False)
        return connection

    def table(self, resource: Resource) -> tuple[sa.Table, list[str]]:
        """Return the table as it will be read, and its columns that the row model does not know, which become text.

        Raises:
            InputError: There is no such table, a column is missing or has a type that does not fit the row model, or
                nothing keeps the key unique.
            PlatformError: The database cannot be reached or does not let us read.
        """
        schema, _, name = self.name.rpartition(".")
        with self.explained():
            engine = self.engine()
            table = sa.Table(name, sa.MetaData(schema=schema), autoload_with=engine, resolve_fks=False)
            unique = sa.inspect(engine).get_unique_constraints(name, schema)
            hints = sql_table(engine, name, metadata=table.metadata, backend="pyarrow").columns
        checker = resource.columns.rows
        extras = checker.extra_columns(table.columns.keys(), self.name)
        resource.hold_to_contract(extras, self.name)
        self._refuse_doubtful_key(
            resource.key, [table.primary_key.columns.keys(), *(u["column_names"] for u in unique)]
        )
        found = columns_to_arrow(cast("TTableSchemaColumns", hints), CAPABILITIES, "UTC")
        for field in checker.fields:
            if field.name in table.columns:
                type_found = found.field(field.name).type if field.name in found.names else None
                self._make_fit(table.columns[field.name], field, type_found)
        for extra in extras:
            table.columns[extra].type = sa.Text()
        return table, extras

    def _refuse_doubtful_key(self, key: Sequence[str], unique: Sequence[Sequence[str]]) -> None:
        if not any(set(columns) <= set(key) for columns in unique if columns):
            raise InputError(
                f"nothing keeps the key of `{self.name}` unique: {', '.join(f'`{name}`' for name in key)}",
                hint="have a primary key or unique constraint made on it there, or correct the key of the resource",
            )

    def _make_fit(self, column: sa.Column[Any], field: Field, found: pa.DataType | None) -> None:
        """Let texts and JSON be read as PostgreSQL writes them, and refuse what cannot become the field's type."""
        texts = (sa.String, sa.Uuid, sa.JSON) if field.is_json else (sa.String, sa.Uuid)
        if field.kind is str and isinstance(column.type, texts):
            column.type = sa.Text()
            return
        of_any_size = isinstance(column.type, sa.Numeric) and column.type.asdecimal and column.type.precision is None
        if field.kind is str or of_any_size or found is None or not convertible(found, field):
            raise InputError(
                f"wrong type in `{self.name}`, column `{column.name}`: `{column.type}`",
                hint=f"the row model has `{field.kind.__name__}`: correct it, or have the column changed",
            )

    def rows(self, table: sa.Table, cursor: str, since: Watermark | None, chunk_rows: int) -> Iterator[Chunk]:
        """Read the rows whose cursor is `since` or later, or null, in batches; all rows where there is no `since`.

        Rows with a value that Python or arrow cannot hold come apart, as JSON.

        Raises:
            PlatformError: The database goes away, or does not let us read.
        """

        def query(_: object, read: sa.Table) -> sa.Select[Any]:
            source = read.alias("source")
            changed = source.columns[cursor]
            chosen = select_of(source)
            return chosen if since is None else chosen.where(sa.or_(changed >= since, changed.is_(None)))

        with self.explained():
            batches = sql_table(
                self.engine(),
                table.name,
                metadata=table.metadata,
                backend="pyarrow",
                chunk_size=chunk_rows,
                query_adapter_callback=query,
            )
            # Closed here, whatever stops the load: an open session would hold on to its snapshot of the database.
            with closing(iter(batches)) as chunks:
                for chunk in chunks:
                    yield parted(chunk, table.columns.keys())

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise what PostgreSQL's errors mean in their place, also where dlt has wrapped them."""
        try:
            yield
        except NoSuchTableError as error:
            raise InputError(
                f"no such table in the database of {self.target.setting}: `{self.name}`",
                hint=f"correct {self.target.setting}, or let its owner make the table",
            ) from error
        except PlatformError:
            raise
        except Exception as error:
            known = self._meaning(error)
            if known is None:
                raise
            raise known from error

    def _meaning(self, error: BaseException) -> PlatformError | None:
        for cause in causes(error):
            known = cause if isinstance(cause, PlatformError) else explain(cause)
            if isinstance(known, NotPermitted):
                return NotPermitted(
                    f"`{self.target.user}` may not read `{self.name}` at {self.target.address}",
                    hint=f"have `select` on it granted, or use another login in {self.target.setting}",
                )
            if isinstance(known, ServerUnavailable):
                return SourceUnavailable(
                    f"`{self.name}` cannot be read to its end at {self.target.address}: {first_line(cause)}",
                    hint="nothing was loaded from it; run the command again when the database answers",
                )
            if known is not None:
                return known
        return None


def select_of(source: sa.FromClause) -> sa.Select[Any]:
    """Select a table's columns, and where a row has a value that nobody can read, all of that row as JSON."""
    columns: list[sa.ColumnElement[Any]] = []
    unreadable: list[sa.ColumnElement[bool]] = [sa.false()]
    for column in source.columns:
        value: sa.ColumnElement[Any] = sa.cast(column, sa.Text) if isinstance(column.type, sa.Text) else column
        condition = next((text for kind, text in READABLE.items() if isinstance(column.type, kind)), None)
        if condition:
            readable = column.op("")(sa.literal_column(condition, sa.Boolean))
            value = sa.case((readable, column))
            unreadable.append(sa.not_(readable))
        columns.append(value.label(column.name))
    row = sa.cast(sa.func.to_json(sa.literal_column("source.*")), sa.Text)
    columns.append(sa.case((sa.or_(*unreadable), row)).label(UNREADABLE))
    return sa.select(*columns).select_from(source)


def parted(chunk: pa.Table, names: Sequence[str]) -> Chunk:
    """Part the rows of a chunk from those that cannot be read."""
    (batch,) = chunk.combine_chunks().to_batches()
    marks = batch.column(UNREADABLE)
    payloads = marks.drop_null().to_pylist()
    return (batch.filter(pc.is_null(marks)) if payloads else batch).select(names), payloads
