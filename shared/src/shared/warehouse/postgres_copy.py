"""Arrow data into and out of PostgreSQL by COPY: the fastest way that keeps to types and needs no driver of its own.

The text form is CSV as both sides write it: a null is nothing, an empty text is `""`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pc
from psycopg2 import extensions

from shared.errors import InputError, first_line
from shared.utils.excerpts import excerpt
from shared.warehouse.base import ArrowData
from shared.warehouse.sql.arrow import ARROW_TYPES, postgres_type
from shared.warehouse.sql.quoting import quote_for_postgres as quote
from shared.warehouse.sql.quoting import quote_name_for_postgres as quote_name

NUMERIC = 1700
WIDEST_DECIMAL = 38
# Bytes of CSV parsed at a time, and so the longest row.
BLOCK_BYTES = 1 << 25
IN_MEMORY_BYTES = 1 << 26
# How arrow says where a value is that it has no form for.
IN_COLUMN = re.compile(r"CSV column #(\d+): (?:CSV conversion error to [^:]*: )?(.*)")
LONGEST_TOLD = 100


def copy_in(cursor: extensions.cursor, table: str, data: ArrowData) -> int:
    """Append arrow data to a table, columns matched by name, and return how many rows there were.

    Raises:
        InputError: A column has a type that PostgreSQL cannot hold.
    """
    for column in data.schema:
        postgres_type(column.type)
    columns = ", ".join(quote_name(name) for name in data.schema.names)
    source = CsvSource(data)
    cursor.copy_expert(f"copy {quote(table)} ({columns}) from stdin (format csv)", source, size=1 << 20)
    return source.rows


class CsvSource:
    """A file-like object whose content is arrow data as CSV, made as it is read."""

    def __init__(self, data: ArrowData) -> None:
        self.rows = 0
        self._chunks = self._encode(data)
        self._chunk = memoryview(b"")

    def _encode(self, data: ArrowData) -> Iterator[bytes]:
        batches = data.to_batches(max_chunksize=50_000) if isinstance(data, pa.Table) else data
        for batch in batches:
            # Its nothing would be taken for the end.
            if not batch.num_rows:
                continue
            self.rows += batch.num_rows
            sink = pa.BufferOutputStream()
            with pc.CSVWriter(sink, batch.schema, write_options=pc.WriteOptions(include_header=False)) as writer:
                writer.write(batch)
            yield sink.getvalue().to_pybytes()

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, none at the end."""
        if not self._chunk:
            self._chunk = memoryview(next(self._chunks, b""))
        length = len(self._chunk) if size < 0 else size
        taken, self._chunk = self._chunk[:length], self._chunk[length:]
        return bytes(taken)

    def readline(self, size: int = -1) -> bytes:
        """Ask `read`: psycopg2 wants this name to exist and does not call it."""
        return self.read(size)


def copy_out(
    connection: extensions.connection, sql: str, parameters: dict[str, Any] | None, *, batch_rows: int
) -> pa.RecordBatchReader:
    """Run a query and return its rows in batches.

    The rows wait in a temporary file, so the session is free for the next statement at once, and memory holds a block.
    """
    spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115, the reader closes it
    with connection.cursor() as cursor:
        if parameters:
            sql = cursor.mogrify(sql, parameters).decode()
        cursor.execute(f"select * from ({sql}) as described limit 0")
        schema = result_schema(cursor)
        cursor.copy_expert(f"copy ({sql}) to stdout (format csv)", spool)
    spool.seek(0)
    return pa.RecordBatchReader.from_batches(schema, csv_batches(spool, schema, batch_rows))


def result_schema(cursor: extensions.cursor) -> pa.Schema:
    """Return the columns of the query that a cursor has run.

    A decimal whose digits no type bounds (`sum(amount)`) arrives as text with all its digits: cast it for a number.
    """
    fields: list[tuple[str, pa.DataType]] = []
    for column in cursor.description or ():
        kind = ARROW_TYPES.get(column.type_code, pa.string())
        if column.type_code == NUMERIC and column.precision and column.precision <= WIDEST_DECIMAL:
            kind = pa.decimal128(column.precision, column.scale or 0)
        fields.append((column.name, kind))
    return pa.schema(fields)


@contextmanager
def told_by_column(schema: pa.Schema) -> Iterator[None]:
    """Say which column has a value that arrow has no form for."""
    try:
        yield
    except pa.ArrowInvalid as error:
        found = IN_COLUMN.search(first_line(error))
        if found is None:
            raise
        column = schema.field(int(found[1]))
        raise InputError(
            f"a value of the column `{column.name}` cannot be read as {column.type}: {excerpt(found[2], LONGEST_TOLD)}",
            hint="correct it in the database or the model, by nullif: a time that is infinite, or an amount that is no "
            "number, has no form outside of PostgreSQL",
        ) from None


def csv_batches(spool: IO[bytes], schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Read CSV without a header as columns of these types.

    Raises:
        InputError: A value is none of its column's in arrow, as `infinity` is no date.
    """
    with spool, told_by_column(schema):
        if not spool.read(1):
            return
        spool.seek(0)
        reader = pc.open_csv(
            spool,
            read_options=pc.ReadOptions(column_names=schema.names, block_size=BLOCK_BYTES),
            parse_options=pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pc.ConvertOptions(
                column_types=schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        )
        for batch in reader:
            for start in range(0, batch.num_rows, batch_rows):
                yield batch.slice(start, batch_rows)
