"""The table at the target: made where it is not there, and held against the model where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from psycopg2 import extensions

from egress.kinds.table.database import Destination
from shared.warehouse.sql.arrow import column_definitions, postgres_type
from shared.warehouse.sql.quoting import quote_for_postgres as quote

TABLE_KINDS = ("r", "p")
VARCHAR = re.compile(r"character varying\((\d+)\)")
NUMERIC = re.compile(r"numeric(?:\((\d+),(\d+)\))?")
# By the type that we would make: what else holds each of its values as it is, or says no.
HOLD_ALIKE = {
    "text": {"text", "character varying"},
    "smallint": {"smallint", "integer", "bigint"},
    "integer": {"smallint", "integer", "bigint"},
    "bigint": {"smallint", "integer", "bigint"},
    "real": {"real", "double precision"},
    "timestamp": {"timestamp without time zone", "timestamp(6) without time zone"},
    "timestamptz": {"timestamp with time zone", "timestamp(6) with time zone"},
}
INTEGERS = ("smallint", "integer", "bigint")
# Types of theirs that texts go into which are written so, as the database writes them: then nothing changes.
WRITTEN_ALIKE = {
    "uuid": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "time without time zone": r"^([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?$|^24:00:00$",
}


@dataclass
class Fit:
    """How a model's texts go into columns of other types.

    Attributes:
        limits: How long they may be, by column.
        types: What the columns are that are no text, by name; of an enumeration, or one of `WRITTEN_ALIKE`.
    """

    limits: dict[str, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


class TargetTable(Destination):
    """The table that a model goes to; its name has a schema."""

    @property
    def sql(self) -> str:
        """The name as SQL."""
        return quote(self.name)

    def prepare(self, cursor: extensions.cursor, *, make: bool) -> Fit:
        """Make the table, or see that it can hold the model; return how it does.

        Raises:
            TargetRefused: It is not there and may not be made, or it differs from the model.
        """
        found = self._find(cursor)
        if found:
            identifier, kind = found
            fit, wrong = self._compare(cursor, identifier) if kind in TABLE_KINDS else (Fit(), ["it is no table"])
            if wrong:
                raise self.unfit(wrong)
            return fit
        if not make:
            raise self.dropped()
        cursor.execute(f"create table {self.sql} ({column_definitions(self.columns)}, primary key ({quote(self.key)}))")
        return Fit()

    def _find(self, cursor: extensions.cursor) -> tuple[int, str] | None:
        schema, _, name = self.name.partition(".")
        cursor.execute(
            "select pg_class.oid, relkind from pg_class join pg_namespace on pg_namespace.oid = relnamespace "
            "where nspname = %s and relname = %s",
            [schema, name],
        )
        found: tuple[int, str] | None = cursor.fetchone()
        return found

    def _compare(self, cursor: extensions.cursor, identifier: int) -> tuple[Fit, list[str]]:
        """Return how texts go into it, and the differences."""
        cursor.execute(
            "select attname, format_type(atttypid, atttypmod) || "
            "case when coalesce(collisdeterministic, true) then '' else ' that takes different texts for equal' end, "
            "exists (select from pg_index where indrelid = attrelid and indisunique and indisvalid and indimmediate "
            "and indpred is null and indnkeyatts = 1 and indkey[0] = attnum), "
            "atthasdef or attidentity <> '', attgenerated <> '' or attidentity = 'a', typtype = 'e' "
            "from pg_attribute join pg_type on pg_type.oid = atttypid "
            "left join pg_collation on pg_collation.oid = attcollation "
            "where attrelid = %s and attnum > 0 and not attisdropped",
            [identifier],
        )
        found = cursor.fetchall()
        there = {name: (kind, unique) for name, kind, unique, *_ in found}
        filled, computed, enumerations = ({each[0] for each in found if each[at]} for at in (3, 4, 5))
        wrong = [*self.differences(there, filled=filled, computed=computed)]
        fit = Fit()
        for column in self.columns:
            kind, unique = there.get(column.name, (None, False))
            ours = postgres_type(column.type)
            if kind and ours == "text" and (kind in WRITTEN_ALIKE or column.name in enumerations):
                fit.types[column.name] = kind
            elif kind and not holds(kind, ours):
                wrong.append(f"column `{column.name}` is {kind}, it should be {ours}")
            if kind and column.name == self.key and not unique:
                wrong.append(f"no primary key or unique constraint on `{self.key}` alone")
            if kind and (limit := VARCHAR.fullmatch(kind)):
                fit.limits[column.name] = int(limit[1])
        return fit, wrong


def holds(theirs: str, ours: str) -> bool:
    """Tell whether a column of their type takes each value of ours as it is, or refuses it; rounding is neither."""
    if theirs == ours or theirs in HOLD_ALIKE.get(ours, ()) or (ours == "text" and VARCHAR.fullmatch(theirs)):
        return True
    their_numeric, our_numeric = NUMERIC.fullmatch(theirs), NUMERIC.fullmatch(ours.replace(" ", ""))
    if not their_numeric or not (our_numeric or ours in INTEGERS):
        return False
    our_scale = int(our_numeric[2] or 0) if our_numeric else 0
    return their_numeric[2] is None or int(their_numeric[2]) >= our_scale
