"""CSV files as they really come: each defect is a clear error or a quarantined row, and its correction ends well."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
from conftest import HEADER, Fingerprints, Project, customer, on_duckdb_alone

from ingress.readers.files.reader import Files
from ingress.replaying import replay_rows
from ingress.source import Resource, Source
from shared.config import get_settings
from shared.data_quality import row_model

GOOD = [customer(number) for number in range(1, 4)]


UNREADABLE = {
    "\n".join(
        [HEADER.replace(",postcode", ""), "C-00001,,,,,,,,"]
    ): "missing column in `landing/crm/a.csv`: `postcode`",
    "": "empty file: `landing/crm/a.csv`",
    "\ufeff": "empty file: `landing/crm/a.csv`",
    "\n".join([HEADER + ",state", *(f"{line},nt" for line in GOOD)]): "column twice in `landing/crm/a.csv`: `state`",
    "\n".join([HEADER, *GOOD, 'C-00004,"ada']): "a quote is not closed: `landing/crm/a.csv`, line 5",
}


@on_duckdb_alone
def test_unreadable_file_is_named_and_its_correction_loads(
    project: Project, clean_run: Callable[..., Fingerprints]
) -> None:
    """A file that cannot be read as it should be is an error that names it; nothing is loaded till then."""
    project.customers("b.csv", customer(9))
    for content, message in UNREADABLE.items():
        project.crm("a.csv", content)
        code, said = project.ingress("run", "--source", "crm")
        assert code == 2, message
        assert f"error: {message}" in said
        assert "hint:" in said
        assert project.fetch("select 1 from information_schema.tables where table_schema = 'raw'") == []
    project.customers("a.csv", *GOOD)
    project.load("crm")
    assert project.fetch("select customer_id from raw.crm_customers order by 1") == [
        (f"C-0000{number}",) for number in (1, 2, 3, 9)
    ]
    assert project.state() == clean_run("crm")


def zipped(content: bytes) -> bytes:
    """Return a zip file of one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", content)
    return file.getvalue()


def workbook(text: str) -> bytes:
    """Return a workbook whose one sheet has the fields of a CSV text."""
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(text)):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


WRITTEN = "\n".join([HEADER, *GOOD, customer(4, given_name="rené", suburb='"a, ""b"""'), customer(5, postcode="x"), ""])


@on_duckdb_alone
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(WRITTEN.encode("latin-1"), id="latin-1"),
        pytest.param(WRITTEN.encode("utf-16"), id="utf-16"),
        pytest.param(WRITTEN.replace(",", ";").encode(), id="semicolons"),
        pytest.param(WRITTEN.replace("\n", "\r").encode(), id="carriage returns"),
        pytest.param(gzip.compress(WRITTEN.encode()), id="gzip"),
        pytest.param(zipped(WRITTEN.encode()), id="zip"),
        pytest.param(workbook(WRITTEN), id="xlsx"),
    ],
)
def test_files_are_read_however_they_are_written(project: Project, content: bytes) -> None:
    """Encoding, delimiter, line ends and container are found by looking at the file; a bad row has its line."""
    project.crm("a.csv", content)
    project.load("crm")
    found = project.fetch("select customer_id, given_name, suburb from raw.crm_customers order by 1")
    suburb = 'a, "b"' if b"given_name;" not in content else 'a; "b"'
    assert found == [*((f"C-0000{number}", "ada", None) for number in (1, 2, 3)), ("C-00004", "rené", suburb)]
    assert [position for _, position, _ in project.bad_rows()] == [6]


def test_row_with_a_nul_character_is_bad(project: Project) -> None:
    """A NUL character, which PostgreSQL cannot hold, makes a bad row; the others are loaded."""
    project.customers("a.csv", *GOOD, customer(4, given_name="a\0b"))
    project.load("crm")
    assert project.bad_rows() == [("landing/crm/a.csv", 5, "`given_name`: text with a NUL character")]


def test_bad_rows_go_to_quarantine_and_leave_it_when_corrected(
    project: Project, clean_run: Callable[..., Fingerprints]
) -> None:
    """With every tenth row bad, the others are loaded; after the correction raw is that of a clean run."""
    lines = [customer(number, postcode="20x0" if number % 10 == 0 else "2000") for number in range(1, 1_001)]
    project.customers("a.csv", *lines)
    assert "900 rows loaded; 100 bad rows in quarantine" in project.load("crm")
    assert project.bad_rows()[0] == (
        "landing/crm/a.csv",
        11,
        "`postcode`: string should match pattern '^[0-9]{4}$'",
    )
    project.customers("a.csv", *[line.replace("20x0", "2000") for line in lines])
    assert "100 quarantined rows resolved" in project.load("crm")
    assert project.fetch("select count(*) from raw.crm_customers") == [(1_000,)]
    assert project.state() == clean_run("crm")


