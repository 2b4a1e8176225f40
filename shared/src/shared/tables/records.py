"""Rows of a parquet file or of lines of JSON as delimited text, each value in full, an empty field for a null."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from shared.data_quality.json_lines import lines, parsed
from shared.data_quality.json_text import as_json
from shared.errors import InputError
from shared.utils.strict_json import NotJson
from shared.warehouse.sql.quoting import quote_name

BATCH_ROWS = 50_000
MOST_NAMES = 10_000
# Of a line that is no row.
KEPT_CHARACTERS = 1000
NO_OBJECT = "not one object of JSON"
NESTED = ("STRUCT", "MAP", "UNION", "LIST", "ARRAY", "JSON")
# Called with the bytes that were written so far; it raises where they are too many.
Hold = Callable[[int], None]


def write_parquet(path: Path, origin: str, target: Path, hold: Hold) -> None:
    """Write the rows of a parquet file as CSV in UTF-8, what is nested as JSON, moments with a zone in UTC.

    Raises:
        InputError: It is damaged, or has a type that DuckDB has not.
    """
    # They take a moment, and few files need them.
    import duckdb
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file, duckdb.connect() as duck:
            duck.execute("set timezone = 'UTC'")
            rows = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(BATCH_ROWS))
            relation = duck.from_arrow(rows)
            texts = ", ".join(
                _text(quote_name(name), str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)
            )
            found = relation.project(texts).to_arrow_reader(BATCH_ROWS)
            with target.open("wb") as text, pc.CSVWriter(text, found.schema) as writer:
                for batch in found:
                    writer.write_batch(batch)
                    hold(text.tell())
    except (pa.ArrowException, duckdb.Error, OSError) as error:
        # The system's own, of a disk that is full, has a number; Arrow's, of what it cannot read, has none.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            f"not a readable parquet file: `{origin}`: {str(error).partition(chr(10))[0]}",
            hint="it may be cut short or damaged: have it delivered again; nothing of it was loaded",
        ) from error


def _text(name: str, kind: str) -> str:
    nested = kind.startswith(NESTED) or kind.endswith("]")
    text = f"cast({f'to_json({name})' if nested else name} as varchar)"
    # As files of text have it.
    return f"replace({text}, '+00', 'Z') as {name}" if kind == "TIMESTAMP WITH TIME ZONE" else f"{text} as {name}"


def write_lines(path: Path, origin: str, target: Path, hold: Hold) -> None:
    """Write objects of JSON, one a line, as CSV in UTF-8: a column for each name that any of them has.

    A line that is no object, or says two things, is written as it is: it has not as many fields as the header, by
    which `rejected` knows it.

    Raises:
        InputError: No line is an object, or they have too many names.
    """
    names: dict[str, None] = {}
    with path.open("rb") as file:
        for _, row in _rows(file):
            names |= dict.fromkeys(row or ())
            if len(names) > MOST_NAMES:
                raise InputError(f"more than {MOST_NAMES:,} names in `{origin}`", hint="let each line be one row")
    if not names:
        raise InputError(f"no object of JSON in `{origin}`", hint="have one a line delivered")
    with path.open("rb") as file, target.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        for line, row in _rows(file):
            unfit = [line] if len(names) > 1 else [line, NO_OBJECT]
            writer.writerow(unfit if row is None else [_value(row.get(name)) for name in names])
            hold(text.tell())


def _rows(file: IO[bytes]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield each line that is not blank, and the object that it is; None where it is none."""
    for _, line in lines(file):
        if line.isspace():
            continue
        try:
            row = parsed(line)
        except NotJson:
            row = None
        text = line.decode("utf-8", "backslashreplace").removeprefix("\ufeff")
        yield text.rstrip("\r\n")[:KEPT_CHARACTERS], row


def _value(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else as_json(value, ascii_only=False)
