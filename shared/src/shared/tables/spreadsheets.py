"""CSV for people, who open it in a spreadsheet: no text in it may begin a formula, which can send data elsewhere."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

# The signs of full width too: spreadsheets take them for the others. No class, as bytes of a binary column have none.
FORMULA = r"^(?:[=@\t\r\n]|＝|＠|[+-]|＋|－)"
# What begins like a formula and is a plain number: `-5`, `+1,234.50`, `-2e3`, `-7.5%`.
NUMBER = r"^[+-](?:[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?%?$"
MARK = "'"


def escaped(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return rows in which each text, and each column's name, that would begin a formula has a `'` before it.

    Texts that are numbers, and columns of any type but text, stay as they are. Applied twice, it changes nothing more.
    """
    columns = [_escaped(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=escaped_schema(batch.schema))


def escaped_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of rows that were escaped."""
    names = _escaped(pa.array(schema.names, pa.string())).to_pylist()
    return pa.schema(
        [field.with_name(name).with_type(_plain(field.type)) for field, name in zip(schema, names, strict=True)]
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _escaped(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or is_bytes(column.type)):
        return column
    begins = pc.and_(pc.match_substring_regex(column, FORMULA), pc.invert(pc.match_substring_regex(column, NUMBER)))
    if not begins.true_count:
        return column
    mark = pa.scalar(MARK, pa.string()).cast(column.type)
    return pc.if_else(
        begins, pc.binary_join_element_wise(mark, column, pa.scalar("", pa.string()).cast(column.type)), column
    )


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether a type holds bytes, which a CSV file shows as they are."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
