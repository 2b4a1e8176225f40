"""The warehouse in a database of a PostgreSQL server."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import pyarrow as pa
from typing_extensions import override

from shared.config import Settings
from shared.config.roles import login_of
from shared.errors import WarehouseBusy
from shared.postgres.errors import explained
from shared.postgres.target import PostgresTarget
from shared.utils.console import say
from shared.utils.locks import POLL_SECONDS
from shared.warehouse.base import ArrowData, Mode, Role, Warehouse
from shared.warehouse.postgres_copy import copy_in, copy_out
from shared.warehouse.sql.arrow import column_definitions
from shared.warehouse.sql.catalog import OF_USERS, RELATIONS
from shared.warehouse.sql.dialect import PostgresDialect
from shared.warehouse.sql.quoting import quote_for_postgres as quote
from shared.warehouse.sql.quoting import quote_name_for_postgres as quote_name

# The first of the two numbers of our advisory locks, so that they meet nobody else's in the same database.
LOCK_CLASS = 0x64617461
INCOMING = "_incoming"
# A parameter is none inside a quoted name, a text or a comment: these are passed over whole.
PLACEHOLDERS = re.compile(r""""[^"]*"|'[^']*'|--[^\n]*|/\*.*?\*/|\$(\d+)""", re.DOTALL)


