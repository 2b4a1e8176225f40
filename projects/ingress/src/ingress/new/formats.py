"""A look into a file: tables of text whole, the first lines of JSON, the types of parquet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingress.new.found import Column
from ingress.new.values import check_number, columns_of, is_unique_in
from ingress.readers.files.jsonl import chunks, opened
from shared.data_quality import POSITION
from shared.data_quality.conversion import beyond_type
from shared.data_quality.fields import DECIMAL_DIGITS
from shared.errors import InputError
from shared.http.redaction import shortened
from shared.places import LocalFile
from shared.tables import Convention, Declared, InferredColumn, Scratch, infer, look, staged
from shared.warehouse import literal, quote_name

ROWS, BYTES, SHOWN = 10_000, 64 << 20, 100
DECIMAL = re.compile(r"decimal\((\d+), ?(\d+)\)", re.IGNORECASE)
KINDS = {
    "bigint": "int",
    "double": "float",
    "varchar": "str",
    "boolean": "bool",
    "date": "date",
    "timestamp": "datetime",
    "timestamp with time zone": "AwareDatetime",
}
FORMATTED = ("date", "datetime", "AwareDatetime")


@dataclass(frozen=True)
class Look:
    """What a file holds.

    Attributes:
        rows: How many rows were looked at.
        is_unique: Tells whether no two rows have the same in columns.
        notes: What else there is to say.
        whole: Whether these are all rows.
        candidates: The columns that may be the key, if not any.
    """

    columns: Sequence[Column]
    rows: int
    is_unique: Callable[[Sequence[str]], bool] = field(repr=False)
    notes: Sequence[str]
    whole: bool = True
    candidates: Collection[str] | None = None


def look_at_text(file: LocalFile, declared: Declared) -> Look:
    """Look at a table of text."""
    form = look(file.path, origin=file.name, declared=declared)
    form.check_names(file.name)
    check_number(form.header)
    found = infer(file.path, form, file.name)
    if not found.rows:
        raise InputError(f"no row in `{file.name}`", hint="look at a file that has some: they tell what columns are")
    unique = {column.name for column in found.columns if column.unique}
    notes = [form.described(), f"{found.rows:,} rows"]
    if found.rejected:
        notes.append(f"{found.rejected:,} lines do not fit the header and will go to quarantine")
    if found.headless:
        notes.append("the first line is taken for the header, though its names could be values")

    def is_unique(names: Sequence[str]) -> bool:
        wide = len(form.header)
        with (
            Scratch(columns=wide, origin=file.name) as scratch,
            staged(scratch, file.path, form, file.name) as rows,
        ):
            texts = rows.all_texts(position=POSITION)
            chosen = ", ".join(map(quote_name, names))
            return not scratch.fetch(f"select 1 from ({texts}) group by {chosen} having count(*) > 1 limit 1")

    return Look([text_column(column) for column in found.columns], found.rows, is_unique, notes, candidates=unique)


def text_column(found: InferredColumn) -> Column:
    """Return a column of text as a row model has it; what `Written` cannot say stays text."""
    kind, digits, note = found.column.type.lower(), None, ""
    if decimal := DECIMAL.fullmatch(kind):
        kind, digits = "Decimal", (int(decimal[1]), int(decimal[2]))
    else:
        kind = KINDS.get(kind, "str")
    written = written_of(found.column.convention, kind)
    if written is None:
        kind, digits, written = "str", None, {}
        note = f"{found.column.described()}: kept as text, as a row model cannot say how it is written"
    if found.note:
        note = f"{found.note}: in the row model by `Written`"
    example = shortened(found.example, SHOWN)
    return Column(found.name, kind, not found.complete, digits, written, example=example, note=note)


def written_of(convention: Convention, kind: str) -> dict[str, object] | None:
    """Return the arguments of `Written` for a convention, or None where it cannot say that."""
    if convention.unit or convention.negative != "leading" or convention.thousands == " ":
        return None
    found: dict[str, object] = {}
    if convention.format and kind in FORMATTED:
        if set(re.findall("%(.)", convention.format)) - set("YymdHMSfz"):
            return None
        found["format"] = convention.format
    if convention.decimal != ".":
        found["decimal"] = convention.decimal
    if convention.thousands:
        found["thousands"] = convention.thousands
    if convention.truth:
        found |= {"true": (convention.truth[0],), "false": (convention.truth[1],)}
    return found


def look_at_json_lines(file: LocalFile, declared: Declared) -> Look:
    """Look at the first lines of JSON."""
    rows: list[dict[str, Any]] = []
    bad, size, whole = 0, 0, True
    with opened(file) as text:
        for chunk in chunks(text):
            rows += chunk.rows
            bad, size = bad + len(chunk.bad), size + chunk.size
            if len(rows) >= ROWS or size >= BYTES:
                whole = False
                break
    if not rows:
        raise InputError(f"no line of JSON that is an object: `{file.name}`", hint="see whether it is what was meant")
    notes = [f"{'all' if whole else 'the first'} {len(rows):,} lines"]
    if bad:
        notes.append(f"{bad:,} lines are no objects and will go to quarantine")
    return Look(columns_of(rows), len(rows), lambda names: is_unique_in(rows, names), notes, whole)


def look_at_parquet(file: LocalFile, declared: Declared) -> Look:
    """Look at a parquet file: its types, and where it has nulls."""
    try:
        with pq.ParquetFile(file.path) as content:
            schema, rows = content.schema_arrow, content.metadata.num_rows
            odd = beyond(content, schema)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"not a readable parquet file: `{file.name}`", hint="have it delivered anew") from error
    check_number(schema.names)
    duck = duckdb.connect()
    relation = f"read_parquet({literal(str(file.path))})"
    counts = ", ".join(f"count({quote_name(name)})" for name in schema.names)
    filled = duck.sql(f"select {counts} from {relation}").fetchall()[0]
    columns = []
    for each, count in zip(schema, filled, strict=True):
        kind, digits = arrow_kind(each.type)
        note = "" if kind else f"comes as text, as no row model has its type: {shortened(str(each.type), SHOWN)}"
        if each.name in odd:
            kind, note = "", f"has values beyond what a row model's `{kind}` holds: comes as text"
        columns.append(Column(each.name, kind, count < rows, digits, note=note))

    def is_unique(names: Sequence[str]) -> bool:
        chosen = ", ".join(map(quote_name, names))
        twice = duck.sql(f"select 1 from {relation} group by {chosen} having count(*) > 1 limit 1").fetchall()
        return not twice

    return Look(columns, rows, is_unique, [f"{rows:,} rows"])


def beyond(content: pq.ParquetFile, schema: pa.Schema) -> set[str]:
    """Return the columns of numbers and times that have values which raw's type for them would lose."""
    wide = [
        each.name
        for each in schema
        if each.type == pa.uint64() or (pa.types.is_timestamp(each.type) and each.type.unit == "ns")
    ]
    found: set[str] = set()
    for batch in content.iter_batches(columns=wide) if wide else ():
        found |= {name for name in wide if pc.any(beyond_type(batch.column(name))).as_py()}
    return found


def arrow_kind(kind: pa.DataType) -> tuple[str, tuple[int, int] | None]:
    """Return the row model's type for one of arrow's, or none."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_decimal128(kind) and 0 <= kind.scale < kind.precision <= DECIMAL_DIGITS:
        return "Decimal", (kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return ("AwareDatetime" if kind.tz else "datetime"), None
    checks = {
        "bool": pa.types.is_boolean,
        "int": pa.types.is_integer,
        "float": pa.types.is_floating,
        "str": lambda each: pa.types.is_string(each) or pa.types.is_large_string(each),
        "date": pa.types.is_date,
    }
    return next((name for name, is_so in checks.items() if is_so(kind)), ""), None


LOOKS = {"csv": look_at_text, "jsonl": look_at_json_lines, "parquet": look_at_parquet}
