"""Names for SQL of what files call their columns, and of files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from slugify import slugify

from shared.utils.calculator import calculator
from shared.utils.names import spelled_out

# A table's own number of a row, which no keyword list has.
PSEUDO_COLUMN = "rowid"


def sql_names(raw: Sequence[str], reserved: Iterable[str] = ()) -> list[str]:
    """Return a name to use in SQL for each, all of them different."""
    words = set(reserved)
    taken: dict[str, None] = {}
    for name in raw:
        plain = snake(name) or "column"
        plain = f"_{plain}" if plain[0].isdigit() else f"{plain}_" if plain in words else plain
        number, unique = 2, plain
        while unique in taken:
            unique, number = f"{plain}_{number}", number + 1
        taken[unique] = None
    return list(taken)


def reserved_words() -> set[str]:
    """Return the words that cannot be a column's name without quotes."""
    with calculator() as session:
        words = session.execute(
            "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
        ).fetchall()
    return {PSEUDO_COLUMN, *(word for (word,) in words)}


def snake(name: str) -> str:
    """Return a name in lower case ASCII letters, everything but letters and digits turned into `_`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", spelled_out(name))
    return slugify(spaced, separator="_")