class PostgresWarehouse(Warehouse):
    """One database. Readers never wait; writers wait for writers of the same role.

    Raises:
        WarehouseBusy: Another writer of the role held the lock for longer than the timeout.
        PlatformError: The server cannot be reached; see `PostgresTarget.connect`.
    """

    engine = "postgres"
    dialect = PostgresDialect()
    path = None
    # Ingress' and Splink's; where each project has its own role, `infra/postgres` has made them.
    scratch = ("raw_staging", "splink")
    preparation = ("create extension if not exists fuzzystrmatch",)
    upgrade = "./pixiw run postgres-init"

    def __init__(self, settings: Settings, *, holder: str, role: Role, mode: Mode) -> None:
        self.settings = settings
        self.url = settings.warehouse_url
        self.role = role
        self._timeout = settings.warehouse_lock_timeout
        self.target = PostgresTarget.from_url(
            self.url, user=login_of(role), passfile=settings.passfile, lock_seconds=self._timeout
        )
        self.location = self.target.location
        self._name = holder
        self._connection = self.target.connect(holder)
        try:
            if mode == "read":
                self._connection.set_session(readonly=True)
            else:
                self._take_lock()
        except BaseException:
            self._connection.close()
            raise

    def _take_lock(self) -> None:
        """Take the role's lock, which PostgreSQL lets go of when this session ends, however it ends."""
        deadline = time.monotonic() + self._timeout
        told = False
        while not self.fetch("select pg_try_advisory_lock($1, $2)", [LOCK_CLASS, lock_number(self.role)])[0][0]:
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"`{self.location}` is in use for `{self.role}`: {self._holder()}",
                    hint=f"run it again when that has ended; waited {self._timeout:g} s (WAREHOUSE_LOCK_TIMEOUT)",
                )
            if not told:
                say(f"waiting for `{self.location}`, in use for `{self.role}`: {self._holder()}")
                told = True
            time.sleep(POLL_SECONDS)

    def _holder(self) -> str:
        """Describe the session that holds the role's lock, for a message."""
        rows = self.fetch(
            "select application_name, pid, coalesce(host(client_addr), 'this machine'), backend_start "
            "from pg_locks join pg_stat_activity using (pid) "
            "where locktype = 'advisory' and granted and classid = $1 and objid = $2 "
            "and pg_locks.database = (select oid from pg_database where datname = current_database())",
            [LOCK_CLASS, lock_number(self.role)],
        )
        if not rows or not rows[0][0]:
            return "somebody who did not leave a name"
        name, pid, host, since = rows[0]
        return f"`{name}` (server process {pid}, from {host}, since {since:%Y-%m-%dT%H:%M:%S} UTC)"

    @override
    @contextmanager
    def beside(self) -> Iterator[Warehouse]:
        other = copy(self)
        other._connection = self.target.connect(self._name)
        other._in_transaction = False
        try:
            yield other
        finally:
            other._connection.close()

    @override
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with explained(), self._connection.cursor() as cursor:
            cursor.execute(*bound(sql, parameters))

    @override
    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with explained(), self._connection.cursor() as cursor:
            cursor.execute(*bound(sql, parameters))
            return cursor.fetchall() if cursor.description else []

    @override
    def stream_arrow(
        self, sql: str, parameters: Sequence[Any] = (), *, batch_rows: int = 100_000
    ) -> pa.RecordBatchReader:
        with explained():
            return copy_out(self._connection, *bound(sql, parameters), batch_rows=batch_rows)

    @override
    def append_arrow(self, table: str, data: ArrowData) -> int:
        # PostgreSQL copies nothing into a table whose rows have owners.
        if self.fetch("select row_security_active($1)", [quote(table)])[0][0]:
            return self._insert_arrow(table, data, "")
        with explained(), self._connection.cursor() as cursor:
            return copy_in(cursor, table, data)

    @override
    def merge_arrow(self, table: str, data: ArrowData, *, key: Sequence[str], keep: Sequence[str] = ()) -> int:
        names = [name for name in data.schema.names if name not in (*key, *keep)]
        changes = [f"{quote_name(name)} = excluded.{quote_name(name)}" for name in names]
        action = f"update set {', '.join(changes)}" if changes else "nothing"
        return self._insert_arrow(table, data, f"on conflict ({', '.join(map(quote_name, key))}) do {action}")

    def _insert_arrow(self, table: str, data: ArrowData, on_conflict: str) -> int:
        """Insert arrow data by way of a temporary table, and return how many rows were inserted or updated."""
        columns = ", ".join(map(quote_name, data.schema.names))
        with self.transaction():
            self.execute(f"create temporary table {INCOMING} as select {columns} from {quote(table)} with no data")
            with explained(), self._connection.cursor() as cursor:
                copy_in(cursor, INCOMING, data)
                cursor.execute(f"insert into {quote(table)} ({columns}) select {columns} from {INCOMING} {on_conflict}")
                inserted = int(cursor.rowcount)
            self.execute(f"drop table {INCOMING}")
        return inserted

    @override
    def replace_arrow(self, table: str, data: ArrowData) -> int:
        with self.transaction():
            self.execute(f"drop table if exists {quote(table)}")
            self.execute(f"create table {quote(table)} ({column_definitions(data.schema)})")
            return self.append_arrow(table, data)

    @override
    def hold(self, what: str) -> None:
        self.execute("select pg_advisory_xact_lock($1, $2)", [LOCK_CLASS, lock_number(what)])

    @override
    def tables(self, schema: str) -> list[str]:
        # The catalog and not information_schema, which hides what this role may not use.
        rows = self.fetch(
            "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            f"where nspname = $1 and {RELATIONS}",
            [schema],
        )
        return sorted(name for (name,) in rows)

    @override
    def size(self, table: str) -> int | None:
        schema, _, name = table.rpartition(".")
        rows = self.fetch(
            "select pg_total_relation_size(pg_class.oid) from pg_class "
            "join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname = $1 and relname = $2 and relkind in ('r', 'm')",
            [schema, name],
        )
        return int(rows[0][0]) if rows and rows[0][0] is not None else None

    @override
    def database_bytes(self) -> int:
        return int(self.fetch("select pg_database_size(current_database())")[0][0])

    @override
    def analyze(self, table: str) -> None:
        self.execute(f"analyze {quote(table)}")

    @override
    def schemas(self) -> set[str]:
        return {name for (name,) in self.fetch("select nspname from pg_namespace")}

    @override
    def writing_roles(self, among: Iterable[Role]) -> list[Role]:
        rows = self.fetch(
            "select objid from pg_locks where locktype = 'advisory' and granted and classid = $1 and "
            "database = (select oid from pg_database where datname = current_database())",
            [LOCK_CLASS],
        )
        held = {number for (number,) in rows}
        return [role for role in among if lock_number(role) in held]

    @override
    def is_empty(self) -> bool:
        return not self.fetch(
            "select 1 from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            f"where {RELATIONS} and {OF_USERS} limit 1"
        )

    @override
    @contextmanager
    def handed_over(self) -> Iterator[None]:
        # Others connect beside us; the lock is this session's, so it stays open.
        yield

    @override
    @contextmanager
    def held_still(self, *tables: str) -> Iterator[None]:
        with self.transaction():
            self.execute("set transaction isolation level repeatable read")
            # Before the first query: a table that is put in one's place later would look empty.
            for table in tables:
                self.execute(f"lock table {quote(table)} in access share mode")
            yield

    @override
    def close(self) -> None:
        self._connection.close()


def lock_number(name: str) -> int:
    """Return the second number of an advisory lock: a role's, or that of what a transaction holds."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def bound(sql: str, parameters: Sequence[Any]) -> tuple[str, dict[str, Any] | None]:
    """Return a statement with parameters `$1, $2, …` as psycopg2 takes it: by name, a percent sign doubled."""
    if not parameters:
        return sql, None
    named = PLACEHOLDERS.sub(lambda found: f"%(p{found[1]})s" if found[1] else found[0], sql.replace("%", "%%"))
    return named, {f"p{number}": value for number, value in enumerate(parameters, start=1)}