def test_same_bad_file_again_doubles_nothing(project: Project) -> None:
    """Loading a file with bad rows again, by force, keeps one entry for each of them."""
    project.customers("a.csv", *GOOD, customer(4, postcode="x"))
    project.load("crm")
    before = project.state()
    assert project.ingress("run", "--source", "crm", "--full")[0] == 0
    assert project.state() == before
    assert project.fetch("select count(*), count(distinct run_id) from ops.quarantine") == [(1, 1)]


def test_line_cut_short_or_too_long_is_quarantined(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """A line with fewer or more fields than the header is a bad row; the file without it loads, and so does its fix."""
    lines = [customer(1), customer(2) + ",more", "C-00003,ada,love", *(customer(number) for number in range(4, 9))]
    project.customers("a.csv", *lines)
    project.load("crm")
    reason = "not as many fields as the header has: 10"
    assert project.bad_rows() == [("landing/crm/a.csv", 3, reason), ("landing/crm/a.csv", 4, reason)]
    payloads = [json.loads(payload) for (payload,) in project.fetch("select payload from ops.quarantine order by 1")]
    assert [(row["customer_id"], row.get("_beyond_the_header")) for row in payloads] == [
        ("C-00002", ["more"]),
        ("C-00003", None),
    ]
    project.customers("a.csv", *(customer(number) for number in range(1, 9)))
    project.load("crm")
    assert project.bad_rows() == []
    assert project.state() == clean_run("crm")


def test_header_alone_is_an_empty_delivery(project: Project) -> None:
    """A file with a header and no row makes the table and no row in it."""
    project.customers("a.csv")
    assert "crm.customers: 0 rows loaded" in project.load("crm")
    assert project.fetch("select count(*) from raw.crm_customers") == [(0,)]


@on_duckdb_alone
def test_byte_order_mark_and_windows_line_ends_are_taken(project: Project) -> None:
    """A file as spreadsheet programs save it is read like any other."""
    project.crm("a.csv", "\ufeff" + "\r\n".join([HEADER, customer(1), customer(2), ""]))
    project.load("crm")
    assert project.fetch("select customer_id, date_of_birth from raw.crm_customers order by 1") == [
        ("C-00001", "19151210"),
        ("C-00002", "19151210"),
    ]


def test_quoted_commas_quotes_and_line_ends_are_kept(project: Project) -> None:
    """A quoted field may hold commas, doubled quotes and line ends; a bad row after it has the line it stands on."""
    project.customers("a.csv", customer(1, suburb='"St. ""Kilda"",\nVic"'), customer(2, postcode="x"))
    project.load("crm")
    assert project.fetch("select suburb, surname from raw.crm_customers") == [('St. "Kilda",\nVic', None)]
    assert [position for _, position, _ in project.bad_rows()] == [4]


def test_extra_column_is_added_and_reported(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """The CRM's contract is `evolve`: a new column is reported and loaded as text; files without it leave it null."""
    project.customers("a.csv", customer(1))
    project.load("crm")
    project.customers("b.csv", customer(2) + ",gold", header=HEADER + ",Tier")
    said = project.load("crm")
    assert "column `Tier` is not in the row model" in said
    assert project.fetch("select customer_id, tier from raw.crm_customers order by 1") == [
        ("C-00001", None),
        ("C-00002", "gold"),
    ]
    project.customers("c.csv", customer(3))
    project.load("crm")
    assert project.fetch("select count(tier), count(*) from raw.crm_customers") == [(1, 3)]
    assert project.state() == clean_run("crm")


def test_later_file_wins_a_key(project: Project, clean_run: Callable[..., Fingerprints]) -> None:
    """A key in several files has the row of the last by name, whichever of them changed last."""
    project.customers("2026-01.csv", customer(1, given_name="old"), customer(2))
    project.customers("2026-02.csv", customer(1, given_name="new"))
    assert "2 rows loaded; 1 rows superseded" in project.load("crm")
    project.customers("2026-01.csv", customer(1, given_name="older"), customer(2), customer(3))
    project.load("crm")
    assert project.fetch("select given_name from raw.crm_customers where customer_id = 'C-00001'") == [("new",)]
    assert project.state() == clean_run("crm")


def test_copies_are_dropped_and_conflicts_quarantined(project: Project) -> None:
    """Of equal rows one is loaded; rows of one file with one key and different content are all quarantined."""
    project.customers(
        "a.csv", customer(1), customer(1), customer(2, given_name="x"), customer(2, given_name="y"), customer(3)
    )
    assert "2 rows loaded; 2 rows in quarantine whose key occurs more than once; 1 copies dropped" in project.load(
        "crm"
    )
    assert project.fetch("select customer_id from raw.crm_customers order by 1") == [("C-00001",), ("C-00003",)]
    assert project.bad_rows() == [
        ("landing/crm/a.csv", 4, "the key occurs more than once with different content"),
        ("landing/crm/a.csv", 5, "the key occurs more than once with different content"),
    ]


def test_correction_in_a_later_file_resolves_the_bad_row(
    project: Project, clean_run: Callable[..., Fingerprints]
) -> None:
    """A good row with the bad row's key in a later file resolves it, also when both are loaded at once."""
    project.customers("a.csv", customer(1), customer(2, postcode="x"), customer(3, postcode="x"))
    project.load("crm")
    project.customers("b.csv", customer(2))
    project.load("crm")
    assert [position for _, position, _ in project.bad_rows()] == [4]
    assert project.state() == clean_run("crm")
    assert project.ingress("run", "--source", "crm", "--full")[0] == 0
    assert [position for _, position, _ in project.bad_rows()] == [4]


@on_duckdb_alone
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("../../../secret.csv", "a link that leads out of"),
        ("/proc/self/environ", "a link that leads out of"),
        ("linked.csv", "a link that leads to itself"),
    ],
)
def test_link_out_of_landing_is_refused_by_name(project: Project, target: str, message: str) -> None:
    """A link among delivered files that leads out of the landing folder is not followed, and nothing is loaded."""
    project.customers("a.csv", *GOOD)
    (project.landing.parents[1] / "secret.csv").write_text("\n".join([HEADER, customer(9)]))
    (project.landing / "crm" / "linked.csv").symlink_to(target)
    code, said = project.ingress("run", "--source", "crm")
    assert code == 2
    assert f"error: {message}" in said
    assert "`crm/linked.csv`" in said
    assert project.fetch("select 1 from information_schema.tables where table_schema = 'raw'") == []


