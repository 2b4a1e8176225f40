"""Writes rows into the target's table and deletes others from it, all in one transaction.

Rows come as text and are cast to the model's types, so that a value which the target cannot hold is refused where the
row is known. A row that the target has never got from here is only ever inserted: `on conflict do nothing` keeps
what somebody else has put there, at whatever moment. Whose row it is that is there already the system column `xmin`
tells: the transaction that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import extensions

from egress.engine.pending import ADDED, LAST_RECEIPT, ROW_KEY
from egress.kinds.table.database import FOREIGN, NOT_KEPT
from egress.kinds.table.postgres.layout import WRITTEN_ALIKE, Fit, TargetTable
from egress.kinds.table.postgres.session import is_about_rows, reason_of, transaction
from egress.kinds.table.shipment import POSITION, Shipment, numbered, rounded, with_nul, without
from shared.warehouse.postgres_copy import copy_in
from shared.warehouse.sql.arrow import postgres_type
from shared.warehouse.sql.quoting import quote_for_postgres as quote

INCOMING, GONE = "_egress_incoming", "_egress_gone"
KNOWN = "_egress_known"
XID_BITS = 32  # `xmin` holds the lower half of a transaction's number


class TableWriter:
    """Carries out shipments.

    Args:
        connection: A session at the target.
        table: The table there.
        make: Whether a table that is not there is made.
        own: Transactions that were ours though the send state does not know whether they were committed.
        take_over: Whether rows of others that have our keys are overwritten.
    """

    def __init__(
        self,
        connection: extensions.connection,
        table: TargetTable,
        *,
        make: bool,
        own: Collection[int],
        take_over: bool,
    ) -> None:
        self.connection = connection
        self.table = table
        self.make = make
        self.own = own
        self.take_over = take_over
        self.fit = Fit()

    def _of(self, column: str, key: str) -> str:
        """Return the condition that a row there has a key which stands in a column of what has come."""
        return f"held.{quote(key)} = cast(incoming.{quote(column)} as {self._type_of(key)})"

    @property
    def of_row(self) -> str:
        """The condition that a row there is one that has come."""
        return self._of(self.table.key, self.table.key)

    @property
    def of_deletion(self) -> str:
        """The condition that a row there is one that is to go."""
        return self._of(ROW_KEY, self.table.key)

    def _type_of(self, column: str) -> str:
        return self.fit.types.get(column) or postgres_type(self.table.columns.field(column).type)

    def ship(self, shipment: Shipment, announce: Callable[[int], None]) -> None:
        """Write and delete in one transaction, as `Writer` has it."""
        shipment.leave_out({**with_nul(shipment.upserts), **rounded(shipment.upserts)}, {})
        while True:
            try:
                with transaction(self.connection, keep=True) as cursor:
                    refused = self._attempt(cursor, shipment)
                    announce(shipment.transaction)
                return shipment.leave_out(refused, {})
            except psycopg2.Error as error:
                if not is_about_rows(error):
                    raise
                bad_rows, bad_deletes = self._search(shipment)
                if not bad_rows and not bad_deletes:
                    raise
                shipment.leave_out(bad_rows, bad_deletes)

    def find_strays(self, shipment: Shipment) -> int:
        """Add rows to the deletes that only an own transaction knows of, as `Writer` has it."""
        if not self.own:
            return 0
        handled = pa.concat_tables([shipment.upserts.select([ROW_KEY]), shipment.deletes.select([ROW_KEY])])
        with transaction(self.connection, keep=False) as cursor:
            self.fit = self.table.prepare(cursor, make=self.make)
            self._copy_keys(cursor, without(handled, with_nul(handled)))
            cursor.execute(
                f"select cast(held.{quote(self.table.key)} as text) from {self.table.sql} as held "
                f"where {self._is_own()} and not exists (select from {GONE} as incoming where {self.of_deletion})"
            )
            keys = [key for (key,) in cursor.fetchall()]
        shipment.delete_also(keys)
        return len(keys)

    def _is_own(self) -> str:
        writers = ", ".join(str(number % (1 << XID_BITS)) for number in self.own)
        return f"held.xmin::text::bigint in ({writers})"

    def _attempt(self, cursor: extensions.cursor, shipment: Shipment) -> dict[str, str]:
        """Do all of it, and return why single rows were not written."""
        refused = self._stage(cursor, shipment)
        shipment.taken_over = self._recognize(cursor)
        cursor.execute(self._delete())
        cursor.execute(self._upsert_known())
        cursor.execute(self._insert_new())
        refused |= self._not_written(cursor)
        cursor.execute("select pg_current_xact_id()::text::bigint")
        shipment.transaction = cursor.fetchone()[0]
        return refused

    def _stage(self, cursor: extensions.cursor, shipment: Shipment) -> dict[str, str]:
        """Prepare the table, copy the rows beside it, and return why some of them can be no part of it."""
        self.fit = self.table.prepare(cursor, make=self.make)
        columns = ", ".join(f"{quote(name)} text" for name in self.table.columns.names)
        cursor.execute(
            f"create temporary table {INCOMING} ({POSITION} bigint, {ROW_KEY} text, {KNOWN} boolean, {columns}) "
            "on commit drop"
        )
        rows = shipment.upserts
        known = pc.is_valid(rows[LAST_RECEIPT])
        unneeded = [name for name in ADDED if name != ROW_KEY]
        copy_in(cursor, INCOMING, numbered(rows.drop_columns(unneeded).append_column(KNOWN, known)))
        cursor.execute(f"analyze {INCOMING}")
        self._copy_keys(cursor, shipment.deletes.select([ROW_KEY]))
        refused: dict[str, str] = {}
        for name, limit in self.fit.limits.items():
            # PostgreSQL would cut blanks at the end off without a word.
            cursor.execute(f"delete from {INCOMING} where char_length({quote(name)}) > {limit} returning {ROW_KEY}")
            refused |= {key: f"`{name}` is longer than {limit} characters" for (key,) in cursor.fetchall()}
        for name, type_ in self.fit.types.items():
            written = WRITTEN_ALIKE.get(type_, "")
            cursor.execute(f"delete from {INCOMING} where {quote(name)} !~ '{written}' returning {ROW_KEY}")
            refused |= {key: f"`{name}` is not written as a {type_}" for (key,) in cursor.fetchall()}
        return refused

    def _copy_keys(self, cursor: extensions.cursor, keys: pa.Table) -> None:
        cursor.execute(f"create temporary table {GONE} ({POSITION} bigint, {ROW_KEY} text) on commit drop")
        copy_in(cursor, GONE, numbered(keys))
        cursor.execute(f"analyze {GONE}")

    def _recognize(self, cursor: extensions.cursor) -> int:
        """Note which rows that seem new are there and may be overwritten; return how many of them are not ours."""
        known = f"update {INCOMING} as incoming set {KNOWN} = true from {self.table.sql} as held "
        known += f"where {self.of_row} and not incoming.{KNOWN}"
        if self.own:
            cursor.execute(f"{known} and {self._is_own()}")
        if not self.take_over:
            return 0
        cursor.execute(known)
        return int(cursor.rowcount)

    def _delete(self, part: str = "true") -> str:
        return f"delete from {self.table.sql} as held using {GONE} as incoming where {self.of_deletion} and {part}"

    def _upsert_known(self, part: str = "true") -> str:
        others = [column for column in self.table.columns if column.name != self.table.key]
        if not others:
            return self._insert(f"{KNOWN} and {part}", "nothing")
        wanted = {quote(column.name): self._wanted(column.name) for column in others}
        changes = ", ".join(f"{name} = {value}" for name, value in wanted.items())
        # A row that is what it shall be is left alone: sent twice, changed once.
        held = ", ".join(f"held.{name}" for name in wanted)
        update = f"update set {changes} where ({held}) is distinct from ({', '.join(wanted.values())})"
        return self._insert(f"{KNOWN} and {part}", update)

    def _wanted(self, column: str) -> str:
        """Return the value that a column of a row which is there shall have."""
        name = quote(column)
        return f"coalesce(held.{name}, excluded.{name})" if column in self.table.fill_empty else f"excluded.{name}"

    def _insert_new(self, part: str = "true") -> str:
        return self._insert(f"not {KNOWN} and {part}", "nothing")

    def _insert(self, which: str, on_conflict: str) -> str:
        names = ", ".join(quote(name) for name in self.table.columns.names)
        values = ", ".join(f"cast({quote(name)} as {self._type_of(name)})" for name in self.table.columns.names)
        return (
            f"insert into {self.table.sql} as held ({names}) select {values} from {INCOMING} as incoming "
            f"where {which} on conflict ({quote(self.table.key)}) do {on_conflict}"
        )

    def _not_written(self, cursor: extensions.cursor) -> dict[str, str]:
        """Return why rows are not there though nothing has failed: another's row is, or the target let none in."""
        key = f"held.{quote(self.table.key)}"
        cursor.execute(
            f"select incoming.{ROW_KEY}, {key} is null from {INCOMING} as incoming left join {self.table.sql} as held "
            f"on {self.of_row} where {key} is null "
            f"or (not incoming.{KNOWN} and held.xmin <> pg_current_xact_id()::xid)"
        )
        return {row_key: NOT_KEPT if absent else FOREIGN for row_key, absent in cursor.fetchall()}

    def _search(self, shipment: Shipment) -> tuple[dict[str, str], dict[str, str]]:
        """Find the rows that the target refuses by trying all of them, and leave nothing of it behind."""
        with transaction(self.connection, keep=False) as cursor:
            self._stage(cursor, shipment)
            self._recognize(cursor)
            cursor.execute(f"create index on {INCOMING} ({POSITION}); create index on {GONE} ({POSITION})")
            trial = Trial(cursor)
            kept = trial.search(shipment.deletes, lambda part: self._delete(part))
            refused = trial.search(
                shipment.upserts, lambda part: f"{self._upsert_known(part)}; {self._insert_new(part)}"
            )
        return refused, kept


