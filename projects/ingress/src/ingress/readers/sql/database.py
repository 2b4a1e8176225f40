"""Rows of a database that is not PostgreSQL: dlt's `sql_table` reads them, and no value is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dlt.sources.sql_database import sql_table
from dlt.sources.sql_database.helpers import TableLoader
from sqlalchemy.exc import DBAPIError

from ingress.readers.sql.mariadb import BIT, TIMESTAMP, refuse_types
from ingress.readers.sql.source import columns_chosen, source_of
from ingress.readers.sql.values import check, from_cursor, prepared
from ingress.source import Batch, Resource, Watermark
from ingress.values import Prepare
from shared.data_quality.fields import Field
from shared.databases.address import FLOAT, Address
from shared.databases.errors import meaning

if TYPE_CHECKING:
    from ingress.readers.sql.declaration import Declaration

# Where SQLite has times as text, their zones may lie so far apart.
ZONES = timedelta(days=1)


class Loader(TableLoader):
    """Yields chunks of rows as they are: as a tuple, which dlt takes for one item."""

    def _convert_result(self, result: Any, backend_kwargs: object) -> Iterator[tuple[Sequence[Any], ...]]:
        for partition in result.partitions(size=self.chunk_size):
            yield tuple(tuple(row) for row in partition)


class Database:
    """A table, view or query of a database, and its columns.

    Raises:
        InputError: It is not there, or has not the columns that the row model wants.
        PlatformError: The database cannot be reached or does not let us read.
    """

    def __init__(self, address: Address, reader: Declaration, resource: Resource) -> None:
        self._address, self._reader, self._resource = address, reader, resource
        self._engine = address.engine()
        self._codes = self._described()
        checker = resource.columns.rows
        self.extras = checker.extra_columns(list(self._codes), reader.origin)
        resource.hold_to_contract(self.extras, reader.origin)
        if address.dialect == "mysql":
            refuse_types(self._codes, checker.fields, reader)

    def _described(self) -> dict[str, Any]:
        """Return the columns' names, each with the driver's code for its type."""
        source = source_of(self._reader, [])
        with self._explained(), self._engine.connect() as connection:
            # No row of it, on any database.
            result = connection.execute(sa.select(sa.text("*")).select_from(source).where(sa.literal_column("1 = 0")))
            description = result.cursor.description if result.cursor else []
        found = {column[0]: column[1] for column in description}
        return {name: found[name] for name in columns_chosen(self._reader, list(found))}

    def batches(self, since: Watermark | None, chunk_rows: int) -> Iterator[Batch]:
        """Read and check the rows whose cursor is `since` or later, or null; all rows where there is no `since`.

        Raises:
            PlatformError: The database goes away, or does not let us read.
        """
        names, prepare, cursor = list(self._codes), self._prepare, self._reader.cursor
        with self._explained(), closing(self._chunks(since, chunk_rows)) as chunks:
            for chunk in chunks:
                for checked in check(self._resource, names, chunk, prepare):
                    good = checked.good
                    if since is not None and cursor is not None:
                        good = from_cursor(good, cursor, since)
                    yield Batch(self._reader.origin, 0, good, [replace(bad, position=0) for bad in checked.bad])

    def _chunks(self, since: Watermark | None, chunk_rows: int) -> Any:
        # dlt wants a table; what is read is the query.
        table = sa.Table("source", sa.MetaData(), *(sa.Column(name, sa.types.NullType()) for name in self._codes))
        query = self._query(since)
        batches = sql_table(
            self._engine,
            table.name,
            metadata=table.metadata,
            reflection_level="minimal",
            chunk_size=chunk_rows,
            query_adapter_callback=lambda _, __: query,
            table_loader_class=Loader,
        )
        return iter(batches)

    def _query(self, since: Watermark | None) -> sa.Select[Any]:
        source = source_of(self._reader, list(self._codes))
        chosen = sa.select(*(self._exact(source.columns[name]).label(name) for name in self._codes)).select_from(source)
        if since is None or self._reader.cursor is None:
            return chosen
        changed = source.columns[self._reader.cursor]
        return chosen.where(sa.or_(changed.is_(None), *self._since(changed, since)))

    def _exact(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return a column so that the server does not round it: of a `float` it would write six digits."""
        is_float = self._address.dialect == "mysql" and self._codes[column.key or ""] == FLOAT
        return column.op("*")(sa.literal_column("1e0")) if is_float else column

    def _since(self, changed: sa.ColumnElement[Any], since: Watermark) -> list[sa.ColumnElement[bool]]:
        """Return by what to find the rows from a value of the cursor on, maybe some before.

        SQLite has times as text, in one form or several: rows are found by the day, and what is no day is read too.
        """
        if isinstance(since, int):
            return [changed >= since]
        if self._address.dialect != "sqlite":
            return [changed >= self._as_stored(since)]
        field = next(field for field in self._resource.rows.fields if field.name == self._reader.cursor)
        day = (since if isinstance(since, datetime) else datetime.combine(since, datetime.min.time())) - ZONES
        if not field.written.is_usual:
            return [sa.true()]
        no_day = sa.not_(changed.op("glob")("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"))
        return [changed >= day.strftime("%Y-%m-%d"), sa.func.typeof(changed) != "text", no_day]

    def _as_stored(self, since: date) -> date:
        """Return a time as the database compares it with those of a column."""
        if not isinstance(since, datetime) or since.tzinfo is None:
            return since
        zone = self._zone_of(self._reader.cursor or "")
        if zone is None:
            return since
        local = since.astimezone(zone).replace(tzinfo=None)
        # Where clocks are set back, an earlier time is the later one.
        return local if zone is timezone.utc else local - ZONES

    def _zone_of(self, name: str) -> tzinfo | None:
        """Return of which zone a column's times without one are."""
        if self._address.dialect == "mysql" and self._codes[name] == TIMESTAMP:
            return timezone.utc
        return self._reader.zone_info

    @cached_property
    def _prepare(self) -> Mapping[str, Prepare]:
        fields: dict[str, Field] = {field.name: field for field in self._resource.rows.fields}
        dialect = self._address.dialect
        found = {
            name: prepared(
                fields[name],
                self._zone_of(name),
                bits=dialect == "mysql" and self._codes[name] == BIT,
                mixed=dialect == "sqlite",
            )
            for name in self._codes
            if name in fields
        }
        return {name: prepare for name, prepare in found.items() if prepare is not None}

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise meaning(error, self._address, self._reader.origin) from None
