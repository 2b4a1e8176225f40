"""A look at files: at the last one of a pattern, as all of them are to be alike."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingress.new.code import Call
from ingress.new.found import Column, Table
from ingress.new.names import resource_name
from ingress.new.origin import Origin, parted
from ingress.new.values import check_number, columns_of, is_unique_in, key_of
from ingress.readers.files.jsonl import chunks, opened
from ingress.readers.files.reader import Files
from shared.config import Settings
from shared.config.named import Setting
from shared.data_quality.fields import DECIMAL_DIGITS
from shared.errors import InputError, UserError
from shared.http.redaction import shortened
from shared.places import FileMark, LocalFile, at_hand
from shared.places.names import WILD
from shared.tables import Convention, InferredColumn, infer, look
from shared.tables.declared import NOTHING
from shared.warehouse import literal, quote_name

ROWS, SHOWN = 10_000, 100
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


def place_of(origin: Origin, name: str, settings: Settings) -> tuple[Origin, Path | None]:
    """Return the place of files on this disk, and the file to copy there where it lies elsewhere.

    Raises:
        UserError: There is no such file, or several lie elsewhere.
    """
    if origin.kind == "place":
        return origin, None
    path = Path(os.environ.get("INIT_CWD", "."), origin.address).absolute()
    folder = Path(os.path.normpath(path))
    if folder.is_relative_to(settings.landing_dir) and folder != settings.landing_dir:
        below = folder.relative_to(settings.landing_dir).as_posix()
        if folder.is_dir():
            raise UserError(
                f"a folder, of which it is not said which files are meant: `{shortened(below, SHOWN)}`",
                hint="write a pattern behind it in quotes, as in 'data/landing/shop/*.csv'",
            )
        place, pattern = parted(below)
        return Origin("place", place, pattern), None
    if not path.is_file():
        raise UserError(
            f"no such file: `{shortened(origin.address, SHOWN)}`",
            hint="correct the path; a folder or pattern has to lie below data/landing, or write s3://bucket/folder/*.csv",
        )
    if WILD & set(path.name) or not path.name.isprintable() or path.name.startswith("."):
        raise UserError(
            f"a file's name that would be a pattern, or is not shown: `{shortened(path.name, SHOWN)}`", hint="rename it"
        )
    return Origin("place", name, path.name), path


def look_at_files(
    origin: Origin,
    name: str,
    settings: Settings,
    *,
    table: str | None,
    key: Sequence[str],
    credentials: Mapping[str, object],
    copied: Path | None,
) -> Table:
    """Look at the files of a place.

    Args:
        origin: The place and the names of the files.
        name: The source's.
        settings: Names the landing folder.
        table: What the resource is called, if not after the files.
        key: What the user says identifies a row.
        credentials: For a place behind a server.
        copied: A file that will be in the place, and is not yet.

    Raises:
        PlatformError: There are no files, or none that can be read with certainty.
    """
    place: str | Setting = Setting(origin.setting) if origin.setting else origin.address
    reader = Files(place, origin.rest, credentials=credentials)
    resource = table or resource_name(re.split(r"[*?\[.]", origin.rest.rpartition("/")[2])[0].strip("_- ") or name)
    marks = [FileMark(copied.name, "", copied.stat().st_size, copied)] if copied else reader.files(settings)
    with at_hand(marks[-1:]) as (file,):
        seen = LOOKS[reader.read_as](file)
        found, why = key_of(resource, seen.columns, key, seen.is_unique, seen.rows)
    call = Call("Files", (place, origin.rest), {"credentials": dict(credentials) or None})
    told = f"{len(marks):,} files; looked at `{shortened(marks[-1].name, SHOWN)}`"
    whole = seen.whole and len(marks) == 1
    # Columns of arrow's nested types cannot be carried along as text.
    nested = reader.read_as == "parquet" and any(not column.kind for column in seen.columns)
    contract = "report" if nested else "evolve"
    return Table(resource, seen.columns, call, found, why, [told, *seen.notes], contract=contract, whole=whole)


@dataclass(frozen=True)
class Look:
    """What a file holds.

    Attributes:
        rows: How many rows were looked at.
        is_unique: Tells whether no two rows have the same in columns.
        notes: What else there is to say.
        whole: Whether these are all rows.
    """

    columns: Sequence[Column]
    rows: int
    is_unique: Callable[[Sequence[str]], bool] = field(repr=False)
    notes: Sequence[str]
    whole: bool = True


def look_at_text(file: LocalFile) -> Look:
    """Look at a table of text."""
    form = look(file.path, origin=file.name, declared=NOTHING)
    form.check_names(file.name)
    check_number(form.header)
    found = infer(file.path, form, file.name)
    unique = {column.name for column in found.columns if column.unique}
    notes = [form.described(), f"{found.rows:,} rows"]
    if found.rejected:
        notes.append(f"{found.rejected:,} lines do not fit the header and will go to quarantine")
    if found.headless:
        notes.append("the first line is taken for the header, though its names could be values")

    def is_unique(names: Sequence[str]) -> bool:
        # Of several columns together it is for the load to find out.
        return len(names) > 1 or names[0] in unique

    return Look([text_column(column) for column in found.columns], found.rows, is_unique, notes)


def text_column(found: InferredColumn) -> Column:
    """Return a column of text as a row model has it; what `Written` cannot say stays text."""
    kind, digits, note = found.column.type.lower(), None, found.note
    if decimal := DECIMAL.fullmatch(kind):
        kind, digits = "Decimal", (int(decimal[1]), int(decimal[2]))
    else:
        kind = KINDS.get(kind, "str")
    written = written_of(found.column.convention, kind)
    if written is None:
        kind, digits, written = "str", None, {}
        note = f"{found.column.described()}: kept as text, as a row model cannot say how it is written"
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


def look_at_json_lines(file: LocalFile) -> Look:
    """Look at the first lines of JSON."""
    rows: list[dict[str, Any]] = []
    bad, whole = 0, True
    with opened(file) as text:
        for chunk in chunks(text):
            rows += chunk.rows
            bad += len(chunk.bad)
            if len(rows) >= ROWS:
                whole = False
                break
    if not rows:
        raise InputError(f"no line of JSON that is an object: `{file.name}`", hint="see whether it is what was meant")
    notes = [f"{'all' if whole else 'the first'} {len(rows):,} lines"]
    if bad:
        notes.append(f"{bad:,} lines are no objects and will go to quarantine")
    return Look(columns_of(rows), len(rows), lambda names: is_unique_in(rows, names), notes, whole)


def look_at_parquet(file: LocalFile) -> Look:
    """Look at a parquet file: its types, and where it has nulls."""
    try:
        with pq.ParquetFile(file.path) as content:
            schema, rows = content.schema_arrow, content.metadata.num_rows
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
        note = "" if kind else f"of a type that no row model has, and not loaded: {shortened(str(each.type), SHOWN)}"
        columns.append(Column(each.name, kind, count < rows, digits, note=note))

    def is_unique(names: Sequence[str]) -> bool:
        chosen = ", ".join(map(quote_name, names))
        twice = duck.sql(f"select 1 from {relation} group by {chosen} having count(*) > 1 limit 1").fetchall()
        return not twice

    return Look(columns, rows, is_unique, [f"{rows:,} rows"])


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
