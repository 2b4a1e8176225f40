"""How rows of a resource vanish where it comes from, as its declaration says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import pyarrow as pa

from shared.data_quality import RowModel, arrow_schema
from shared.data_quality.change_guard import ChangeGuard
from shared.errors import ConfigurationError

DELETED_AT, DELETED_BY = "_deleted_at", "_deleted_by"
FLAGS = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_date, pa.types.is_timestamp)


class Reads(Protocol):
    """A reader: `ingress.source.Reader`, which knows of resources and so of what is here."""

    @property
    def cursor(self) -> str | None:
        """The column by which changed rows are found."""

    @property
    def whose(self) -> Sequence[str]:
        """Of rows that lie within others: the columns with that row's key."""


@dataclass(frozen=True)
class Append:
    """Rows never vanish."""


NEVER = Append()


@dataclass(frozen=True)
class Snapshot:
    """Each load is all rows there are: what raw has besides is marked as deleted.

    Of a folder, all files are read when one has changed, come or gone.

    Attributes:
        share: What share of the rows that raw has may vanish at once without being asked, between 0 and 1.
        rows: How many rows may.
        newest: Whether the last file of a folder, by name, is all rows there are, and the others are not read.
    """

    share: float = 0.1
    rows: int = 100
    newest: bool = False

    def guard(self, approved: int | None) -> ChangeGuard:
        """Return what stops a load that has lost too many rows, or all of them, unless so many are approved."""
        return ChangeGuard(self.share, self.rows, approved, all_at_once=False)


@dataclass(frozen=True)
class DeletedFlag:
    """A column says it: true, a number other than 0, or a date or time that is there. The row keeps its values."""

    column: str


@dataclass(frozen=True)
class Tombstones:
    """Another reader has the keys of the rows that are gone; all of them are read with each load.

    Attributes:
        reader: Where the keys are.
        model: Their row model: the resource's key and, where it is known, the time.
        at: The column of `model` with the time of the deletion.
        changed: The column of the resource with the time of a row's last change: a later one than `at` outlives it.
    """

    reader: Reads
    model: type[RowModel]
    at: str | None = None
    changed: str | None = None


Deletions: TypeAlias = Append | Snapshot | DeletedFlag | Tombstones


def defect(deletions: Deletions, reader: Reads, model: type[RowModel], key: Sequence[str]) -> str | None:
    """Say why rows read so cannot vanish so, None where they can."""
    if reader.whose and not isinstance(deletions, Append):
        return "rows within others are replaced with them"
    if isinstance(deletions, Snapshot):
        bounds = 0 <= deletions.share <= 1 and deletions.rows >= 0
        if not bounds:
            return "the guard's share lies between 0 and 1, its rows are 0 or more"
        return "with a cursor a load is not all rows" if reader.cursor else None
    if isinstance(deletions, DeletedFlag):
        schema = arrow_schema(model)
        found = deletions.column in schema.names and schema.field(deletions.column).type
        fits = found and any(of_kind(found) for of_kind in FLAGS)
        return None if fits else f"`{deletions.column}` is no truth value, number, date or time of the row model"
    return _defect_of_stream(deletions, reader, model, key) if isinstance(deletions, Tombstones) else None


def _defect_of_stream(deletions: Tombstones, reader: Reads, model: type[RowModel], key: Sequence[str]) -> str | None:
    rows, gone = arrow_schema(model), arrow_schema(deletions.model)
    for name in key:
        if name not in gone.names or gone.field(name).type != rows.field(name).type:
            return f"`{deletions.model.__name__}` has no `{name}` of the key, or of another type"
    times = [(gone, deletions.at), (rows, deletions.changed)]
    types = {schema.field(name).type if name in schema.names else None for schema, name in times if name is not None}
    if (deletions.at is None) != (deletions.changed is None) or None in types or len(types) > 1:
        return "`at` and `changed` are given both, as columns of one type, or neither"
    if types and not all(pa.types.is_timestamp(each) or pa.types.is_date(each) for each in types):
        return "`at` and `changed` are no times"
    return "with a cursor, keys that are gone need `at` and `changed`" if reader.cursor and not types else None


def hold(deletions: Deletions, name: str, reader: Reads, model: type[RowModel], key: Sequence[str]) -> None:
    """Refuse a declaration that cannot be held.

    Raises:
        ConfigurationError: There is something in the way.
    """
    found = defect(deletions, reader, model, key)
    if found:
        raise ConfigurationError(
            f"the deletions of `{name}` cannot be `{type(deletions).__name__}`: {found}",
            hint="see `ingress.deletions` for what each kind needs",
        )
