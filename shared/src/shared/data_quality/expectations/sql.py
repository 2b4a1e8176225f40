"""A table as the checks see it: its columns by kind, and SQL that both engines run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from shared.command_line import as_platform_error
from shared.data_quality.expectations.checks import Source
from shared.errors import PlatformError, first_line
from shared.utils.names import suggestion
from shared.warehouse import Warehouse, quote, quote_name
from shared.warehouse.sql.catalog import Field
from shared.warehouse.sql.dialect import Dialect
from shared.warehouse.sql.types import NUMBERS, TIMES

Comparable: TypeAlias = Literal["text", "number", "boolean", "moment"]
NAMES_OF_KINDS = {"text": "texts", "number": "numbers", "boolean": "booleans", "moment": "dates or timestamps"}
# What both engines compare as text of itself; any other type is compared as the text that it is written as.
TEXTS = ("varchar", "character varying", "text", "character", "bpchar", "name")


class CheckError(PlatformError):
    """A check cannot be made: what it looks at is not there, or is of another kind."""


class Parameters(list[Any]):
    """The values that a statement binds, in order."""

    def bind(self, value: object) -> str:
        """Add a value, and return what stands for it in the statement."""
        self.append(value)
        return f"${len(self)}"


@dataclass(frozen=True)
class CheckedColumn:
    """A column of a table."""

    field: Field
    dialect: Dialect

    @property
    def name(self) -> str:
        """Its name."""
        return self.field.name

    @property
    def type_name(self) -> str:
        """The engine's name of its type, without arguments."""
        return self.field.base

    @property
    def kind(self) -> Comparable:
        """What its values are compared as: those of a type that we know nothing of as text."""
        if self.field.kind in NUMBERS:
            return "number"
        if self.field.kind in TIMES:
            return "moment"
        return "boolean" if self.field.kind == "boolean" else "text"

    @property
    def sql(self) -> str:
        """Its value in SQL: a timestamp without a zone, in UTC; what is text to us and not to the engine, as text."""
        return self.of("")

    def of(self, alias: str) -> str:
        """Return its value in SQL where the table goes by another name."""
        name = f"{alias}.{quote_name(self.name)}" if alias else quote_name(self.name)
        if self.field.is_zoned:
            return f"cast({name} as timestamp)"
        is_text = self.kind == "text" and self.type_name not in TEXTS
        return f"cast({name} as varchar)" if is_text else name

    @property
    def is_nan(self) -> str:
        """SQL that tells whether the value is no number, though of a number's type."""
        return self.dialect.is_nan(self.field.kind, self.sql)

    def matches(self, pattern: str) -> str:
        """Return SQL that tells whether a regular expression, a literal or a parameter, is found in the value."""
        return self.dialect.matches(self.sql, pattern)

    def must_be(self, kind: str) -> None:
        """Refuse a column of another kind: the engines would not compare it alike.

        Raises:
            CheckError: It is of another.
        """
        if self.kind != kind:
            raise CheckError(
                f"`{self.name}` is {self.type_name}, the check is about {NAMES_OF_KINDS[kind]}",
                hint="correct the check, or what fills the table",
            )


class CheckedRelation:
    """A table or view that is there, with its columns.

    Raises:
        CheckError: There is no such table.
    """

    def __init__(self, warehouse: Warehouse, table: str) -> None:
        self.warehouse = warehouse
        self.table = table
        schema, _, name = table.partition(".")
        found = warehouse.relations(schema, name)
        if not found:
            raise CheckError(f"no such table: `{table}`", hint=suggestion(name, warehouse.tables(schema)))
        self.columns = [CheckedColumn(field, warehouse.dialect) for field in found[0].fields]

    @property
    def sql(self) -> str:
        """The table's name in SQL."""
        return quote(self.table)

    def column(self, name: str) -> CheckedColumn:
        """Return a column.

        Raises:
            CheckError: There is none of that name.
        """
        found = next((column for column in self.columns if column.name == name), None)
        if not found:
            names = [column.name for column in self.columns]
            raise CheckError(f"no such column in `{self.table}`: `{name}`", hint=suggestion(name, names))
        return found

    def source(self, where: str | None) -> str:
        """Return what selects from the rows that count."""
        return f"(select * from {self.sql}{f' where {condition(where)}' if where else ''}) as counted"

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query that may not write.

        Raises:
            CheckError: The engine refuses it.
            PlatformError: The warehouse itself is in trouble.
        """
        try:
            with self.warehouse.transaction(read_only=True):
                return self.warehouse.fetch(sql, parameters)
        except Exception as error:
            known = as_platform_error(error)
            if known.retryable:
                raise
            if known is error or known.code != PlatformError.code:
                raise CheckError(known.message, hint=known.hint) from error
            raise CheckError(
                f"{self.warehouse.engine} refuses the check: {first_line(error)}",
                hint="correct its `where`, or its arguments to the types of the columns",
            ) from error


def column_of(warehouse: Warehouse, source: Source) -> tuple[CheckedRelation, CheckedColumn]:
    """Return another table and its column.

    Raises:
        CheckError: One of them is not there.
    """
    relation = CheckedRelation(warehouse, source.table)
    return relation, relation.column(source.column)


def condition(where: str | None) -> str:
    """Return an author's condition as a part of a larger one: on a line of its own, as it may end in a comment."""
    return f"(\n{where}\n)" if where else "true"


def order_by(count: int) -> str:
    """Return what sorts by the first so many columns."""
    return f" order by {', '.join(str(place + 1) for place in range(count))}" if count else ""
