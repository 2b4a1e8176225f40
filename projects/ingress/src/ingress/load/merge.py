"""How dlt merges rows into a table: only those that are new or of another content are written.

What a row that comes again as it was costs is one comparison, and it keeps the load that wrote it. Both statements run
in one transaction; deleting what differs and inserting what is not there stays exact whenever a process is killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlt.common.destination.client import FollowupJobRequest
from dlt.common.destination.typing import PreparedTableSchema
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase
from dlt.destinations.sql_jobs import SqlMergeFollowupJob
from typing_extensions import override

from ingress.deletions import DELETED_AT, DELETED_BY

LOAD = "_dlt_load_id"


class Merge(SqlMergeFollowupJob):
    """The statements that merge a table's rows from the staging schema."""

    @classmethod
    @override
    def generate_sql(cls, table_chain: Sequence[PreparedTableSchema], sql_client: SqlClientBase[Any]) -> list[str]:
        if len(table_chain) > 1:
            return super().generate_sql(table_chain, sql_client)
        (table,) = table_chain
        target, staging = sql_client.get_qualified_table_names(str(table["name"]))
        columns = ", ".join(quoted(list(table["columns"]), sql_client))
        same = matching(hinted(table, "primary_key", sql_client))
        differs = " or ".join(differences(table, stored_columns(target, sql_client), sql_client)) or "false"
        drop = f"delete from {target} as old using {staging} as new where {same} and ({differs})"
        if parents := hinted(table, "merge_key", sql_client):
            # Of rows within others, all go whose parent has come again and that have not come so with it.
            drop = (
                f"delete from {target} as old using (select distinct {', '.join(parents)} from {staging}) as parent "
                f"where {matching(parents, 'parent')} and "
                f"not exists (select 1 from {staging} as new where {same} and not ({differs}))"
            )
        return [
            drop,
            f"insert into {target} ({columns}) select {columns} from {staging} as new "
            f"where not exists (select 1 from {target} as old where {same})",
        ]


def hinted(table: PreparedTableSchema, hint: str, sql_client: SqlClientBase[Any]) -> list[str]:
    """Return the columns that have a hint, as the engine takes them."""
    return quoted([name for name, column in table["columns"].items() if column.get(hint)], sql_client)


def matching(columns: Sequence[str], other: str = "new") -> str:
    """Return the condition under which two rows have the same in these columns."""
    return " and ".join(f"old.{name} = {other}.{name}" for name in columns)


def differences(table: PreparedTableSchema, stored: Sequence[str], sql_client: SqlClientBase[Any]) -> list[str]:
    """Return the conditions under each of which a stored row has another content than the one that has come."""
    found = []
    for name in stored:
        (column,) = quoted([name], sql_client)
        if name not in table["columns"]:
            found.append(f"old.{column} is not null")
            continue
        found.append(f"old.{column} is distinct from new.{column}")
        if table["columns"][name].get("data_type") == "double":
            # 0.0 and -0.0 are equal and not the same.
            sign = "signbit({})" if sql_client.capabilities.sqlglot_dialect == "duckdb" else "float8send({})"
            found.append(f"{sign.format(f'old.{column}')} is distinct from {sign.format(f'new.{column}')}")
    return found


def stored_columns(target: str, sql_client: SqlClientBase[Any]) -> list[str]:
    """Return the columns of a table by which its rows' content is told, also those that a load does not bring."""
    with sql_client.execute_query(f"select * from {target} limit 0") as cursor:
        return [name for name, *_ in cursor.description if name not in (LOAD, DELETED_AT, DELETED_BY)]


def quoted(names: Sequence[str], sql_client: SqlClientBase[Any]) -> list[str]:
    """Return names as the engine takes them."""
    return [sql_client.escape_column_name(name) for name in names]


class MergesChanges(SqlJobClientBase):
    """A client that merges so."""

    @override
    def _create_merge_followup_jobs(self, table_chain: Sequence[PreparedTableSchema]) -> list[FollowupJobRequest]:
        # dlt asks for what follows before it connects.
        with self.sql_client:
            return [Merge.from_table_chain(table_chain, self.sql_client)]
