"""Files as people deliver them: what a new lab makes of them, what it says, and what a later file may bring."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Labs, gold
from labs import load as loading

from shared.config import get_settings
from shared.config.labs import Lab, find_lab
from shared.utils.yaml_file import read_yaml
from shared.warehouse.lab_database import open_lab

NASTY = (
    'No;On;null;yes;rowid;RowNum;Größe;Datum;Betrag;Aktiv;Stand;"Umsatz\nQ1"\n'
    "1;2;3;4;5;6;1,5;31.12.2024;1.234,50 €;ja;2024-01-31T10:00:00Z;10\n"
    "2;3;4;5;6;7;2,25;01.02.2024;-3,00 €;nein;2024-02-01T10:00:00Z;20\n"
)


@pytest.fixture(autouse=True)
def at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as whole at once."""
    monkeypatch.setattr(loading, "SETTLE_SECONDS", 0.0)


def make(labs: Labs, path: Path, content: bytes | str, *options: str) -> Lab:
    """Make a lab of one file and load it."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert labs("new", "lab9_files", "--from", str(path), *options) == 0
    assert labs("lab9_files", "load") == 0
    return find_lab("lab9_files")


def fetched(lab: Lab, sql: str) -> list[tuple[Any, ...]]:
    """Return a query's rows from the lab's database."""
    with open_lab(lab, get_settings(), holder="test") as database:
        return database.fetch(sql)


def types(lab: Lab, table: str) -> dict[str, str]:
    """Return DuckDB's type of each column of a raw table."""
    return {row[0]: row[1] for row in fetched(lab, f"describe raw.{table}")}


FILES: list[tuple[str, bytes | str, tuple[str, ...], dict[str, str]]] = [
    ("ids", "post,n\n1234567890123456789,1\n1998877665544332211,2\n", (), {"post": "BIGINT", "n": "BIGINT"}),
    ("ids20", "order,n\n12345678901234567890,1.50\n1,2\n", (), {"order": "VARCHAR", "n": "DECIMAL(18,2)"}),
    (
        "codes",
        "id,code,zip\n1,10E3,01067\n2,7E10,00501\n",
        (),
        {"id": "BIGINT", "code": "VARCHAR", "zip": "VARCHAR"},
    ),
    ("tie", "Kunde;Ort, Land\nMeier;Bern, CH\nHuber;Wien, AT\n", (), {"Kunde": "VARCHAR", "Ort, Land": "VARCHAR"}),
    ("mixed", "id,name\r\n1,a\n2,b\r\n", (), {"id": "BIGINT", "name": "VARCHAR"}),
    ("dos", "id,name\n1,Müller\n2,René\n".encode("cp437"), (), {"id": "BIGINT", "name": "VARCHAR"}),
    ("wide_signs", "id,name\n1,ä\n2,b\n".encode("utf-16-le"), (), {"id": "BIGINT", "name": "VARCHAR"}),
    ("french", "n;x\ncrème;1\n".encode("cp1252"), ("--encoding", "cp1252"), {"n": "VARCHAR", "x": "BIGINT"}),
    ("title", "Report\n\nid,n\n1,2\n2,3\n", ("--skip", "2"), {"id": "BIGINT", "n": "BIGINT"}),
    ("forced", "a;b,c\n1;2,3\n4;5,6\n", ("--delimiter", ";"), {"a": "BIGINT", "b,c": "DECIMAL(18,1)"}),
    ("packed", gzip.compress(b"id,n\n1,2\n2,3\n"), (), {"id": "BIGINT", "n": "BIGINT"}),
]


