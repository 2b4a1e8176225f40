"""What a warehouse can do, whichever engine holds it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias

import pyarrow as pa

from shared.config import Settings
from shared.warehouse.sql.catalog import Relation, as_relations
from shared.warehouse.sql.dialect import Dialect
from shared.warehouse.sql.quoting import quote
from shared.warehouse.streaming import appended

Mode: TypeAlias = Literal["read", "write"]
# Whose part of the work it is; `shared.config.roles` says which there are.
Role: TypeAlias = str
ArrowData: TypeAlias = pa.Table | pa.RecordBatchReader


@dataclass(frozen=True)
class Identity:
    """Which database this is.

    Attributes:
        id: Made when the database was; state that belongs to this very database is filed under it.
        name: What it holds: `warehouse`, or the name of a lab.
    """

    id: str
    name: str


class Warehouse(ABC):
    """An open warehouse. Table names are `schema.table`, parameters `$1, $2, …`, timestamps UTC without a zone.

    Attributes:
        engine: `duckdb` or `postgres`.
        dialect: The SQL of that engine.
        settings: What it was opened by, which whoever works on it goes by too.
        role: Whose part of the work it was opened for.
        url: The URL that it was opened by; it may hold a password.
        location: Where it is, for messages: without a password.
        path: The file, where it is one.
        scratch: Schemas beside the layers, in which libraries work that cannot make one for themselves.
        preparation: Statements that an empty database needs beside schemas and tables.
        upgrade: The command that brings its tables to the latest layout.
    """

    engine: ClassVar[str]
    dialect: ClassVar[Dialect]
    settings: Settings
    role: Role
    url: str
    location: str
    path: Path | None
    identity: Identity
    state_dir: Path
    scratch: ClassVar[tuple[str, ...]] = ()
    preparation: ClassVar[tuple[str, ...]] = ()
    upgrade: ClassVar[str] = "./pixiw run -e default python -m shared.warehouse.migrations"
    _in_transaction: bool = False

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement."""

    @abstractmethod
    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""

    @abstractmethod
    def stream_arrow(
        self, sql: str, parameters: Sequence[Any] = (), *, batch_rows: int = 100_000
    ) -> pa.RecordBatchReader:
        """Run a query and return its rows in batches, so that memory holds one batch at a time."""

    @abstractmethod
    def append_arrow(self, table: str, data: ArrowData) -> int:
        """Add rows to a table, columns matched by name, and return how many were added."""

    @abstractmethod
    def merge_arrow(self, table: str, data: ArrowData, *, key: Sequence[str], keep: Sequence[str] = ()) -> int:
        """Insert rows or, where `key` (the table's primary key) is already there, replace them.

        `data` holds each key once. A row that is replaced keeps its own values in the columns `keep`.
        """

    @abstractmethod
    def replace_arrow(self, table: str, data: ArrowData) -> int:
        """Make a table hold exactly these rows, creating it where it does not exist."""

    @abstractmethod
    def tables(self, schema: str) -> list[str]:
        """Return the names of a schema's tables and views, sorted."""

    @abstractmethod
    def schemas(self) -> set[str]:
        """Return the names of the schemas that there are."""

    @abstractmethod
    def writing_roles(self, among: Iterable[Role]) -> list[Role]:
        """Return those of the roles that somebody writes as now, this session or another: others' runs were killed."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Tell whether nobody has made a table or view in any schema yet."""

    @abstractmethod
    def handed_over(self) -> AbstractContextManager[None]:
        """Let another library open the database itself: the writer lock stays ours, the connection is closed."""

    @abstractmethod
    def database_bytes(self) -> int:
        """Return the size of the whole database."""

    @abstractmethod
    def held_still(self, *tables: str) -> AbstractContextManager[None]:
        """Let all queries inside see the database in one state, whoever writes to it meanwhile.

        Nothing may be written inside.

        Args:
            tables: What others may make anew meanwhile.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection and let go of the lock."""

    def transaction(self, *, read_only: bool = False) -> AbstractContextManager[None]:
        """Run what is inside as one transaction; inside another one, as part of that.

        Args:
            read_only: Let the engine refuse whatever would write.
        """
        return nullcontext() if self._in_transaction else self._transaction(" read only" if read_only else "")

    @contextmanager
    def _transaction(self, access: str) -> Iterator[None]:
        self._in_transaction = True
        try:
            self.execute(f"begin transaction{access}")
            try:
                yield
            except BaseException:
                # Where the session itself is lost, so is the transaction: what led to it is what there is to tell.
                with suppress(Exception):
                    self.execute("rollback")
                raise
            self.execute("commit")
        finally:
            self._in_transaction = False

    def relations(self, schema: str | None = None, name: str | None = None) -> list[Relation]:
        """Return the tables and views, but the engine's own, in the order of their names: all, a schema's, or one."""
        return as_relations(self.fetch(*self.dialect.relations(schema, name)))

    def hold(self, what: str) -> None:  # noqa: B027
        """Wait until no other session's transaction holds this, and hold it until the end of ours."""

    @abstractmethod
    def beside(self) -> AbstractContextManager[Warehouse]:
        """Open another session under the same lock: what it writes in a transaction, this one sees once committed."""

    def append_batches(self, table: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        """Add rows to a table as `append_arrow` does, while the caller's thread makes the next ones.

        Args:
            schema: That of all batches.
        """
        return appended(lambda data: self.append_arrow(table, data), schema, batches)

    def table_exists(self, table: str) -> bool:
        """Tell whether `schema.table` is a table or view."""
        schema, _, name = table.rpartition(".")
        return name in self.tables(schema)

    def fetch_arrow(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a query and return all its rows as one table."""
        return self.stream_arrow(sql, parameters).read_all()

    def row_count(self, table: str) -> int:
        """Count a table's rows."""
        return int(self.fetch(f"select count(*) from {quote(table)}")[0][0])

    def analyze(self, table: str) -> None:  # noqa: B027
        """Let the engine look at a table's values now, where it would do so only some time after they have come."""

    def size(self, table: str) -> int | None:
        """Return the bytes that a table takes up with its indexes; None where it is none, or the engine cannot tell."""
        return None

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
