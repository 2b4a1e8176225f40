"""The kind `files`: a model as parquet, CSV and JSON lines in a folder, for whoever takes files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from typing_extensions import override

from egress.engine.content import WholePlan, content_of, reading
from egress.engine.payload import as_python, to_json
from egress.engine.plan import Options, Tally, Target, steps_of
from egress.engine.state import SendState, answers
from egress.engine.unfit import without_json, without_text
from shared.config import get_settings, read_settings
from shared.errors import InputError, first_line
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.tables.spreadsheets import escaped, escaped_schema
from shared.utils.console import say
from shared.utils.excerpts import excerpt
from shared.utils.files import sha256_of
from shared.warehouse import Warehouse

Format = Literal["parquet", "csv", "jsonl"]
LONGEST_TOLD = 200
# Why rows cannot be in a file; one of parquet holds whatever there is.
WITHOUT_FORM = {"jsonl": without_json, "csv": without_text}


class FilesSettings(BaseSettings):
    """How files are written. Each field is set by the variable of its name behind the target's prefix, in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    csv_text: Literal["escaped", "raw"] = Field(
        default="escaped", description="whether a text that a spreadsheet takes for a formula gets a ' before it"
    )


@dataclass(frozen=True, eq=False)
class InFormats(Target):
    """Gets a model as files.

    Attributes:
        formats: One file of each, called as the model is.
    """

    by_row = False
    formats: tuple[Format, ...] = field(kw_only=True)

    @property
    def raw_csv(self) -> bool:
        """Whether texts in the CSV file stay as they are, though a spreadsheet would take one for a formula."""
        return read_settings(FilesSettings, prefix=self.setting("")).csv_text == "raw"


@dataclass(frozen=True, eq=False)
class Files(InFormats):
    """Writes each file anew when the model's content differs from what the file was written from.

    Attributes:
        folder: Where below the folder of exports they are.
    """

    folder: str = ""

    @property
    def place(self) -> Path:
        """The folder that they are in."""
        return get_settings().exports_dir / self.folder

    @property
    def form(self) -> str:
        """The formats and the folder."""
        named = " and ".join(name if name == "parquet" else name.upper() for name in self.formats)
        return f"{named} in `{self.place}`"

    @property
    def files(self) -> list[Path]:
        """The files, one a format."""
        return [self.place / f"{self.model.name}.{form}" for form in self.formats]

    @property
    @override
    def writes(self) -> tuple[str, ...]:
        return tuple(map(str, self.files))

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the files."""
        return tuple(Dataset.of_file(file) for file in self.files)

    def plan(self, warehouse: Warehouse, options: Options) -> FilesPlan:
        """Find out which files are missing, or hold something else than the model does."""
        raw_csv = self.raw_csv
        with self.model.held_still(warehouse):
            rows, content = content_of(warehouse, self.model)
        written = warehouse.fetch(
            "select row_key, payload_hash, receipt from ops.delivery where target = $1", [self.name]
        )
        receipts = {(name, version): receipt for name, version, receipt in written}
        stale = [
            file
            for file in self.files
            if options.full or not holds(file, receipts.get((file.name, version_of(file, content, raw_csv))))
        ]
        wrong = tuple(stale) if rows else ()
        return FilesPlan.of(
            self, warehouse, options, rows, anew=bool(stale), stale=wrong, raw_csv=raw_csv, content=content
        )


@dataclass(frozen=True)
class FilesPlan(WholePlan):
    """Which files to write.

    Attributes:
        stale: The files to write.
        raw_csv: As `InFormats` has it.
        content: A hash of what they are written from.
    """

    stale: tuple[Path, ...]
    raw_csv: bool
    content: str

    def steps(self) -> pa.Table:
        """Return the files to write."""
        versions = [version_of(file, self.content, self.raw_csv) for file in self.stale]
        return steps_of("write", [str(file) for file in self.stale], versions, pa.nulls(len(versions)))

    def details(self) -> list[str]:
        """Name the files to write."""
        if not self.stale:
            return ["unchanged, and the files are there"]
        return [f"write      {file}" for file in self.stale]

    def apply(self, run: Run, tally: Tally) -> None:
        """Write the files one after the other; each is marked as soon as it is in place."""
        if not self.stale:
            return
        warehouse, state = run.warehouse, SendState(run.warehouse, self.target, run.id)
        with reading(warehouse, self.model, len(self.stale)) as (rows, content, streams):
            for file, stream in zip(self.stale, streams, strict=False):
                receipt = write_atomically(file, stream, raw_csv=self.raw_csv)
                version = version_of(file, content, self.raw_csv)
                state.mark(answers([file.name], version, "delivered", receipt))
                say(f"{self.target}: wrote {rows:,} rows to `{file}`")
        tally.sent = rows


def holds(file: Path, receipt: str | None) -> bool:
    """Tell whether a file is, byte for byte, the one that the receipt was given for."""
    return receipt is not None and file.is_file() and sha256_of(file) == receipt


def version_of(file: Path, content: str, raw_csv: bool) -> str:
    """Return what a file is written from: the model's content, and whether its texts are escaped."""
    return content if raw_csv or file.suffix != ".csv" else f"{content} escaped"


def write_atomically(file: Path, rows: pa.RecordBatchReader, *, raw_csv: bool) -> str:
    """Write rows in the format of the file's suffix and return the hash of its bytes.

    The file appears whole or not at all; until then, and after a failure, one that was there before stays.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    try:
        receipt = written(part, rows, raw_csv=raw_csv)
        with part.open("rb") as there:
            os.fsync(there.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return receipt


def written(file: Path, rows: pa.RecordBatchReader, *, raw_csv: bool) -> str:
    """Write rows in the format that `NAME.FORMAT` or `.NAME.FORMAT.part` says, and return the hash of the bytes."""
    form = file.name.removesuffix(".part").rpartition(".")[2]
    try:
        with opened(file, form, rows.schema, raw_csv=raw_csv) as write:
            for batch in rows:
                check(batch, form)
                write(batch)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        nested = [f"`{column.name}`: " for column in rows.schema if pa.types.is_nested(column.type)]
        named = nested[0] if nested and form == "csv" else ""
        raise InputError(
            f"a model cannot be written as {form}: {named}{excerpt(first_line(error), LONGEST_TOLD)}",
            hint="correct the model, so that it has numbers, texts, dates and nulls only",
        ) from None
    return sha256_of(file)


def check(batch: pa.RecordBatch, form: str) -> None:
    """Refuse rows with what a format has no form for.

    Raises:
        InputError: There are some.
    """
    found = WITHOUT_FORM[form](pa.Table.from_batches([batch])) if form in WITHOUT_FORM else {}
    if found:
        raise InputError(
            f"{len(found):,} rows cannot be written as {form}: {next(iter(found.values()))}",
            hint="correct the model; parquet takes them as they are",
        )


@contextmanager
def opened(file: Path, form: str, schema: pa.Schema, *, raw_csv: bool) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Open a writer for a format."""
    if form == "jsonl":
        with file.open("w", encoding="utf-8", newline="\n") as lines:
            yield lambda batch: lines.writelines(f"{to_json(row)}\n" for row in as_python(batch))
        return
    # Both take a while to import, and most runs write nothing.
    import pyarrow.csv
    import pyarrow.parquet

    writer: Any
    if form == "parquet":
        writer = pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")
    else:
        writer = pyarrow.csv.CSVWriter(file, schema if raw_csv else escaped_schema(schema))
    as_is = raw_csv or form == "parquet"
    with writer:
        yield writer.write_batch if as_is else lambda batch: writer.write_batch(escaped(batch))
