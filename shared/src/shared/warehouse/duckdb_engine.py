"""The warehouse in one DuckDB file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from typing_extensions import override

from shared.config import Settings
from shared.errors import NotAWarehouse, WarehouseBusy
from shared.system_errors import explained_by_system
from shared.utils.console import say
from shared.utils.locks import POLL_SECONDS
from shared.warehouse.base import ArrowData, Mode, Role, Warehouse
from shared.warehouse.lock import FileLock
from shared.warehouse.sql.dialect import DuckDBDialect
from shared.warehouse.sql.quoting import quote, quote_name
from shared.workspace.projects import writer_of

INCOMING = "_incoming"


class DuckDBWarehouse(Warehouse):
    """One file, guarded by a lock: DuckDB itself lets in one writing process or many readers."""

    engine = "duckdb"
    dialect = DuckDBDialect()

    def __init__(self, path: Path, settings: Settings, *, holder: str, role: Role, mode: Mode) -> None:
        self.path: Path = path
        self.location = str(path)
        self.role = role
        self.url = settings.warehouse_url
        self.settings = settings
        self._mode = mode
        if mode == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise NotAWarehouse(
                f"there is no warehouse yet: `{path}`",
                hint=f"{writer_of('raw')} makes it, or correct WAREHOUSE_URL",
            )
        self._lock = FileLock(path, holder, timeout=settings.warehouse_lock_timeout, on_wait=say)
        self._lock.acquire(exclusive=mode == "write")
        try:
            self._connection = self._connect()
        except BaseException:
            self._lock.release()
            raise

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """Open the file, waiting for programs that know nothing of our lock."""
        deadline = time.monotonic() + self.settings.warehouse_lock_timeout
        while True:
            try:
                connection = duckdb.connect(self.path, read_only=self._mode == "read")
                break
            except duckdb.Error as error:
                if "Could not set lock" not in str(error):
                    raise explain(error, self.path) from error
                if time.monotonic() >= deadline:
                    raise WarehouseBusy(
                        f"`{self.path.name}` is open in another program: {error}",
                        hint="close that program, then run it again",
                    ) from error
                time.sleep(POLL_SECONDS)
        # Settings of the session, not of the connection: with other connection settings than ours
        # a library in this process (dlt) could not open the file beside us.
        connection.execute(f"set memory_limit = '{self.settings.warehouse_memory_limit}'")
        # For cursors too, which are sessions of their own.
        connection.execute("set global TimeZone = 'UTC'")
        connection.execute("set autoinstall_known_extensions = false")
        # Where DuckDB takes Python for interactive, as with `python -m`, it draws on standard output, which is data.
        connection.execute("set enable_progress_bar = false")
        return connection

    @override
    @contextmanager
    def beside(self) -> Iterator[Warehouse]:
        other = copy(self)
        other._connection = self._connection.cursor()
        other._in_transaction = False
        try:
            # A setting of the session's alone.
            other.execute("set enable_progress_bar = false")
            yield other
        finally:
            other._connection.close()

    @override
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._connection.execute(sql, list(parameters))

    @override
    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(parameters)).fetchall()

    @override
    def stream_arrow(
        self, sql: str, parameters: Sequence[Any] = (), *, batch_rows: int = 100_000
    ) -> pa.RecordBatchReader:
        # A cursor of its own, so that the next statement does not end the stream. It would not see what an open
        # transaction has written, so inside one the stream comes from the connection itself.
        source = self._connection if self._in_transaction else self._connection.cursor()
        return source.execute(sql, list(parameters)).to_arrow_reader(batch_rows)

    @override
    def append_arrow(self, table: str, data: ArrowData) -> int:
        columns = ", ".join(quote_name(name) for name in data.schema.names)
        return self._insert(f"insert into {quote(table)} ({columns}) select {columns} from {INCOMING}", data)

    @override
    def merge_arrow(self, table: str, data: ArrowData, *, key: Sequence[str], keep: Sequence[str] = ()) -> int:
        columns = ", ".join(quote_name(name) for name in data.schema.names)
        changes = [f"{quote_name(n)} = excluded.{quote_name(n)}" for n in data.schema.names if n not in (*key, *keep)]
        action = f"update set {', '.join(changes)}" if changes else "nothing"
        return self._insert(
            f"insert into {quote(table)} ({columns}) select {columns} from {INCOMING} "
            f"on conflict ({', '.join(quote_name(name) for name in key)}) do {action}",
            data,
        )

    @override
    def replace_arrow(self, table: str, data: ArrowData) -> int:
        return self._insert(f"create or replace table {quote(table)} as select * from {INCOMING}", data)

    def _insert(self, sql: str, data: ArrowData) -> int:
        self._connection.register(INCOMING, data)
        try:
            row = self._connection.execute(sql).fetchone()
        finally:
            self._connection.unregister(INCOMING)
        return int(row[0]) if row else 0

    @override
    def tables(self, schema: str) -> list[str]:
        rows = self.fetch(
            "select table_name from information_schema.tables "
            "where table_catalog = current_database() and table_schema = $1 order by 1",
            [schema],
        )
        return [name for (name,) in rows]

    @override
    def schemas(self) -> set[str]:
        rows = self.fetch("select schema_name from information_schema.schemata where catalog_name = current_database()")
        return {name for (name,) in rows}

    @override
    def writing_roles(self, among: Iterable[Role]) -> list[Role]:
        # The file lock lets one writer in, whatever its role, and while there is a reader none.
        return [role for role in among if role == self.role and self._mode == "write"]

    @override
    def is_empty(self) -> bool:
        return not self.fetch(
            "select 1 from information_schema.tables where table_catalog = current_database() limit 1"
        )

    @override
    @contextmanager
    def handed_over(self) -> Iterator[None]:
        self._connection.close()
        try:
            yield
        finally:
            self._connection = self._connect()

    @override
    def database_bytes(self) -> int:
        return self.path.stat().st_size

    @override
    @contextmanager
    def held_still(self, *tables: str) -> Iterator[None]:
        # The file lock keeps everybody else from writing.
        yield

    @override
    def close(self) -> None:
        self._connection.close()
        self._lock.release()


def explain(error: duckdb.Error, path: Path) -> Exception:
    """Turn what DuckDB says of a file that it cannot open into an error with a hint."""
    text = str(error)
    if known := explained_by_system(error):
        return known
    if "not a valid DuckDB database file" in text:
        return NotAWarehouse(
            f"not a DuckDB database: `{path}`",
            hint="point WAREHOUSE_URL elsewhere, or move the file away; it was not touched",
        )
    return NotAWarehouse(
        f"DuckDB cannot open `{path}`: {text.partition(chr(10))[0]}",
        hint="check the file and its permissions; if it is damaged, move it away and load it again",
    )
