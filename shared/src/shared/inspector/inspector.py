"""DataInspector: what is in a database, a schema or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from shared.errors import InputError, PlatformError, StorageFull, first_line
from shared.inspector.freshness import freshness
from shared.inspector.memory import Memory
from shared.inspector.profile import Limits, measure
from shared.inspector.results import Inspection, TableProfile
from shared.inspector.targets import relations_of
from shared.utils.clock import utc_now
from shared.utils.names import suggestion
from shared.warehouse import Warehouse
from shared.warehouse.sql.catalog import Relation

ABOUT_THE_SESSION = (duckdb.InterruptException, duckdb.FatalException, duckdb.ConnectionException)


class DataInspector:
    """Looks at what an open warehouse holds; nothing in it is changed.

    Args:
        warehouse: Open in either mode.
        limits: How much is counted exactly, and how much is listed.
        remember: Whether the last inspection is kept under the warehouse's `state_dir`; it holds values of the data.
    """

    def __init__(self, warehouse: Warehouse, *, limits: Limits | None = None, remember: bool = True) -> None:
        self.warehouse = warehouse
        self.limits = limits or Limits()
        self.remember = remember
        self.memory = Memory(warehouse.state_dir / "inspections")

    def inspect(
        self,
        target: str | None = None,
        *,
        key: Sequence[str] = (),
        fresh_by: str | None = None,
        sample_rows: int | None = None,
    ) -> Inspection:
        """Inspect a target, and remember what was found as its last inspection.

        A table of several that cannot be inspected is in the result with its problem.

        Args:
            target: `schema` or `schema.table`, the whole database where it is None.
            key: Columns that should tell a table's rows apart; its primary key where none are given.
            fresh_by: The column that says when a table's rows came; a plausible one where it is None.
            sample_rows: On how many rows, about, to measure columns; on all where it is None.

        Raises:
            InputError: There is nothing of that name, or nothing in it, or a column is not the table's.
            PlatformError: The one table that was asked for cannot be inspected.
        """
        if sample_rows is not None and sample_rows < 1:
            raise InputError(f"not a number of rows: `{sample_rows}`", hint="sample at least one row")
        found = relations_of(target, self.warehouse.relations())
        alone = len(found) == 1 and found[0].full_name == target
        if not alone:
            refuse_columns(target, [*key, *([fresh_by] if fresh_by else [])])
        tables = [self._table(one, key=key, fresh_by=fresh_by, sample_rows=sample_rows, alone=alone) for one in found]
        inspection = Inspection(
            database=self.warehouse.identity.name,
            engine=self.warehouse.engine,
            location=self.warehouse.location,
            taken_at=utc_now(),
            target=target,
            size_bytes=self.warehouse.database_bytes(),
            tables=tuple(tables),
        )
        if self.remember:
            self.memory.keep(inspection)
        return inspection

    def _table(
        self, relation: Relation, *, key: Sequence[str], fresh_by: str | None, sample_rows: int | None, alone: bool
    ) -> TableProfile:
        """Inspect a table; unless it was asked for alone, one that cannot be inspected is returned with its problem."""
        try:
            table = measure(self.warehouse, relation, self.limits, key=own(key, relation), sample_rows=sample_rows)
            fresh = freshness(self.warehouse, relation, table, named=fresh_by, now=utc_now())
            return replace(table, freshness=fresh)
        except Exception as error:
            if alone or not is_of_table(error):
                raise
            return TableProfile(relation.schema, relation.name, relation.is_view, problem=first_line(error))

    def last(self, target: str | None = None) -> Inspection | None:
        """Return the last inspection of the target or of what it is part of, for `changes_between`.

        Ask before the next inspection takes its place.
        """
        schema = next((one.schema for one in self.warehouse.relations() if one.full_name == target), None)
        return self.memory.last(target, schema)


def refuse_columns(target: str | None, columns: Sequence[str]) -> None:
    """Refuse columns of what is not one table.

    Raises:
        InputError: There are some.
    """
    if columns:
        raise InputError(
            f"`{columns[0]}` is a table's column, and this is not one table: `{target or 'the whole database'}`",
            hint="name one table as schema.table together with its key or the column that it is fresh by",
        )


def own(key: Sequence[str], relation: Relation) -> Sequence[str]:
    """Return a key that is the table's own.

    Raises:
        InputError: A column of it is not.
    """
    names = [field.name for field in relation.fields]
    for name in key:
        if name not in names:
            raise InputError(f"no such column of `{relation.full_name}`: `{name}`", hint=suggestion(name, names))
    return key


def is_of_table(error: Exception) -> bool:
    """Tell whether an error is one table's, such as a broken view, and says nothing of the tables after it."""
    if isinstance(error, PlatformError):
        return not error.retryable and not isinstance(error, StorageFull)
    if isinstance(error, duckdb.Error):
        return not isinstance(error, ABOUT_THE_SESSION)
    # By name: whoever has the warehouse in a file does not load the driver.
    return type(error).__module__.partition(".")[0] == "psycopg2"
