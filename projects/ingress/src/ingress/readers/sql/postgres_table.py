"""Rows from a table of another system's PostgreSQL database: read in batches, checked in columns.

Where a load stands is what raw holds: rows are read from the newest value of the cursor on, that value included, as
others may have been committed in the same moment. Merging by key makes reading a row again do nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
from typing_extensions import override

from ingress.source import Batch, Input, Reader, Resource, Watermark
from shared.config import Settings
from shared.data_quality import BadRow
from shared.errors import ConfigurationError
from shared.monitoring.lineage import Dataset
from shared.places import FileMark

if TYPE_CHECKING:
    import sqlalchemy as sa

    from ingress.readers.sql.postgres_session import Session

CHUNK_ROWS = 50_000
# A table has no order: what finds a bad row again is its key.
NOWHERE = 0


@dataclass(frozen=True)
class PostgresTable(Reader):
    """A table whose key is guarded by the database, and in which a column grows with every change of a row.

    Attributes:
        setting: The environment variable with the database's URL.
        login: Who connects where the URL names nobody.
        name: Schema and table, as in `erp.articles`.
        cursor: The column, a time, date or whole number.
    """

    setting: str
    login: str
    name: str
    cursor: str
    in_columns = True

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting,)

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting} {self.name}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        # The driver takes a moment to import.
        from shared.postgres.target import PostgresTarget

        target = PostgresTarget.from_url(os.environ[self.setting], user=self.login, setting=self.setting)
        return Dataset.of_postgres(target.location, self.name)

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        # SQLAlchemy and the driver take a moment to import, and the other sources do without.
        from ingress.readers.sql.postgres_session import Session

        if self.missing_setting:
            raise ConfigurationError(
                f"{self.setting} is not set",
                hint=f"set the environment variable {self.setting} to postgresql://host:port/database",
            )
        session = Session.of(self.setting, self.login, self.name, settings)
        table, extras = session.table(resource)
        keys = pa.schema([field for field in resource.columns.rows.schema if field.name in resource.key])
        return Input(
            extras,
            self._batches(resource, session, table, since),
            # The database itself sees to it that no key comes twice.
            lambda duck: keys.empty_table(),
            since=since,
            sees_all=since is None,
        )

    def _batches(
        self, resource: Resource, session: Session, table: sa.Table, since: Watermark | None
    ) -> Iterator[Batch]:
        position = 1
        for rows, unreadable in session.rows(table, self.cursor, since, CHUNK_ROWS):
            checked = resource.columns.check(rows, position)
            bad = [replace(row, position=NOWHERE) for row in checked.bad]
            yield Batch(self.name, 0, checked.good, [*bad, *(refused(row) for row in unreadable)])
            position += rows.num_rows


def refused(payload: str) -> BadRow:
    """Return the bad row for one that only PostgreSQL can hold."""
    return BadRow(NOWHERE, "a date or time outside the years 1 to 9999, or a number that is none", payload)
