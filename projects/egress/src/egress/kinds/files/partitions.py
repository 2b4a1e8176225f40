"""A model's rows in a folder for each value of some columns, named as Hive names them: `state=VIC/`.

DuckDB, Spark, Polars and pyarrow read such folders as one table with the columns of their names, which the files
themselves therefore do not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import TypeAlias
from urllib.parse import quote

import pyarrow as pa

from egress.engine.errors import TargetRefused
from egress.engine.models import Model
from shared.errors import ConfigurationError

Values: TypeAlias = tuple[str | int | bool | date | None, ...]
SORTS = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_boolean, pa.types.is_date)
# How Hive calls the folder of those that have no value.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# What readers take for that, whatever its case.
NO_VALUES = (NO_VALUE.lower(), "null")
# Each is a file, and a request to see whether it still is there.
MOST = 1_000
# Of a folder's name, which no file system takes any longer.
LONGEST = 255


def check_columns(target: str, model: Model, schema: pa.Schema, columns: Sequence[str]) -> None:
    """Refuse columns that no folders can be named by.

    Raises:
        ConfigurationError: The model lacks one, or it is the key, comes twice, or is neither text, whole number, truth
            value nor date.
    """
    for place, name in enumerate(columns):
        if name not in schema.names:
            why = "is not in the model"
        elif name == model.key:
            why = "is its key, which no two rows share"
        elif name in columns[:place]:
            why = "comes twice"
        elif not any(of(schema.field(name).type) for of in SORTS):
            why = f"is `{schema.field(name).type}`"
        else:
            continue
        raise ConfigurationError(
            f"`{target}` cannot be partitioned by a column of `{model.table}`: `{name}` {why}",
            hint="name columns of few values in `partitioned_by`: texts, whole numbers, truth values, dates",
        )


def parts_of(
    target: str, rows: pa.RecordBatchReader, columns: Sequence[str]
) -> Iterator[tuple[Values, pa.RecordBatchReader]]:
    """Cut rows that are sorted by some columns, by none into one part; each is to be read before the next.

    Yields:
        The values of the columns, and the rows that have them, without these columns.

    Raises:
        TargetRefused: There are more than `MOST` parts.
    """
    if not columns:
        yield (), rows
        return
    schema = pa.schema([field for field in rows.schema if field.name not in columns])
    for place, (values, part) in enumerate(groupby(_runs(rows, columns), key=lambda run: run[0])):
        if place == MOST:
            raise TargetRefused(
                f"`{target}` would have more than {MOST:,} partitions",
                hint="nothing was published: name columns of fewer values in `partitioned_by`",
            )
        yield values, pa.RecordBatchReader.from_batches(schema, (batch for _, batch in part))


def _runs(rows: pa.RecordBatchReader, columns: Sequence[str]) -> Iterator[tuple[Values, pa.RecordBatch]]:
    for batch in rows:
        start = 0
        for values, run in groupby(zip(*(batch.column(name).to_pylist() for name in columns), strict=True)):
            count = sum(1 for _ in run)
            yield values, batch.slice(start, count).drop_columns(list(columns))
            start += count


def folder_of(target: str, columns: Sequence[str], values: Values) -> str:
    """Return the path of a part's folder: what is neither letter nor digit in a value is escaped as in a URL.

    Raises:
        TargetRefused: A value is too long for a folder's name.
    """
    names = [f"{quote(name, safe='')}={_text(value)}" for name, value in zip(columns, values, strict=True)]
    for column, name in zip(columns, names, strict=True):
        if len(name) > LONGEST:
            raise TargetRefused(
                f"`{target}` has a value that is too long for a folder's name, in column `{column}`",
                hint="nothing was published: name columns of short values in `partitioned_by`",
            )
    return "/".join(names)


def _text(value: str | int | bool | date | None) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, bool):
        return str(value).lower()
    text = quote(str(value), safe="")
    # Its first sign as a code, or it would be in the folder of those without a value, over them.
    return f"%{ord(text[0]):02X}{text[1:]}" if text.lower() in NO_VALUES else text
