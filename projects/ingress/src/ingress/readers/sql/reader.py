"""Rows of a table, a view or a query of another system's database: read in batches, checked in columns.

Where a load stands is what raw holds: rows are read from the newest value of the cursor on, that value included, as
others may have been committed in the same moment. Merging by key makes reading a row again do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
from typing_extensions import override

from ingress.readers.sql.declaration import Declaration, is_postgres
from ingress.source import Batch, Input, Reader, Resource, Watermark
from shared.config import Settings
from shared.config.named import Setting
from shared.data_quality import BadRow
from shared.monitoring.lineage import Dataset
from shared.places import FileMark

if TYPE_CHECKING:
    import sqlalchemy as sa

    from ingress.readers.sql.postgres_session import Session

CHUNK_ROWS = 50_000
# A table has no order: what finds a bad row again is its key.
NOWHERE = 0


@dataclass(frozen=True)
class Sql(Declaration, Reader):
    """Reads what `Declaration` says, as in `Sql("SHOP_URL", "orders", cursor="changed_at")`."""

    in_columns = True

    @property
    @override
    def required_settings(self) -> tuple[str, ...]:
        return (self.setting,)

    @override
    def where(self, settings: Settings) -> str:
        return f"${self.setting} {self.origin}"

    @override
    def dataset(self, settings: Settings) -> Dataset:
        url = Setting(self.setting).value()
        name = self.name or "(query)"
        # The drivers take a moment to import.
        if is_postgres(url):
            from shared.postgres.target import PostgresTarget

            target = PostgresTarget.from_url(url, user=self.login or "", setting=self.setting)
            return Dataset.of_postgres(target.location, name)
        from shared.databases.address import Address

        return Dataset(*Address.of(self.setting, self.login, settings).identity(name))

    @override
    def read(
        self, resource: Resource, settings: Settings, files: Sequence[FileMark], since: Watermark | None = None
    ) -> Input:
        # SQLAlchemy and the drivers take a moment to import, and the other sources do without.
        from ingress.readers.sql.spooled import Spooled

        if is_postgres(Setting(self.setting).value()):
            extras, batches, unique = self._of_postgres(resource, settings, since)
        else:
            from ingress.readers.sql.database import Database
            from shared.databases.address import Address

            database = Database(Address.of(self.setting, self.login, settings), self, resource)
            extras, unique = database.extras, False
            batches = database.batches(since, CHUNK_ROWS)
        if unique:
            keys = pa.schema([field for field in resource.columns.rows.schema if field.name in resource.key])
            # The database itself sees to it that no key comes twice.
            return Input(extras, batches, lambda duck: keys.empty_table(), since=since, sees_all=since is None)
        spooled = Spooled(batches, resource.key)
        return Input(extras, spooled.batches(), spooled.duplicated, since=since, sees_all=since is None)

    def _of_postgres(
        self, resource: Resource, settings: Settings, since: Watermark | None
    ) -> tuple[list[str], Iterator[Batch], bool]:
        """Return the columns that the row model does not know, the rows, and whether the database keeps keys unique."""
        from ingress.readers.sql.postgres_session import Session

        session = Session.of(self, settings)
        table, extras, unique = session.table(resource)
        return extras, self._batches(resource, session, table, since), unique

    def _batches(
        self, resource: Resource, session: Session, table: sa.Table, since: Watermark | None
    ) -> Iterator[Batch]:
        position = 1
        for rows, unreadable in session.rows(table, since, CHUNK_ROWS):
            checked = resource.columns.check(rows, position)
            bad = [replace(row, position=NOWHERE) for row in checked.bad]
            yield Batch(self.origin, 0, checked.good, [*bad, *(BadRow(NOWHERE, *row) for row in unreadable)])
            position += rows.num_rows
