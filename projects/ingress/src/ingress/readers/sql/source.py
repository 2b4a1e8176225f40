"""What a declaration reads from, as SQLAlchemy has it: a table or view, or a query in parentheses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SAWarning

from shared.errors import InputError

if TYPE_CHECKING:
    from ingress.readers.sql.declaration import Declaration


def source_of(reader: Declaration, columns: Sequence[str | sa.ColumnClause[Any]]) -> sa.FromClause:
    """Return the table, view or query, called `source`, with these columns."""
    found = [sa.column(each) if isinstance(each, str) else each for each in columns]
    if reader.query is None:
        schema, name = reader.relation
        return sa.table(name, *found, schema=schema).alias("source")
    # A line's end, in case the query ends with a comment; SQLAlchemy would take a colon for a parameter.
    text = reader.query.strip().rstrip(";").replace(":", "\\:") + "\n"
    return sa.text(text).columns(*found).subquery("source")


def columns_chosen(reader: Declaration, found: Sequence[str]) -> list[str]:
    """Return the columns to read of those that there are.

    Raises:
        InputError: One that was chosen is not there.
    """
    missing = [name for name in reader.columns if name not in found]
    if missing:
        raise InputError(
            f"missing column in `{reader.origin}`: {', '.join(f'`{name}`' for name in missing)}",
            hint=f"it has {', '.join(f'`{name}`' for name in found)}; correct `columns`",
        )
    return [name for name in found if not reader.columns or name in reader.columns]


@contextmanager
def any_types() -> Iterator[None]:
    """Have SQLAlchemy say nothing of types that it does not know: their columns come as text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Did not recognize type", SAWarning)
        yield
