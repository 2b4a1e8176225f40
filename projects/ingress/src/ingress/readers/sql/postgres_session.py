"""What dlt's `sql_table` needs to read from another system's PostgreSQL, and what its errors mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.libs.pyarrow import columns_to_arrow
from dlt.sources.sql_database import sql_table
from sqlalchemy.exc import NoSuchTableError

from ingress.readers.sql.postgres_types import described
from ingress.readers.sql.source import any_types, columns_chosen, source_of
from ingress.source import Resource, Watermark
from shared.config import Settings
from shared.config.named import Setting
from shared.data_quality.conversion import convertible
from shared.data_quality.fields import Field
from shared.errors import InputError, PlatformError, SourceUnavailable, causes, first_line
from shared.postgres.errors import NotPermitted, ServerUnavailable, explain
from shared.postgres.reading import read_only, source_target
from shared.postgres.target import PostgresTarget

if TYPE_CHECKING:
    from dlt.common.schema.typing import TTableSchemaColumns

    from ingress.readers.sql.declaration import Declaration

CAPABILITIES = DestinationCapabilitiesContext.generic_capabilities()
UNREADABLE = "_unreadable"
# By SQLAlchemy's types, the first counts. PostgreSQL's dates go beyond every calendar, its decimals may be no number.
READABLE = {
    sa.Float: "",
    sa.Date: "between date '0001-01-01' and date '9999-12-31'",
    sa.DateTime: "between timestamptz '0001-01-01 00:00:00Z' and timestamptz '9999-12-31 23:59:59.999999Z'",
    sa.Numeric: "<> 'NaN'",
}
# Rows, and those that cannot be read: what is wrong with each, and the row as JSON.
Chunk = tuple[pa.RecordBatch, list[tuple[str, str]]]
REASON = "a date or time outside the years 1 to 9999, or a number that is none"


@dataclass(frozen=True)
class Session:
    """What to read, and the login to read it with."""

    target: PostgresTarget
    reader: Declaration

    @classmethod
    def of(cls, reader: Declaration, settings: Settings) -> Session:
        """Return the one that a setting leads to.

        Raises:
            ConfigurationError: It holds no URL of a PostgreSQL database, or nobody says who connects.
        """
        return cls.from_url(Setting(reader.setting).value(), reader, settings)

    @classmethod
    def from_url(cls, url: str, reader: Declaration, settings: Settings) -> Session:
        """Return the one that a URL leads to.

        Raises:
            ConfigurationError: It is no URL of a PostgreSQL database, or nobody says who connects.
        """
        scheme, _, rest = url.partition(":")
        target = source_target(
            f"{scheme.partition('+')[0]}:{rest}",
            login=reader.login,
            passfile=settings.passfile,
            setting=reader.setting,
            lock_seconds=settings.warehouse_lock_timeout,
        )
        return cls(target, reader)

    @property
    def name(self) -> str:
        """Schema and table, or that it is a query."""
        return self.reader.origin

    @cached_property
    def engine(self) -> sa.Engine:
        """What SQLAlchemy connects with; it asks a server what it is once."""
        return sa.create_engine(
            "postgresql+psycopg2://",
            creator=lambda: read_only(self.target, f"ingest {self.name}"),
            poolclass=sa.NullPool,
        )

    def table(self, resource: Resource) -> tuple[sa.Table, list[str], bool]:
        """Return what will be read as a table, its columns that the row model does not know, which become text, and
        whether the database keeps its key unique.

        Raises:
            InputError: There is no such table, a column is missing or has a type that does not fit the row model, or
                nothing keeps a table's key unique.
            PlatformError: The database cannot be reached or does not let us read.
        """
        with self.explained():
            # One connection for all that is asked: each is work for somebody else's server.
            with self.engine.connect() as connection:
                table, unique = self._reflected(connection)
            hints = sql_table(self.engine, table.name, metadata=table.metadata, backend="pyarrow").columns
        checker = resource.columns.rows
        extras = checker.extra_columns(table.columns.keys(), self.name)
        resource.hold_to_contract(extras, self.name)
        if unique is not None:
            self._refuse_doubtful_key(resource.key, unique)
        found = columns_to_arrow(cast("TTableSchemaColumns", hints), CAPABILITIES, "UTC")
        for field in checker.fields:
            if field.name in table.columns:
                type_found = found.field(field.name).type if field.name in found.names else None
                self._make_fit(table.columns[field.name], field, type_found)
        for extra in extras:
            table.columns[extra].type = sa.Text()
        return table, extras, unique is not None

    def _reflected(self, connection: sa.Connection) -> tuple[sa.Table, list[list[str]] | None]:
        """Return the columns to read, and of a table what is unique in it; nothing is in a view or query."""
        if self.reader.query is not None:
            found = described(connection, source_of(self.reader, []))
            columns = [sa.Column(name, found[name]) for name in columns_chosen(self.reader, list(found))]
            return sa.Table("query", sa.MetaData(), *columns), None
        schema, name = self.reader.relation
        metadata = sa.MetaData(schema=schema)
        with any_types():
            whole = sa.Table(name, metadata, autoload_with=connection, resolve_fks=False)
        inspector = sa.inspect(connection)
        views = {*inspector.get_view_names(schema), *inspector.get_materialized_view_names(schema)}
        unique = [u["column_names"] for u in inspector.get_unique_constraints(name, schema)]
        keys = None if name in views else [whole.primary_key.columns.keys(), *unique]
        if not self.reader.columns:
            return whole, keys
        columns = [
            sa.Column(each, whole.columns[each].type) for each in columns_chosen(self.reader, whole.columns.keys())
        ]
        return sa.Table(name, sa.MetaData(schema=schema), *columns), keys

    def _refuse_doubtful_key(self, key: Sequence[str], unique: Sequence[Sequence[str]]) -> None:
        if not any(set(columns) <= set(key) for columns in unique if columns):
            raise InputError(
                f"nothing keeps the key of `{self.name}` unique: {', '.join(f'`{name}`' for name in key)}",
                hint="have a primary key or unique constraint made on it there, or correct the key of the resource",
            )

    def _make_fit(self, column: sa.Column[Any], field: Field, found: pa.DataType | None) -> None:
        """Let texts, bytes and JSON be read as PostgreSQL writes them, and refuse what cannot become that type."""
        texts = (sa.String, sa.Uuid, sa.JSON) if field.is_json else (sa.String, sa.Uuid, sa.LargeBinary)
        if field.kind is str and isinstance(column.type, texts):
            column.type = sa.Text()
            return
        of_any_size = isinstance(column.type, sa.Numeric) and column.type.asdecimal and column.type.precision is None
        if field.kind is str or of_any_size or found is None or not convertible(found, field):
            raise InputError(
                f"wrong type in `{self.name}`, column `{column.name}`: `{column.type}`",
                hint=f"the row model has `{field.kind.__name__}`: correct it, or have the column changed",
            )

    def rows(self, table: sa.Table, since: Watermark | None, chunk_rows: int) -> Iterator[Chunk]:
        """Read the rows whose cursor is `since` or later, or null, in batches; all rows where there is no `since`.

        Rows with a value that Python or arrow cannot hold come apart, as JSON.

        Raises:
            PlatformError: The database goes away, or does not let us read.
        """

        def query(_: object, read: sa.Table) -> sa.Select[Any]:
            source = self._source(read)
            chosen = select_of(source)
            if since is None or self.reader.cursor is None:
                return chosen
            changed = source.columns[self.reader.cursor]
            return chosen.where(sa.or_(changed >= since, changed.is_(None)))

        with self.explained():
            batches = sql_table(
                self.engine,
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

    def _source(self, table: sa.Table) -> sa.FromClause:
        if self.reader.query is not None:
            found = source_of(self.reader, [sa.column(each.name, each.type) for each in table.columns])
            return sa.select(*found.columns).subquery("source")
        # A row that nobody can read is kept whole, and that is of what was chosen.
        return sa.select(table).subquery("source") if self.reader.columns else table.alias("source")

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
    if marks.null_count == len(marks):
        return batch.select(names), []
    unread = batch.filter(pc.is_valid(marks)).to_pylist()
    refused = [(why_unreadable(row, row[UNREADABLE]), row[UNREADABLE]) for row in unread]
    return batch.filter(pc.is_null(marks)).select(names), refused


def why_unreadable(row: Mapping[str, Any], payload: str) -> str:
    """Return what is wrong with a row: the columns that were not read, though there is something in them."""
    names = [name for name, value in json.loads(payload).items() if value is not None and row.get(name) is None]
    return "; ".join(f"`{name}`: {REASON}" for name in names) or REASON
