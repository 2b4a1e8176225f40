"""Splink's way to PostgreSQL, for tables that are thrown away and a role that may do little else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from splink.internals.postgres.database_api import PostgresAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from typing_extensions import override

from entity_resolution.kinds import functions

if TYPE_CHECKING:
    from psycopg2 import extensions
    from splink.internals.splink_dataframe import SplinkDataFrame

# A step of Splink's queries, and the one that compares the values of each pair.
STEP = re.compile(r"^(\w+) as \($", re.MULTILINE)
PAIR_LEVELS = "__splink__df_comparison_vectors"


class ScratchAPI(PostgresAPI):
    """Makes unlogged tables, with statistics, in the session's own schema.

    Splink's class would make schema and extension, for which a project's role has no right, and sets the search path
    for one session of several. DuckDB's postgres extension, which it installs to bring in data from outside, is not
    needed for a table that is in the server already.
    """

    @override
    def _create_splink_schema(self, other_schemas_to_search: object) -> None:
        """Leave it to `postgres-init`, and the search path to the session."""

    @override
    def _register_extensions(self) -> None:
        """Leave it to `postgres-init`."""

    @override
    def _register_custom_functions(self) -> None:
        self._execute_sql_against_backend(functions.postgres())

    def make_table(self, name: str, query: str) -> None:
        """Make a table anew of a query's rows, which may call the functions by which values are compared."""
        self.delete_table_from_database(name)
        self._execute_sql_against_backend(f"create unlogged table {name} as {query}")
        self._execute_sql_against_backend(f"analyze {name}")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement that is not Splink's, and return its rows."""
        with self._engine.begin() as connection:
            # As it is: what looks like a parameter may be a value.
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result.fetchall()] if result.returns_rows else []

    @override
    def _setup_for_execute_sql(self, sql: str, physical_name: str) -> str:
        self.delete_table_from_database(physical_name)
        return f"create unlogged table {physical_name} as\n{planned(sql)}"

    @override
    def _cleanup_for_execute_sql(self, table: Any, templated_name: str, physical_name: str) -> SplinkDataFrame:
        # Nobody would otherwise know how many rows it has when it is joined a moment later.
        self._execute_sql_against_backend(f"analyze {physical_name}")
        return super()._cleanup_for_execute_sql(table, templated_name, physical_name)


def planned(sql: str) -> str:
    """Tell PostgreSQL which steps of a query to work out once, and to plan across all the others.

    By itself it works out each step that is named twice, without statistics and without a second process. The levels of
    each pair however, named once, it would work out anew in every place where weights are added up: ten times the work.
    """
    return STEP.sub(lambda step: f"{step[1]} as {'' if step[1] == PAIR_LEVELS else 'not '}materialized (", sql)


@contextmanager
def scratch_api(connect: Callable[[], extensions.connection]) -> Iterator[ScratchAPI]:
    """Open Splink's way to PostgreSQL on one session.

    Args:
        connect: Opens the session; new tables go into the first schema of its search path.
    """
    engine = create_engine("postgresql+psycopg2://", creator=connect, poolclass=StaticPool)
    try:
        yield ScratchAPI(engine)
    finally:
        engine.dispose()
