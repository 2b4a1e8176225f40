"""What a file is by its first bytes: packed, a workbook, or no table at all."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.errors import InputError
from shared.testing.files import Read

CSV = b"id,name\n1,a\n2,b\n"
ROWS = [("1", "a"), ("2", "b")]


def zipped(**members: bytes) -> bytes:
    """Return a zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook with these sheets; a formula is one without a value."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files lie where the test sees them."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_gzip_is_read_whatever_its_name(read: Read, scratch_folder: Path, name: str) -> None:
    """Bytes say that a file is packed, and what was unpacked is gone afterwards."""
    got = read(gzip.compress(CSV), name=name)
    assert (got.form.container, got.values) == ("gzip", ROWS)
    assert list(scratch_folder.iterdir()) == []


def test_zip_of_one_file_is_read(read: Read) -> None:
    """A zip's one file is the table; what macOS adds to zips does not count."""
    got = read(zipped(**{"deep/t.csv": "id;name\n1;ä\n2;b\n".encode("utf-16"), "__MACOSX/._t.csv": b"x"}))
    assert (got.form.container, got.form.part, got.values) == ("zip", "deep/t.csv", [("1", "ä"), ("2", "b")])


def test_zip_of_several_files_is_refused_by_their_names(read: Read) -> None:
    """Which of several files is meant nobody can know."""
    with pytest.raises(InputError, match=r"not one file in the zip `t\.csv`: `a.csv`, `b.csv`"):
        read(zipped(**{"a.csv": CSV, "b.csv": CSV}))


def test_what_comes_out_is_bounded(read: Read, scratch_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file does not fill the disk."""
    monkeypatch.setenv("TABLES_UNPACKED_LIMIT", "1000")
    for content in (gzip.compress(b"id\n" + b"1\n" * 10_000), zipped(t=b"id\n" + b"1\n" * 10_000)):
        with pytest.raises(InputError, match=r"too much comes out of `t\.csv`: more than 1,000 bytes"):
            read(content)
    assert list(scratch_folder.iterdir()) == []


def test_damaged_container_is_refused_under_its_name(read: Read) -> None:
    """Half a gzip or zip is told as such, not by a path that the user has never seen."""
    for content in (gzip.compress(CSV)[:-9], zipped(t=CSV)[:-30], b"\x1f\x8bxx", b"PK\x03\x04" + b"x" * 50):
        with pytest.raises(InputError, match=r"damaged or not whole: `t\.csv`"):
            read(content)


OTHERS = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old Excel workbook"),
    (b"PAR1" + b"\0" * 50 + b"PAR1", "a parquet file"),
    (b"%PDF-1.7\n1,2\n", "a PDF"),
    (b"SQLite format 3\0" + b"\0" * 84, "a SQLite database"),
    (b"<!DOCTYPE html>\n<html><body>Login, please</body></html>", "a web page"),
    (b"\xef\xbb\xbf\n <html>\n", "a web page"),
    (b'<?xml version="1.0"?>\n<a/>', "XML"),
    (b'{"id": 1}\n{"id": 2}\n', "JSON"),
    (b"BZh91AY&SY", "packed by bzip2"),
    (b"\x28\xb5\x2f\xfd\x04", "packed by zstd"),
    (gzip.compress(gzip.compress(CSV)), "packed by gzip once more"),
    (
        zipped(**{"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}),
        "an OpenDoc",
    ),
    (zipped(**{"word/document.xml": b"<a/>", "x": b""}), "a Word document"),
    (zipped(t=b"PAR1xxxx"), "a parquet file"),
]


@pytest.mark.parametrize(("content", "kind"), OTHERS, ids=[kind for _, kind in OTHERS])
def test_what_is_no_text_is_refused_by_its_kind(read: Read, content: bytes, kind: str) -> None:
    """The error names the user's file and what it is."""
    with pytest.raises(InputError, match=rf"no table of text: `t\.csv.*` is {kind}"):
        read(content)


def test_workbook_is_read_as_its_cells_are(read: Read) -> None:
    """Dates and numbers of a sheet arrive as what they are, a column of moments with its time of day."""
    rows: list[list[Any]] = [
        ["id", "name", "amount", "day", "at", "ok", "clock"],
        [1, "ä, b", 10.5, date(2024, 1, 31), datetime(2024, 1, 31, 10, 30), True, time(7, 5)],
        [12345678901234, None, 0.1, date(2024, 2, 1), datetime(2024, 2, 1), False, None],
    ]
    got = read(workbook(Data=rows), name="book.xlsx")
    assert got.form.container == "xlsx"
    assert got.form.part == "Data"
    assert got.values == [
        ("1", "ä, b", "10.5", "2024-01-31", "2024-01-31 10:30:00", "true", "07:05:00"),
        ("12345678901234", None, "0.1", "2024-02-01", "2024-02-01 00:00:00", "false", None),
    ]


def test_duration_of_a_sheet_is_told_in_hours(read: Read) -> None:
    """A duration is written as the sheet shows it, beyond a day and below nought too."""
    values = [timedelta(hours=30, minutes=5), timedelta(minutes=-30), timedelta(seconds=5.5)]
    got = read(workbook(One=[["id", "d"], *([at, value] for at, value in enumerate(values))]))
    assert [text for _, text in got.values] == ["30:05:00", "-0:30:00", "0:00:05.5"]


def test_one_of_several_sheets_has_to_be_named(read: Read) -> None:
    """The error names the sheets, and the one that is declared is read."""
    content = workbook(One=[["a"], [1]], Two=[["b"], [2]])
    with pytest.raises(InputError, match=r"several sheets in `t\.csv`: `One`, `Two`"):
        read(content)
    with pytest.raises(InputError, match=r"no such sheet in `t\.csv`: `Three`"):
        read(content, sheet="Three")
    assert read(content, sheet="Two").form.header == ("b",)


def test_formula_without_a_value_is_refused(read: Read) -> None:
    """A cell that no program has worked out is not read as empty."""
    with pytest.raises(InputError, match=r"formula without a value in `t\.csv`, row 2"):
        read(workbook(One=[["a", "b"], [1, "=A2+1"]]))


def test_title_rows_of_a_sheet_are_skipped_where_declared(read: Read) -> None:
    """Rows above the header count as lines."""
    got = read(workbook(One=[["Report"], [], ["id", "name"], [1, "a"]]), skip=2)
    assert (got.form.header, got.values) == (("id", "name"), [("1", "a")])
