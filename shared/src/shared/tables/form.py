"""How a file of rows is written: container, encoding, delimiter and header, found by looking at all of it."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.config import get_settings
from shared.errors import InputError
from shared.tables.containers import RECORDS, Text, unpacked
from shared.tables.declared import NOTHING, Declared
from shared.tables.dialects import Dialect, dialect_of
from shared.tables.encodings import encoding_of
from shared.tables.survey import Survey, survey
from shared.utils.excerpts import excerpt, listed
from shared.utils.files import sha256_of

# Python's names of what DuckDB reads as it stands.
MARK = "\ufeff"
UTF8 = ("utf-8", "utf-8-sig", "ascii")
SHOWN_CHARACTERS = 100


@dataclass(frozen=True)
class Form:
    """How a file is written.

    Attributes:
        encoding: Python's name of it: `utf-8`, `utf-8-sig`, `utf-16`, `cp1252`, …
        delimiter: The sign between fields.
        header: The names of the columns.
        skip: How many lines stand above the header.
        container: `text`, `gzip`, `zip`, `xlsx`, `parquet` or `jsonl`.
        part: The member of a zip or the sheet of a workbook that holds the table.
        regular: Whether DuckDB can read the bytes as they are: UTF-8, one way to end lines, nothing above the header.
        line_end: How the lines of a regular file end.
        lines: How many lines a regular file has, the header among them.
        spaced: Whether blanks between a delimiter and a quote do not count.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    container: str = "text"
    part: str = ""
    regular: bool = True
    line_end: str = "\n"
    lines: int = 0
    spaced: bool = False

    @property
    def is_utf8(self) -> bool:
        """Whether it is in UTF-8."""
        return self.encoding in UTF8

    def differences(self, earlier: Form) -> list[str]:
        """Say what has changed since an earlier form of the same file."""
        found = []
        for what in ("container", "encoding", "delimiter"):
            before, now = getattr(earlier, what), getattr(self, what)
            if before != now:
                found.append(f"{what} `{before}` became `{now}`")
        gone = [name for name in earlier.header if name not in self.header]
        added = [name for name in self.header if name not in earlier.header]
        found += [f"column `{name}` is gone" for name in gone] + [f"column `{name}` is new" for name in added]
        if not gone and not added and self.header != earlier.header:
            found.append("columns are in another order")
        return found

    def described(self) -> str:
        """Say it in a few words."""
        delimiter = {"\t": "tab", " ": "blank"}.get(self.delimiter, f"`{self.delimiter}`")
        inside = f"{self.container}{f' `{self.part}`' if self.part else ''}, " if self.container != "text" else ""
        above = f", {self.skip} lines above the header" if self.skip else ""
        if self.container in RECORDS.values():
            return f"{self.container}, {len(self.header)} columns"
        return f"{inside}{self.encoding}, {len(self.header)} columns parted by {delimiter}{above}"

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {**asdict(self), "header": list(self.header)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Form:
        """Return what `as_record` has made of one."""
        return cls(**{**record, "header": tuple(record["header"])})

    def check_names(self, origin: str, required: Sequence[str] = ()) -> None:
        """Raise InputError where a column is there twice, without a name, or missing."""
        # DuckDB's names mean the same in capitals.
        first: dict[str, str] = {}
        for name in self.header:
            if name and name.lower() in first:
                raise InputError(f"column twice in `{origin}`: `{first[name.lower()]}`", hint="name each column once")
            first[name.lower()] = name
        if "" in self.header:
            raise InputError(f"column without a name in `{origin}`", hint="name each column in its first line")
        missing = [name for name in required if name not in self.header]
        if missing:
            raise InputError(
                f"columns missing in `{origin}`: {', '.join(f'`{name}`' for name in missing)}",
                hint=f"it has {listed(self.header)}, parted by `{self.delimiter}`; correct it or the declaration",
            )


def look(path: Path, *, origin: str | None = None, declared: Declared = NOTHING) -> Form:
    """Return how a file is written; all of it is read once.

    Args:
        path: The file.
        origin: Its name in messages; its own name by default.
        declared: What is known already.

    Raises:
        InputError: It holds no table, or more than one reading fits; the hint says what to declare.
    """
    return look_and_hash(path, origin=origin, declared=declared)[1]


def look_and_hash(path: Path, *, origin: str | None = None, declared: Declared = NOTHING) -> tuple[str, Form]:
    """Return a file's SHA-256 and how it is written, as `look` does."""
    origin = origin or path.name
    with unpacked(path, origin, declared, get_settings().tables_unpacked_limit) as text:
        found = survey(text.path)
        form = form_of(text, found, origin, declared)
    return found.sha256 if text.container == "text" else sha256_of(path), form


def form_of(text: Text, found: Survey, origin: str, declared: Declared) -> Form:
    """Return how a text is written, going by a survey of it."""
    if text.container == "xlsx":
        declared = Declared("utf-8", ",", declared.skip)
    if text.container in RECORDS.values():
        declared = Declared("utf-8", ",", 0)
    encoding = encoding_of(found, origin, declared.encoding)
    decoded = _decoded_head(found, encoding, origin)
    head = decoded.lstrip(MARK)
    cut: Dialect = dialect_of(head, origin, declared)
    if found.broken and any("\\x" in name for name in cut.header):
        raise InputError(
            f"names that are not {encoding}: `{origin}`: `{excerpt(', '.join(cut.header), SHOWN_CHARACTERS)}`",
            hint="say which encoding it is with --encoding, or declare `encoding:`, or have it delivered again",
        )
    regular = (
        encoding in UTF8
        and found.line_end is not None
        and not found.blank
        # As where files with a mark each were put one behind the other: DuckDB would take the second for a name's.
        and head == decoded
        and (cut.skip, cut.header_lines, cut.spaced) == (0, 1, False)
        # DuckDB takes a byte order mark for one in any case.
        and (encoding == "utf-8-sig") == found.head.startswith(codecs.BOM_UTF8)
    )
    # A blank line of a single column is a row without a value, at the end too.
    lines = found.lines if len(cut.header) > 1 else found.lines + found.blank_at_end
    return Form(
        encoding,
        cut.delimiter,
        cut.header,
        cut.skip,
        text.container,
        text.part,
        regular,
        found.line_end or "",
        lines if regular else 0,
        cut.spaced,
    )


def _decoded_head(found: Survey, encoding: str, origin: str) -> str:
    """Decode a file's beginning, and leave the line off at which it is cut."""
    decoder = codecs.getincrementaldecoder(encoding)("backslashreplace" if encoding in UTF8 else "strict")
    whole = len(found.head) == found.size
    try:
        text = decoder.decode(found.head, final=whole)
    except UnicodeDecodeError as error:
        raise not_in(encoding, origin, error) from error
    if whole:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def not_in(encoding: str, origin: str, error: UnicodeDecodeError) -> InputError:
    """Return the error for bytes that an encoding does not have."""
    byte = error.object[error.start : error.start + 1].hex()
    return InputError(
        f"not {encoding}: `{origin}` has the byte 0x{byte}, which that encoding lacks",
        hint="say which encoding it is with --encoding, or declare `encoding:`; best have it delivered as UTF-8",
    )