class Trial:
    """Finds the rows that make a statement fail, by halves, in a transaction that is rolled back afterwards."""

    CHUNK_ROWS = 4096

    def __init__(self, cursor: extensions.cursor) -> None:
        self.cursor = cursor

    def search(self, rows: pa.Table, statement: Callable[[str], str]) -> dict[str, str]:
        """Return the target's reason for each row with which the statement fails, by key."""
        found = {}
        for begin in range(0, rows.num_rows, self.CHUNK_ROWS):
            for at, reason in self._halve(begin, min(begin + self.CHUNK_ROWS, rows.num_rows), statement):
                found[rows[ROW_KEY][at].as_py()] = reason
        return found

    def _halve(self, begin: int, end: int, statement: Callable[[str], str]) -> Iterator[tuple[int, str]]:
        try:
            with self._savepoint():
                self.cursor.execute(statement(f"{POSITION} >= {begin} and {POSITION} < {end}"))
                # What would be checked when the transaction is committed is checked here.
                self.cursor.execute("set constraints all immediate; set constraints all deferred")
        except psycopg2.Error as error:
            if not is_about_rows(error):
                raise
            if end - begin == 1:
                yield begin, reason_of(error)
                return
            middle = (begin + end) // 2
            yield from self._halve(begin, middle, statement)
            yield from self._halve(middle, end, statement)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self.cursor.execute("savepoint trial")
        try:
            yield
        except psycopg2.Error:
            self.cursor.execute("rollback to savepoint trial; release savepoint trial")
            raise
        self.cursor.execute("release savepoint trial")
