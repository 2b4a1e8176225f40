"""Rows from a table of a PostgreSQL database, by dlt's `sql_database` source: checked in columns, a batch at a time.

What is read begins at the newest value of a cursor column that raw holds, so no state but the rows themselves says where
to go on. Rows with that very value are read again, as some may have been committed late; merging by key makes it exact.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from typing_extensions import override

from ingress.source import Batch, Input, Reader, Resource
from shared.config import Settings
from shared.data_quality import BadRow
from shared.errors import InputError
from shared.postgres import PostgresTarget

CHUNK_ROWS = 50_000


@dataclass(frozen=True)
class SqlTable(Reader):
    """One table.

    Attributes:
        setting: The environment variable with the database's URL.
        login: Who reads it where the URL names nobody.
        table: Its name with the schema's.
        cursor: The column that grows with every change of a row.
        start: The value of the cursor from which rows are read; all where it is None.
        sees_all: See `Reader`.
    """

    setting: str
    login: str
    table: str
    cursor: str
    start: Any = None
    sees_all: bool = True
    in_columns = True

    @property
    @override
    def missing_setting(self) -> str | None:
        return None if os.environ.get(self.setting) else self.setting

    @override
    def starting_at(self, newest: Any) -> Reader:
        return replace(self, start=newest, sees_all=False)

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting} {self.table}"

    @override
    def read(self, resource: Resource, settings: Settings, files: Sequence[Any]) -> Input:
        engine = self._engine(settings)
        table = self._reflect(engine)
        origin = f"{self.setting} {self.table}"
        names = [str(column.name) for column in table.columns]
        extras = resource.columns.extra_columns(pa.schema([(name, pa.null()) for name in names]), origin)
        resource.hold_to_contract(extras, origin)
        for sample in self._chunks(engine, table, limit=1):
            resource.columns.extra_columns(sample.schema, origin)
        batches = self._checked(resource, self._chunks(engine, table), origin)
        return Input(extras, batches, lambda duck: self._duplicated(engine, table, resource))

    def _engine(self, settings: Settings) -> sa.Engine:
        """Return what connects to the database; the first connection is made here, so that its errors are told.

        Raises:
            ConfigurationError: The setting is no URL of PostgreSQL, or its login is not let in.
            ServerUnavailable: Nobody answers.
        """
        url = os.environ.get(self.setting, "")
        target = PostgresTarget.from_url(url, user=self.login, passfile=settings.passfile, setting=self.setting)
        target.connect("ingress").close()

        def connect() -> Any:
            session = target.connect("ingress")
            # One snapshot for all chunks, and no way to change anything.
            session.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
            return session

        return sa.create_engine("postgresql+psycopg2://", creator=connect, poolclass=sa.NullPool)

    def _reflect(self, engine: sa.Engine) -> sa.Table:
        """Look up the table's columns.

        Raises:
            InputError: There is no such table, or it has no such cursor.
        """
        schema, _, name = self.table.rpartition(".")
        try:
            table = sa.Table(name, sa.MetaData(schema=schema), autoload_with=engine, resolve_fks=False)
        except sa.exc.NoSuchTableError as error:
            raise InputError(
                f"no such table in the database that {self.setting} names: `{self.table}`",
                hint="correct the setting, or ask the database's owner for the table and the right to see it",
            ) from error
        if self.cursor not in table.columns:
            raise InputError(
                f"`{self.table}` lacks the column that tells what is new: `{self.cursor}`",
                hint="name another one in the source's module, or ask the database's owner for it",
            )
        for column in table.columns:
            if isinstance(column.type, (sa.JSON, JSONB)):
                # As the database writes it, and not as a dictionary of Python's.
                column.type = sa.Text()
        return table

    def _chunks(self, engine: sa.Engine, table: sa.Table, limit: int | None = None) -> Iterator[pa.Table]:
        """Read the rows, or the first ones, in chunks of arrow."""
        # dlt takes a second to import, and `list` does without; first the module that sets what it reads.
        from ingress import pipeline  # noqa: F401

        from dlt.sources.sql_database.helpers import TableLoader  # isort: skip
        from dlt.sources.sql_database.schema_types import table_to_resource_hints  # isort: skip

        def from_start(query: Any, table: sa.Table) -> Any:
            columns = [sa.cast(c, sa.Text).label(c.name) if isinstance(c.type, sa.Text) else c for c in table.columns]
            cursor = table.columns[self.cursor]
            query = sa.select(*columns).order_by(cursor).limit(limit)
            return query if self.start is None else query.where(cursor >= self.start)

        hints = table_to_resource_hints(table, "full_with_precision")["columns"]
        loader = TableLoader(engine, "pyarrow", table, hints, CHUNK_ROWS, query_adapter_callback=from_start)
        for chunk in loader.load_rows({"tz": "UTC"}):
            if chunk.num_rows:
                yield chunk

    def _checked(self, resource: Resource, chunks: Iterator[pa.Table], origin: str) -> Iterator[Batch]:
        position = 1
        for chunk in chunks:
            for batch in chunk.combine_chunks().to_batches():
                checked = resource.columns.check(batch, position)
                position += batch.num_rows
                # A row has no place of its own in a table: where it came in this reading says nothing.
                bad = [BadRow(0, row.reason, row.payload) for row in checked.bad]
                yield Batch(origin, 0, checked.good, bad)

    def _duplicated(self, engine: sa.Engine, table: sa.Table, resource: Resource) -> pa.Table:
        """Look up keys that occur more than once, where the table itself does not rule that out."""
        keys = [table.columns[name] for name in resource.key]
        unique = [table.primary_key.columns.keys(), *(index.columns.keys() for index in table.indexes if index.unique)]
        if any(columns and set(columns) <= set(resource.key) for columns in unique):
            return self._no_keys(table, resource)
        query = sa.select(*keys).group_by(*keys).having(sa.func.count() > 1)
        if self.start is not None:
            query = query.where(table.columns[self.cursor] >= self.start)
        with engine.connect() as connection:
            rows = connection.execute(query).fetchall()
        schema = self._no_keys(table, resource).schema
        return pa.Table.from_pylist([dict(zip(resource.key, row, strict=True)) for row in rows], schema)

    def _no_keys(self, table: sa.Table, resource: Resource) -> pa.Table:
        fields = {field.name: field.arrow_type for field in resource.columns.fields}
        return pa.schema([(name, fields[name]) for name in resource.key]).empty_table()
