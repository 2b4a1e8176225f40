"""A table of ours beside the target's: the rows of each target's last delivery that its warehouse may not know of.

It is written in the delivery's own transaction, so it has the rows of those deliveries that were committed and no
others, even where a run was killed before it could say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from egress.kinds.table.database import Terms

NAME = "egress_journal"
TEXT = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4"), "mysql")
ASCII = sa.String(200).with_variant(mysql.VARCHAR(200, charset="ascii"), "mysql")
CHUNK_ROWS = 1000


class Journal:
    """What a target's last delivery wrote that nobody may have marked.

    Args:
        connection: A session at the target.
        schema: Where the target's table is.
        terms: Whose entries they are, and which of their transactions count.
    """

    def __init__(self, connection: sa.Connection, schema: str | None, terms: Terms) -> None:
        self.connection, self.terms = connection, terms
        self.table = sa.Table(
            NAME,
            sa.MetaData(),
            sa.Column("owner", ASCII, primary_key=True),
            sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("delivery", sa.BigInteger, nullable=False),
            sa.Column("row_key", TEXT, nullable=False),
            schema=schema,
            mysql_engine="InnoDB",
        )

    def make(self) -> None:
        """Make the table where it is not there."""
        self.table.create(self.connection, checkfirst=True)

    def keys(self) -> set[str]:
        """Return the keys of rows that transactions have written which are not marked and were committed."""
        if not self.terms.own or not sa.inspect(self.connection).has_table(NAME, self.table.schema):
            return set()
        written = sa.select(self.table.c.row_key).where(
            self.table.c.owner == self.terms.owner, self.table.c.delivery.in_(list(self.terms.own))
        )
        return set(self.connection.execute(written).scalars())

    def replace(self, delivery: int, keys: Collection[str]) -> None:
        """Write down a delivery's rows in place of those before it, which it has settled."""
        self.connection.execute(sa.delete(self.table).where(self.table.c.owner == self.terms.owner))
        entries: Iterable[dict[str, object]] = (
            {"owner": self.terms.owner, "place": place, "delivery": delivery, "row_key": key}
            for place, key in enumerate(keys)
        )
        while chunk := list(islice(entries, CHUNK_ROWS)):
            self.connection.execute(sa.insert(self.table), chunk)
