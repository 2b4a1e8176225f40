"""Writes rows into the target's table and deletes others from it, in one transaction, chunk by chunk.

No database is trusted to tell keys apart as we do: a collation may take `a` for `A`. So what is there is read before it
is touched, and compared here. A row that is not there is inserted and nothing else, which fails where its key is taken;
and each chunk is read back, so that a value which the target has changed on its way does not stay.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from egress.engine.pending import LAST_RECEIPT, ROW_KEY
from egress.kinds.table.alchemy.errors import is_about_rows, reason_of
from egress.kinds.table.alchemy.journal import Journal
from egress.kinds.table.alchemy.layout import prepare
from egress.kinds.table.alchemy.values import Values, plain
from egress.kinds.table.database import FOREIGN, NOT_KEPT, Destination, Terms
from egress.kinds.table.shipment import Shipment

CHUNK_ROWS = 500
# Bits of a delivery's number, which the ledger keeps as a bigint.
NUMBER_BITS = 62
Row = dict[str, Any]


@dataclass
class Outcome:
    """What has become of rows so far.

    Attributes:
        refused: Why rows were not written, or not deleted, by key.
        taken_over: The keys of others' rows that were overwritten.
    """

    refused: dict[str, str] = field(default_factory=dict)
    taken_over: set[str] = field(default_factory=set)


class Spoilt(Exception):
    """Rows are not there as they were sent.

    Args:
        reasons: Why, by key.
    """

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("rows are not there as they were sent")
        self.reasons = reasons


class AlchemyWriter:
    """Carries out shipments.

    Args:
        connection: A session at the target.
        destination: The table there.
        terms: How it is done.
    """

    def __init__(self, connection: sa.Connection, destination: Destination, terms: Terms) -> None:
        self.connection, self.destination, self.terms = connection, destination, terms
        self.values = Values(destination.columns, destination.key, connection.dialect)
        schema, _, name = destination.name.rpartition(".")
        self.table = self.values.table(name, schema or None)
        self.key = self.table.columns[destination.key]
        self.journal = Journal(connection, schema or None, terms)
        self.own: set[str] = set()

    def ship(self, shipment: Shipment, announce: Callable[[int], None]) -> None:
        """Write and delete in one transaction, as `Writer` has it."""
        # Before the transaction: MariaDB commits when a table is made.
        with self.connection.begin():
            prepare(self.connection, self.table, self.destination, self.terms, self.values)
            self.journal.make()
        number = secrets.randbits(NUMBER_BITS)
        shipment.leave_out(self.values.unfit(shipment.upserts), {})
        with self.connection.begin():
            self.own = self.journal.keys()
            kept, written = Outcome(), Outcome()
            for keys in chunks(shipment.deletes[ROW_KEY]):
                self._by_halves(keys.to_pylist(), self._delete, kept)
            for rows in chunks(shipment.upserts):
                self._by_halves(self._prepared(rows), self._write, written)
            shipment.leave_out(written.refused, kept.refused)
            self.journal.replace(number, unknown(shipment.upserts))
            announce(number)
        shipment.transaction, shipment.taken_over = number, len(written.taken_over)

    def find_strays(self, shipment: Shipment) -> int:
        """Add rows to the deletes that only an own transaction knows of, as `Writer` has it."""
        with self.connection.begin():
            written = self.journal.keys()
        strays = written.difference(shipment.upserts[ROW_KEY].to_pylist(), shipment.deletes[ROW_KEY].to_pylist())
        shipment.delete_also(sorted(strays))
        return len(strays)

    def _prepared(self, rows: pa.Table) -> list[tuple[str, bool, Row]]:
        """Return each row's key as text, whether the target has taken it before, and the row."""
        known = pc.is_valid(rows[LAST_RECEIPT]).to_pylist()
        return list(zip(rows[ROW_KEY].to_pylist(), known, self.values.to_send(rows), strict=True))

    def _by_halves(self, rows: list[Any], do: Callable[[list[Any], Outcome], None], outcome: Outcome) -> None:
        """Do it with all rows but those with which it cannot be done."""
        if not rows:
            return
        reasons: dict[str, str] = {}
        try:
            with self.connection.begin_nested():
                do(rows, outcome)
            return
        except Spoilt as spoilt:
            reasons = spoilt.reasons
        except DBAPIError as error:
            if not is_about_rows(error):
                raise
            if len(rows) == 1:
                reasons = {key_of(rows[0]): reason_of(error)}
        if reasons:
            outcome.refused |= reasons
            self._by_halves([row for row in rows if key_of(row) not in reasons], do, outcome)
            return
        middle = len(rows) // 2
        self._by_halves(rows[:middle], do, outcome)
        self._by_halves(rows[middle:], do, outcome)

    def _there(self, keys: list[Any]) -> dict[Any, Row]:
        """Return the rows that the target holds with these very keys, locked where it has locks."""
        found = self.connection.execute(sa.select(self.table).where(self.key.in_(keys)).with_for_update())
        rows = {self._plain(row[self.key.name]): dict(row) for row in found.mappings()}
        return {key: rows[key] for key in map(self._plain, keys) if key in rows}

    def _plain(self, key: Any) -> Any:
        return plain(key, self.values.kinds[self.key.name])

    def _delete(self, texts: list[str], outcome: Outcome) -> None:
        keys = self.values.keys(texts)
        there = self._there(list(keys.values()))
        doomed = [key for key in keys.values() if self._plain(key) in there]
        if doomed:
            self.connection.execute(sa.delete(self.table).where(self.key.in_(doomed)))

    def _write(self, rows: list[tuple[str, bool, Row]], outcome: Outcome) -> None:
        keys = [row[self.key.name] for _, _, row in rows]
        there = self._there(keys)
        rows = [(text, known, self._filled(row, there)) for text, known, row in rows]
        new, changed = [], []
        foreign: dict[str, str] = {}
        for text, known, row in rows:
            held = there.get(self._plain(row[self.key.name]))
            if held is None:
                new.append(row)
            elif not (known or text in self.own or self.terms.take_over):
                foreign[text] = FOREIGN
            elif any(self.values.changed(row, held)):
                changed.append(row)
        if foreign:
            raise Spoilt(foreign)
        self._update(changed)
        if new:
            # A constraint of SQLite's may say that the other row has to give way.
            self.connection.execute(sa.insert(self.table).prefix_with("or abort", dialect="sqlite"), new)
        self._read_back(rows)
        if self.terms.take_over:
            seem_new = (text for text, known, row in rows if not known and self._plain(row[self.key.name]) in there)
            outcome.taken_over.update(text for text in seem_new if text not in self.own)

    def _filled(self, row: Row, there: dict[Any, Row]) -> Row:
        """Return a row with what is there of columns that are filled where they are empty alone."""
        held = there.get(self._plain(row[self.key.name]), {})
        return {**row, **{name: held[name] for name in self.destination.fill_empty if held.get(name) is not None}}

    def _update(self, rows: list[Row]) -> None:
        others = [column for column in self.table.columns if column is not self.key]
        if not (rows and others):
            return
        sets: dict[str, Any] = {column.name: sa.bindparam(f"to_{place}") for place, column in enumerate(others)}
        update = sa.update(self.table).where(self.key == sa.bindparam("at")).values(sets)
        self.connection.execute(
            update.prefix_with("or abort", dialect="sqlite"),
            [
                {"at": row[self.key.name], **{f"to_{place}": row[column.name] for place, column in enumerate(others)}}
                for row in rows
            ],
        )

    def _read_back(self, rows: list[tuple[str, bool, Row]]) -> None:
        """See that the rows are there as they were sent.

        Raises:
            Spoilt: Some are not.
        """
        there = self._there([row[self.key.name] for _, _, row in rows])
        reasons = {}
        for text, _, row in rows:
            held = there.get(self._plain(row[self.key.name]))
            if held is None:
                reasons[text] = NOT_KEPT
            elif wrong := [*self.values.changed(row, held)]:
                reasons[text] = f"the target does not hold what it was sent: {', '.join(f'`{one}`' for one in wrong)}"
        if reasons:
            raise Spoilt(reasons)


def key_of(row: Any) -> str:
    """Return the key of what is written or deleted."""
    return row if isinstance(row, str) else str(row[0])


def chunks(rows: Any) -> Iterator[Any]:
    """Return rows in bounded parts."""
    for begin in range(0, len(rows), CHUNK_ROWS):
        yield rows.slice(begin, CHUNK_ROWS)


def unknown(rows: pa.Table) -> list[str]:
    """Return the keys of rows which the send state does not say are at the target."""
    return list(rows.filter(pc.is_null(rows[LAST_RECEIPT]))[ROW_KEY].to_pylist())
