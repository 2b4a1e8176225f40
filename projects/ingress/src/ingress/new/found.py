"""What is found of a table, a list or files: the columns, what identifies a row, and how the rows are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ingress.readers.sql import reflection
from shared.new.code import Call

# As many as a table of PostgreSQL has, with those of a load.
MOST_COLUMNS = 1_500
# What identifies rows is text or a whole number, or a day with others.
KEYS = ("int", "str", "date")


@dataclass(frozen=True)
class Column(reflection.Column):
    """A column, and how it was found.

    Attributes:
        name: As it is where it comes from.
        kind: The row model's type: `int`, `Decimal`, `AwareDatetime`, `JsonText`, …; empty where that is uncertain, and
            the column is left to become one of text.
        nullable: Whether it may be null.
        written: How its text is written, where not as usual: the arguments of `Written`.
        absent: Whether some rows do not have it at all.
        example: One of its values.
        note: What is uncertain of it, and what to declare.
    """

    written: Mapping[str, object] = field(default_factory=dict)
    absent: bool = False
    example: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """What becomes a resource.

    Attributes:
        name: Of the resource.
        columns: Those that a row model may have.
        reader: The call that makes its reader.
        key: The columns that identify a row.
        why_key: How the key was found.
        notes: What else was found, a line each.
        left: Columns that are not in the row model, each with a note why.
        contract: What a column does that the row model does not know.
        whole: Whether all rows were looked at, or their owner keeps nulls out: a column without a null has none.
    """

    name: str
    columns: Sequence[Column]
    reader: Call
    key: tuple[str, ...] = ()
    why_key: str = ""
    notes: Sequence[str] = ()
    left: Sequence[Column] = ()
    contract: str = "evolve"
    whole: bool = True