@on_duckdb_alone
def test_linked_folder_and_pipe_are_refused(project: Project) -> None:
    """A folder of landing that leads out is refused like a file, and a pipe is not waited for."""
    project.customers("a.csv", *GOOD)
    crm, outside = project.landing / "crm", project.landing.parents[1] / "outside"
    crm.rename(outside)
    crm.symlink_to(outside)
    code, said = project.ingress("run", "--source", "crm")
    assert (code, "`crm/a.csv`" in said) == (2, True)
    crm.unlink()
    crm.mkdir()
    os.mkfifo(crm / "a.csv")
    code, said = project.ingress("run", "--source", "crm")
    assert (code, "error: not a file: `crm/a.csv`" in said) == (2, True)


@on_duckdb_alone
def test_columns_called_as_a_ruling_is_made(project: Project) -> None:
    """Copies and conflicts are told apart whatever a source calls its columns, and these are loaded as they are."""
    rows = [(1, "a"), (1, "a"), (2, "b"), (2, "c"), (3, "d")]
    lines = [f"{customer(number)},{content},x,y,z" for number, content in rows]
    project.customers("a.csv", *lines, header=HEADER + ",content,copy,variants,ruling")
    project.load("crm")
    loaded = project.fetch("select customer_id, content, copy, variants, ruling from raw.crm_customers order by 1")
    assert loaded == [("C-00001", "a", "x", "y", "z"), ("C-00003", "d", "x", "y", "z")]
    assert len(project.bad_rows()) == 2


def test_header_amid_the_rows_stays_in_quarantine(project: Project) -> None:
    """Exports that were put one behind the other are loaded without their headers, which no replay takes for rows."""
    folder = project.landing / "drop"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("code,name\n1,a\ncode,name\n2,b\ncode,c\n")
    model = row_model("Row", "A row.", {"code": str, "name": str})
    test = Source("test", (Resource("rows", "rows", model, ("code",), Files("drop")),))
    project.load_source(test)
    assert project.fetch("select code from raw.rows order by 1") == [("1",), ("2",), ("code",)]
    assert project.bad_rows() == [("landing/drop/a.csv", 3, "the header again, amid the rows")]
    ((held,),) = project.fetch("select quarantine_id from ops.quarantine")
    assert replay_rows(get_settings(), {"test": test}, [held], row=None, force=False) == 1
    assert project.fetch("select count(*) from raw.rows") == [(3,)]