@pytest.mark.parametrize(("name", "content", "options", "expected"), FILES, ids=[name for name, *_ in FILES])
def test_file_is_read_as_it_is(
    labs: Labs, tmp_path: Path, name: str, content: bytes | str, options: tuple[str, ...], expected: dict[str, str]
) -> None:
    """A lab of a file of any kind loads all of its rows, and no column has a type that loses something."""
    lab = make(labs, tmp_path / f"{name}.csv", content, *options)
    assert types(lab, name) == expected
    assert fetched(lab, f"select count(*) >= 1 from raw.{name}") == [(True,)]
    assert fetched(lab, "select count(*) from ops.quarantine") == [(0,)]


@pytest.mark.slow
def test_lab_of_nasty_names_and_other_countries_values_runs(
    labs: Labs, labs_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Names that YAML or DuckDB take for their own, and values in a convention, go through dbt to the end."""
    lab = make(labs, tmp_path / "nasty.csv", NASTY)
    said = capfd.readouterr().err
    assert "nasty.csv: utf-8, 12 columns parted by `;`" in said
    assert "date (format `%d.%m.%Y`), such as `31.12.2024`" in said
    assert "decimal(18, 2) (decimal `,`, thousands `.`, unit `€`), such as `1.234,50 €`" in said
    assert labs("lab9_files") == 0
    assert gold(lab) == [("slv_nasty", 2)]
    names = [row[0] for row in fetched(lab, "describe silver.slv_nasty")]
    assert names[4:8] == ["rowid_", "row_num", "groesse", "datum"]
    (source,) = read_yaml(lab.folder / "models/bronze/_sources.yml")["sources"]
    declared = {one["name"]: one.get("config", {}).get("meta") for one in source["tables"][0]["columns"]}
    assert declared["Betrag"] == {"decimal": ",", "thousands": ".", "unit": "€"}
    assert declared["No"] is None
    assert fetched(lab, "select sum(betrag), min(aktiv) from silver.slv_nasty")[0][1] is False


@pytest.mark.slow
def test_lab_of_a_header_alone_runs(labs: Labs, labs_dir: Path, tmp_path: Path) -> None:
    """A file without rows gives a lab that runs, and tables without rows."""
    lab = make(labs, tmp_path / "empty.csv", "id,name\n")
    assert labs("lab9_files") == 0
    assert gold(lab) == [("slv_empty", 0)]


def test_what_is_not_certain_stays_text_with_the_reason(
    labs: Labs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Numbers and dates that can mean two things stay text, and what to declare is said."""
    lab = make(labs, tmp_path / "unsure.csv", "pieces;day\n1.234;03/04/2024\n2.500;05/06/2024\n")
    assert set(types(lab, "unsure").values()) == {"VARCHAR"}
    said = capfd.readouterr().err
    assert "declare a type of numbers as it is or with `decimal: ',', thousands: '.'`" in said
    assert "declare `date` with `format: '%d/%m/%Y'` or `format: '%m/%d/%Y'`" in said


def test_declared_convention_is_read_and_a_change_of_it_loads_again(labs: Labs, tmp_path: Path) -> None:
    """What stands under `meta` says how values are written; changed, the same file is read anew."""
    lab = make(labs, tmp_path / "unsure.csv", "day;n\n03/04/2024;1\n")
    sources = lab.folder / "models/bronze/_sources.yml"
    text = sources.read_text().replace("data_type: varchar", "data_type: date\n            config: {meta: {format: F}}")
    for pattern, month in (("%d/%m/%Y", 4), ("%m/%d/%Y", 3)):
        sources.write_text(text.replace("format: F", f"format: '{pattern}'"))
        assert labs("lab9_files", "load") == 0
        assert fetched(lab, "select month(day) from raw.unsure") == [(month,)]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("data_type: varchar", "data_type: date\n            format: '%d'", "not where dbt takes it, `unsure.day`"),
        ("data_type: varchar", "data_type: date\n            config: {meta: {format: x}}", "not a way to write values"),
        ('- name: "unsure"', "- name: unsure\n        config: {meta: {encoding: nosuch}}", "no encoding of text"),
    ],
)
def test_declaration_that_cannot_be_is_told(
    labs: Labs, tmp_path: Path, capfd: pytest.CaptureFixture[str], before: str, after: str, message: str
) -> None:
    """A mistake in what is declared is the user's, with its place."""
    lab = make(labs, tmp_path / "unsure.csv", "day;n\n03/04/2024;1\n")
    sources = lab.folder / "models/bronze/_sources.yml"
    sources.write_text(sources.read_text().replace(before, after))
    assert labs("lab9_files", "load") == 2
    assert message in capfd.readouterr().err


