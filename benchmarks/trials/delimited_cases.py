"""Files for the trial of readers, with what stands in them. Rivals import it: standard library alone."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from delimited_workbook import workbook

Rows = list[list[str]]
LARGE_ROWS = 300_000
LARGE = "large.csv"


@dataclass(frozen=True)
class Case:
    """A way in which a file arrives, and what a person reads in it.

    Attributes:
        content: Its bytes.
        rows: The fields of each row below the header, as texts; None where nobody can say: a reader must refuse.
        header: The names of its columns.
        bad: How many more rows there are that do not fit: a reader must say so.
        means: What a text also is, as a number or a date as they are written here.
        stays_text: Columns that are no number and no date, however they look.
        ending: How its name ends.
    """

    name: str
    content: bytes
    rows: Rows | None
    header: tuple[str, ...] = ("id", "name")
    bad: int = 0
    means: Mapping[str, str] = field(default_factory=dict)
    stays_text: tuple[int, ...] = ()
    ending: str = ".csv"


def text(content: str, encoding: str = "utf-8") -> bytes:
    """Return a text's bytes."""
    return content.encode(encoding)


def zipped(name: str, content: bytes) -> bytes:
    """Return a zip with one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


PLAIN = [["1", "Ada"], ["2", "Bo"]]
UMLAUTS = [["1", "Jörg"], ["2", "Zoë"]]
UMLAUT_TEXT = "id,name\n1,Jörg\n2,Zoë\n"
CZECH = ["Dvořák, Žižkov", "Šimůnek, Plzeň", "Růžička, Děčín", "Kovář, Třebíč", "Něměc, Příbram"]
LATE = [[str(number), "7"] for number in range(30_000)]

ENCODINGS = (
    Case("UTF-8 with a byte order mark", text(UMLAUT_TEXT, "utf-8-sig"), UMLAUTS),
    Case("UTF-16 with a mark", text(UMLAUT_TEXT, "utf-16"), UMLAUTS),
    Case("UTF-16 without a mark", text(UMLAUT_TEXT, "utf-16-le"), UMLAUTS),
    Case("Windows-1252", text("id,name\n1,Jörg Weiß\n2,5 €\n", "cp1252"), [["1", "Jörg Weiß"], ["2", "5 €"]]),
    Case(
        "Windows-1252 with one such letter in all",
        text("id;name\n1;Müller\n2;Meier\n", "cp1252"),
        [["1", "Müller"], ["2", "Meier"]],
    ),
    Case(
        "Windows-1250, Czech names",
        text("id;name\n" + "".join(f"{at};{name}\n" for at, name in enumerate(CZECH)), "cp1250"),
        [[str(at), name] for at, name in enumerate(CZECH)],
    ),
    Case(
        "UTF-8 with one bad byte in 200 rows",
        text("id,name\n" + "".join(f"{at},Jörg {at}\n" for at in range(199))) + b"199,Zo\xeb\n",
        [[str(at), f"Jörg {at}"] for at in range(199)],
        bad=1,
    ),
)

DIALECTS = (
    Case(
        "semicolons, decimal commas in most fields: `2,5;7,5`",
        text("a;b\n2,5;7,5\n3,25;4,75\n"),
        [["2,5", "7,5"], ["3,25", "4,75"]],
        ("a", "b"),
        means={"2,5": "2.5", "7,5": "7.5", "3,25": "3.25", "4,75": "4.75"},
    ),
    Case(
        "a header that the other delimiter cuts, too: `Ware;Preis, brutto`",
        text("Ware;Preis, brutto\nNagel;2,50\nMutter;13,75\n"),
        [["Nagel", "2,50"], ["Mutter", "13,75"]],
        ("Ware", "Preis, brutto"),
        means={"2,50": "2.5", "13,75": "13.75"},
    ),
    Case("one column of words", text("name\nAda L\nBo B\n"), [["Ada L"], ["Bo B"]], ("name",)),
    Case("`sep=;` above the header", text("sep=;\nid;name\n1;Ada\n2;Bo\n"), PLAIN),
    Case(
        "two title lines above the header",
        text("Deliveries of May\nprinted on Monday\nid,name,town\n1,Ada,Ulm\n2,Bo,Bonn\n3,Cy,Hof\n"),
        [["1", "Ada", "Ulm"], ["2", "Bo", "Bonn"], ["3", "Cy", "Hof"]],
        ("id", "name", "town"),
    ),
    Case(
        'a line break in a header\'s quotes: `"first⏎name"`',
        text('id,"first\nname"\n1,Ada\n2,Bo\n'),
        PLAIN,
        ("id", "first\nname"),
    ),
    Case(
        'delimiter, quote and line break in quotes: `"a, ""b""⏎c"`',
        text('id,name\n1,"a, ""b""\nc"\n2,"d"\n'),
        [["1", 'a, "b"\nc'], ["2", "d"]],
    ),
    Case(
        "line ends of Windows, in quotes, too",
        text('id,name\r\n1,"Ada\r\nL"\r\n2,Bo\r\n'),
        [["1", "Ada\r\nL"], ["2", "Bo"]],
    ),
    Case("line ends of two kinds", text("id,name\n1,Ada\r\n2,Bo\n3,Cy\r\n"), [*PLAIN, ["3", "Cy"]]),
    Case("a row with a field too many", text("id,name\n1,Ada\n2,Bo,Bonn\n3,Cy\n"), [["1", "Ada"], ["3", "Cy"]], bad=1),
    Case(
        "a row with a field too few",
        text("id,name,town\n1,Ada,Ulm\n2,Bo\n3,Cy,Hof\n"),
        [["1", "Ada", "Ulm"], ["3", "Cy", "Hof"]],
        ("id", "name", "town"),
        bad=1,
    ),
    Case("a quote that is never closed", text('id,name\n1,"Ada\n2,Bo\n3,Cy\n'), None),
)

VALUES = (
    Case(
        "thousands points and decimal commas: `1.234,56`",
        text("id;amount\n1;1.234,56\n2;7,50\n3;12.345.678,00\n"),
        [["1", "1.234,56"], ["2", "7,50"], ["3", "12.345.678,00"]],
        ("id", "amount"),
        means={"1.234,56": "1234.56", "7,50": "7.5", "12.345.678,00": "12345678"},
    ),
    Case(
        "`1.234` between semicolons: pieces or a fraction",
        text("id;pieces\n1;1.234\n2;567\n3;5.678\n"),
        [["1", "1.234"], ["2", "567"], ["3", "5.678"]],
        ("id", "pieces"),
        stays_text=(1,),
    ),
    Case(
        'thousands commas in quotes: `"1,234.50"`',
        text('id,amount\n1,"1,234.50"\n2,"12,000.00"\n3,7.25\n'),
        [["1", "1,234.50"], ["2", "12,000.00"], ["3", "7.25"]],
        ("id", "amount"),
        means={"1,234.50": "1234.5", "12,000.00": "12000"},
    ),
    Case(
        "a minus behind: `12.50-`",
        text("id,amount\n1,12.50-\n2,3.00\n"),
        [["1", "12.50-"], ["2", "3.00"]],
        ("id", "amount"),
        means={"12.50-": "-12.5"},
    ),
    Case(
        "ids of 20 digits",
        text("n,id\n1,98765432109876543211\n2,98765432109876543212\n"),
        [["1", "98765432109876543211"], ["2", "98765432109876543212"]],
        ("n", "id"),
    ),
    Case(
        "ids above 2⁵³ beside a gap",
        text("n,id\n1,9007199254740993\n2,\n"),
        [["1", "9007199254740993"], ["2", ""]],
        ("n", "id"),
    ),
    Case(
        "amounts of 19 digits",
        text("id,amount\n1,12345678901234567.89\n2,0.10\n"),
        [["1", "12345678901234567.89"], ["2", "0.10"]],
        ("id", "amount"),
    ),
    Case(
        "leading noughts: `01067`", text("id,zip\n1,01067\n2,00501\n"), [["1", "01067"], ["2", "00501"]], ("id", "zip")
    ),
    Case("codes like `12E4`", text("id,code\n1,12E4\n2,7E10\n"), [["1", "12E4"], ["2", "7E10"]], ("id", "code")),
    Case(
        "`NA` and `null` as words",
        text("id,country\n1,NA\n2,null\n3,DE\n"),
        [["1", "NA"], ["2", "null"], ["3", "DE"]],
        ("id", "country"),
    ),
    Case(
        "day or month first: `03/04/2024`",
        text("id,day\n1,03/04/2024\n2,05/06/2024\n"),
        [["1", "03/04/2024"], ["2", "05/06/2024"]],
        ("id", "day"),
        stays_text=(1,),
    ),
    Case(
        "days with points: `31.12.2024`",
        text("id;day\n1;31.12.2024\n2;03.04.2024\n"),
        [["1", "31.12.2024"], ["2", "03.04.2024"]],
        ("id", "day"),
        means={"31.12.2024": "2024-12-31", "03.04.2024": "2024-04-03"},
    ),
    Case(
        "nanoseconds: `12:00:00.123456789`",
        text("id,at\n1,2024-05-06 12:00:00.123456789\n2,2024-05-06 12:00:01.5\n"),
        [["1", "2024-05-06 12:00:00.123456789"], ["2", "2024-05-06 12:00:01.5"]],
        ("id", "at"),
        means={"2024-05-06 12:00:01.5": "2024-05-06 12:00:01.500000000"},
    ),
    Case(
        "a word after 30,000 numbers",
        text("id,n\n" + "".join(f"{a},{b}\n" for a, b in LATE) + "30000,unknown\n"),
        [*LATE, ["30000", "unknown"]],
        ("id", "n"),
    ),
)

CONTAINERS = (
    Case("gzip, `.csv.gz`", gzip.compress(text(UMLAUT_TEXT)), UMLAUTS, ending=".csv.gz"),
    Case("zip of one file", zipped("people.csv", text(UMLAUT_TEXT)), UMLAUTS, ending=".zip"),
    Case(
        "a workbook, `.xlsx`",
        workbook([("id", "name", "day"), (1, "Jörg", 45292), (2, "Zoë", 45293)]),
        [["1", "Jörg", "2024-01-01"], ["2", "Zoë", "2024-01-02"]],
        ("id", "name", "day"),
        ending=".xlsx",
    ),
    Case("a web page named `.csv`", text("<!doctype html>\n<html><body>\nLogin, please\n</body></html>\n"), None),
    Case("a picture named `.csv`", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, None),
    Case("nothing at all", b"", None),
)

CASES = (*ENCODINGS, *DIALECTS, *VALUES, *CONTAINERS)


def path_of(folder: Path, case: Case) -> Path:
    """Return where a case's file is."""
    return folder / f"{CASES.index(case):02}{case.ending}"


def write(folder: Path) -> None:
    """Write the files, and a large one for the time it takes."""
    for case in CASES:
        path_of(folder, case).write_bytes(case.content)
    with (folder / LARGE).open("w", encoding="utf-8") as file:
        file.write("id,code,name,amount,day,note\n")
        for i in range(LARGE_ROWS):
            file.write(f'{i},0{i % 9000:04},name {i % 500},{i % 1000}.{i % 100:02},2024-01-{1 + i % 28:02},"a, {i}"\n')
