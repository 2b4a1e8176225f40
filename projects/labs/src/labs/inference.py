"""What a CSV file's columns are: the narrowest type that loses nothing, a name for SQL, and the tests that hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from labs.csv_file import fits, text_rows
from shared.csv_monitor import Form
from shared.errors import InputError
from shared.warehouse import quote_name

# More digits after the point are no amount any more.
DECIMALS = range(1, 7)
TEMPLATE_MARKS = ("{{", "{%", "{#")


@dataclass(frozen=True)
class InferredColumn:
    """A column as the template takes it.

    Attributes:
        raw: Its name in the file.
        name: Its name in SQL: lower case letters, digits and `_`.
        type: DuckDB's type.
        tests: dbt's data tests that hold on the file: `not_null`, `unique`.
    """

    raw: str
    name: str
    type: str
    tests: tuple[str, ...]


def infer_columns(path: Path, form: Form) -> list[InferredColumn]:
    """Return the columns of a file in UTF-8.

    Raises:
        InputError: A name cannot be a column's of a dbt model, or the file cannot be read.
    """
    for name in form.header:
        if any(mark in name for mark in TEMPLATE_MARKS):
            raise InputError(f"column that dbt would read as a template: `{name}`", hint="rename it in the file")
    with duckdb.connect() as connection:
        rows = text_rows(path, form, "ignore_errors = true")
        try:
            connection.execute(f"create table rows as select * from {rows}")
        except duckdb.Error as error:
            raise InputError(
                f"not readable as CSV: `{path}`: {str(error).partition(chr(10))[0]}", hint="correct the file"
            ) from error
        reserved = {
            word
            for (word,) in connection.execute(
                "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
            ).fetchall()
        }
        names = sql_names(form.header, reserved)
        keyed = False
        found = []
        for raw, name in zip(form.header, names, strict=True):
            tests = tests_of(connection, raw, seek_key=not keyed)
            keyed = keyed or "unique" in tests
            found.append(InferredColumn(raw, name, type_of(connection, raw), tests))
    return found


def type_of(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    """Return the first type in which every value of a column says the same as its text; text where there is none."""
    quoted = quote_name(column)
    for kind, shape in candidates():
        ((holds,),) = connection.execute(
            f"select count({quoted}) > 0 and "
            f"bool_and({quoted} is null or ({fits(column, kind)} and regexp_full_match({quoted}, $1))) from rows",
            [shape],
        ).fetchall()
        if holds:
            return kind
    return "varchar"


def candidates() -> Iterable[tuple[str, str]]:
    """Return types in the order in which they are tried, with the pattern that a text must have for each."""
    yield "boolean", "(?i)true|false"
    # No leading nought: what has one is a code, and would lose it.
    yield "bigint", r"-?(0|[1-9]\d{0,17})"
    for digits in DECIMALS:
        yield f"decimal(18, {digits})", rf"-?(0|[1-9]\d{{0,11}})(\.\d{{1,{digits}}})?"
    yield "double", r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"
    yield "date", r"\d{4}-\d{2}-\d{2}"
    yield "timestamp", r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?"


def tests_of(connection: duckdb.DuckDBPyConnection, column: str, *, seek_key: bool) -> tuple[str, ...]:
    """Return the tests that a column passes; `unique` for the first one that could be the key."""
    quoted = quote_name(column)
    ((rows, present, distinct),) = connection.execute(
        f"select count(*), count({quoted}), count(distinct {quoted}) from rows"
    ).fetchall()
    if not rows or present < rows:
        return ()
    return ("not_null", "unique") if seek_key and distinct == rows else ("not_null",)


def sql_names(raw: Sequence[str], reserved: Iterable[str] = ()) -> list[str]:
    """Return a name to use in SQL for each, all of them different."""
    taken: list[str] = []
    for name in raw:
        plain = snake(name) or "column"
        plain = f"_{plain}" if plain[0].isdigit() else f"{plain}_" if plain in set(reserved) else plain
        number = 2
        unique = plain
        while unique in taken:
            unique, number = f"{plain}_{number}", number + 1
        taken.append(unique)
    return taken


def snake(name: str) -> str:
    """Return a name in lower case, accents taken off, everything but letters and digits turned into `_`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    ascii_only = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