LATER = """id,shop,active,weight,seen,day
4,0012,true,1.5,2026-01-04 10:00:00,2026-01-04
5,12,t,1.5,2026-01-04 10:00:00,2026-01-04
6,12,true,12345678901234567890,2026-01-04 10:00:00,2026-01-04
7,12,true,1.5,2026-01-04 10:00:00+05:00,2026-01-04
8,12,true,1.5,2026-01-04 10:00:00.123456789,2026-01-04
9,12,true,1.5,2026-01-04 10:00:00,2026-1-4
10,13,false,1.5,2026-01-04 10:00:00,2026-01-04
11,13,false,1.5,2026-01-05 10:00:00,2026-01-04
12,13,false,1.5,2026-01-06 10:00:00,2026-01-04
13,13,false,1.5,2026-01-07 10:00:00,2026-01-04
14,13,false,1.5,2026-01-08 10:00:00,2026-01-04
15,13,false,1.5,2026-01-09 10:00:00,2026-01-04
"""


def test_later_file_is_held_to_the_first_ones_types(labs: Labs, tmp_path: Path) -> None:
    """What would lose a nought, digits, an offset or nanoseconds goes to the quarantine, one reason a kind."""
    first = "id,shop,active,weight,seen,day\n1,12,true,1.0e0,2026-01-01 10:00:00,2026-01-01\n"
    lab = make(labs, tmp_path / "later.csv", first + "2,13,false,2.5e-1,2026-01-02 10:00:00,2026-01-02\n")
    path = lab.raw_dir / "later.csv"
    path.write_text(LATER)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert labs("lab9_files", "load") == 0
    assert [row[0] for row in fetched(lab, "select id from raw.later order by 1")] == [10, 11, 12, 13, 14, 15]
    assert fetched(lab, 'select "position", reason from ops.quarantine order by 1') == [
        (2, "`shop`: not of type bigint"),
        (3, "`active`: not of type boolean"),
        (4, "`weight`: not of type double"),
        (5, "`seen`: not of type timestamp"),
        (6, "`seen`: not of type timestamp"),
        (7, "`day`: not of type date"),
    ]


def test_check_says_what_each_file_is_and_how_many_rows_fit(
    labs: Labs, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Encoding, delimiter and the rows that fit and do not are told without loading anything."""
    lab = make(labs, tmp_path / "t.csv", "id;n\n1;2\n2;3\n")
    (lab.raw_dir / "t.csv").write_text("id;n\n1;2\nx;3\n4;5\n6\n")
    capfd.readouterr()
    assert labs("lab9_files", "check") == 0
    assert "t.csv: utf-8, 2 columns parted by `;`; 2 rows fit, 2 do not" in capfd.readouterr().err


def test_workbook_stays_one_in_the_lab(labs: Labs, tmp_path: Path) -> None:
    """A workbook is kept as it came, its sheet declared, and loaded from there."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Data")
    for row in (["id", "day"], [1, "2024-01-31"], [2, "2024-02-01"]):
        sheet.append(row)
    book.save(tmp_path / "Book One.xlsx")
    assert labs("new", "lab9_files", "--from", str(tmp_path / "Book One.xlsx"), "--sheet", "Data") == 0
    assert labs("lab9_files", "load") == 0
    lab = find_lab("lab9_files")
    assert (lab.raw_dir / "book_one.xlsx").is_file()
    assert types(lab, "book_one") == {"id": "BIGINT", "day": "DATE"}
