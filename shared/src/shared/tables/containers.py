"""What a file is by its first bytes: text, or a container that a table is taken out of, or something else by name."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.errors import InputError
from shared.tables.declared import NOTHING, Declared
from shared.tables.records import write_lines, write_parquet
from shared.tables.workbooks import write_sheet
from shared.utils.excerpts import listed
from shared.utils.scratch import scratch_folder

HEAD_BYTES = 4096
COPIED_BYTES = 1 << 20
# What is no table of text, by the bytes it begins with.
OTHERS = {
    b"PAR1": "a parquet file",
    b"ARROW1": "an arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"%PDF": "a PDF",
    b"SQLite format 3\0": "a SQLite database",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook (.xls) or another Office file of before 2007",
    b"{\\rtf": "an RTF text",
    b"\x89PNG": "an image",
    b"GIF8": "an image",
    b"\xff\xd8\xff": "an image",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ\0": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"\x04\x22\x4d\x18": "packed by lz4",
    b"$FL2": "an SPSS file",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
GZIP, ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
# Parts of a workbook's zip; what macOS adds to any zip.
WORKBOOK, WORKBOOK_BINARY, NO_MEMBER = "xl/workbook.xml", "xl/workbook.bin", "__MACOSX/"
# Rows that are no text of fields; only in a file that is called so, since an error's answer may be JSON too.
RECORDS = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
PARQUET = b"PAR1"
MARKUP = {
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"<?xml": "XML",
    b"<workbook": "XML",
    b'{"': "JSON",
    b"[{": "JSON",
}
NAMED = 10


@dataclass(frozen=True)
class Text:
    """A table's text, out of its container.

    Attributes:
        path: Where the text is: the file itself, or what was unpacked.
        container: `text`, `gzip`, `zip`, `xlsx`, `parquet` or `jsonl`.
        part: The member of a zip, the sheet of a workbook.
    """

    path: Path
    container: str
    part: str = ""


@contextmanager
def unpacked(
    path: Path, origin: str, declared: Declared, limit: int, *, allowed: Collection[str] = ()
) -> Iterator[Text]:
    """Give the text of a file; what is unpacked for it is removed afterwards.

    Args:
        path: The file.
        origin: Its name in messages.
        declared: Says which sheet of a workbook is meant.
        limit: How many bytes may come out of a container.
        allowed: What it may be that is no table of text: `JSON`.

    Raises:
        InputError: It is no table of text and holds none, holds several, is damaged, or too much comes out of it.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    records = "" if "JSON" in allowed else records_of(path)
    if not head.startswith((GZIP, *ZIP)) and not records:
        refuse_others(head, origin, allowed=allowed)
        yield Text(path, "text")
        return
    with scratch_folder() as folder:
        target = folder / "table"
        try:
            if records:
                container, part = _write_records(records, path, head, origin, target, limit), ""
            else:
                container, part = _unpack(path, head, origin, declared, target, limit)
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise InputError(
                f"damaged or not whole: `{origin}`: {error}", hint="have it delivered again, or unpack it by hand"
            ) from error
        if container not in ("xlsx", *RECORDS.values()):
            with target.open("rb") as file:
                named = f"{origin}: {part}" if part else origin
                refuse_others(file.read(HEAD_BYTES), named, nested=True, allowed=allowed)
        yield Text(target, container, part)


def records_of(path: Path) -> str:
    """Return what kind of rows a file has that are no text of fields, as its name says; empty where it says none."""
    packed = path.suffix.lower() in (".gz", ".zip")
    return RECORDS.get(Path(path.stem if packed else path.name).suffix.lower(), "")


def _write_records(kind: str, path: Path, head: bytes, origin: str, target: Path, limit: int) -> str:
    """Write what a parquet file or lines of JSON hold as delimited text, and return which of both it is."""
    if head.startswith((GZIP, *ZIP)):
        plain = target.with_name("records")
        _unpack(path, head, origin, NOTHING, plain, limit)
        path = plain
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    if kind == "parquet" and not head.startswith(PARQUET):
        raise InputError(f"no parquet file: `{origin}`", hint="name it as what it is")
    refuse_others(head, origin, allowed=("a parquet file",) if kind == "parquet" else ("JSON",))
    write = write_parquet if kind == "parquet" else write_lines
    write(path, origin, target, lambda size: _hold_to_limit(size, origin, limit))
    return kind


def _unpack(path: Path, head: bytes, origin: str, declared: Declared, target: Path, limit: int) -> tuple[str, str]:
    if head.startswith(GZIP):
        with gzip.open(path) as source:
            _copy(source, target, origin, limit)
        return "gzip", ""
    with zipfile.ZipFile(path) as archive:
        names = [one.filename for one in archive.infolist() if not one.is_dir()]
        _hold_to_limit(sum(one.file_size for one in archive.infolist()), origin, limit)
        if WORKBOOK in names:
            return "xlsx", write_sheet(path, origin, declared.sheet, target, limit)
        member = _member([name for name in names if not name.startswith(NO_MEMBER)], origin)
        if archive.getinfo(member).flag_bits & 1:
            raise InputError(f"needs a password: `{origin}`", hint="unpack it by hand")
        with archive.open(member) as source:
            _copy(source, target, origin, limit)
    return "zip", member


def _member(names: list[str], origin: str) -> str:
    office = {"mimetype": "an OpenDocument file", WORKBOOK_BINARY: "a binary workbook (.xlsb)"}
    office |= {"word/document.xml": "a Word document", "ppt/presentation.xml": "a presentation"}
    kind = next((office[name] for name in names if name in office), None)
    if kind is not None:
        raise InputError(f"no table of text: `{origin}` is {kind}", hint="save the table as CSV or .xlsx")
    if len(names) != 1:
        raise InputError(
            f"not one file in the zip `{origin}`: {listed(names, NAMED) or 'nothing'}",
            hint="unpack it, and name the files of tables",
        )
    return names[0]


def _copy(source: IO[bytes] | gzip.GzipFile, target: Path, origin: str, limit: int) -> None:
    copied = 0
    with target.open("wb") as file:
        while block := source.read(COPIED_BYTES):
            copied += len(block)
            _hold_to_limit(copied, origin, limit)
            file.write(block)


def _hold_to_limit(size: int, origin: str, limit: int) -> None:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > min(limit, free):
        raise InputError(
            f"too much comes out of `{origin}`: more than {min(limit, free):,} bytes",
            hint="TABLES_UNPACKED_LIMIT says how many bytes may; unpack it by hand if it is what it should be",
        )


def refuse_others(head: bytes, origin: str, *, nested: bool = False, allowed: Collection[str] = ()) -> None:
    """Raise InputError where a file's first bytes are those of something that is no table of text."""
    kinds = {**OTHERS, **({GZIP: "packed by gzip once more", ZIP[0]: "a zip once more"} if nested else {})}
    kind = next((kind for mark, kind in kinds.items() if head.startswith(mark)), None)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = kind or next((kind for mark, kind in MARKUP.items() if start.startswith(mark)), None)
    if kind is not None and kind not in allowed:
        raise InputError(f"no table of text: `{origin}` is {kind}", hint="save or unpack the table as CSV")
