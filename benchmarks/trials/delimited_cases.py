"""Files for the trial of readers, with what stands in them. Rivals import it: standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Rows = list[list[str]]
LARGE_ROWS = 300_000
LARGE = "large.csv"


@dataclass(frozen=True)
class Case:
    """A file and what a person reads in it.

    Attributes:
        content: Its bytes.
        rows: The fields of each row below the header, as texts; None where nobody can say: a reader must refuse.
        bad: How many more rows there are that do not fit: a reader must say so.
    """

    name: str
    content: bytes
    rows: Rows | None
    bad: int = 0


def text(content: str, encoding: str = "utf-8") -> bytes:
    """Return a text's bytes."""
    return content.encode(encoding)


PLAIN = [["1", "a"], ["2", "b"]]
LATE = [[str(number), "7"] for number in range(30_000)]
CASES = (
    Case("comma", text("id,name\n1,a\n2,b\n"), PLAIN),
    Case("semicolon", text("id;name\n1;a\n2;b\n"), PLAIN),
    Case("tab", text("id\tname\n1\ta\n2\tb\n"), PLAIN),
    Case("bar", text("id|name\n1|a\n2|b\n"), PLAIN),
    Case("one column", text("name\na b\nc d\n"), [["a b"], ["c d"]]),
    Case("line ends of Windows", text("id,name\r\n1,a\r\n2,b\r\n"), PLAIN),
    Case("last line without an end", text("id,name\n1,a\n2,b"), PLAIN),
    Case("quoted delimiter and quote", text('id,name\n1,"a, ""b"""\n2,"c"\n'), [["1", 'a, "b"'], ["2", "c"]]),
    Case("line end in a quoted field", text('id,name\n1,"a\nb"\n2,c\n'), [["1", "a\nb"], ["2", "c"]]),
    Case("blanks kept", text("id,name\n1, a \n2,b\n"), [["1", " a "], ["2", "b"]]),
    Case("byte order mark", text("id,name\n1,a\n2,b\n", "utf-8-sig"), PLAIN),
    Case("UTF-16", text("id,name\n1,ä\n2,b\n", "utf-16"), [["1", "ä"], ["2", "b"]]),
    Case("Windows-1252", text("id,name\n1,Müller\n2,10 €\n", "cp1252"), [["1", "Müller"], ["2", "10 €"]]),
    Case("commas in a semicolon file", text("a;b\n1,5;2,5\n3,25;4,75\n"), [["1,5", "2,5"], ["3,25", "4,75"]]),
    Case("commas in texts", text("id;note\n1;x, y, z\n2;u, v, w\n"), [["1", "x, y, z"], ["2", "u, v, w"]]),
    Case("codes with leading noughts", text("id,zip\n1,01067\n2,00501\n"), [["1", "01067"], ["2", "00501"]]),
    Case("codes like floats", text("id,code\n1,12E4\n2,7E10\n"), [["1", "12E4"], ["2", "7E10"]]),
    Case(
        "ids of 20 digits",
        text("id,n\n12345678901234567891,1\n12345678901234567892,2\n"),
        [["12345678901234567891", "1"], ["12345678901234567892", "2"]],
    ),
    Case(
        "ids above 2 ** 53 with a gap", text("id,n\n9007199254740993,1\n,2\n"), [["9007199254740993", "1"], ["", "2"]]
    ),
    Case(
        "amounts of 20 digits",
        text("id,amount\n1,12345678901234567.89\n2,0.10\n"),
        [["1", "12345678901234567.89"], ["2", "0.10"]],
    ),
    Case(
        "day or month first", text("id,day\n1,03/04/2024\n2,05/06/2024\n"), [["1", "03/04/2024"], ["2", "05/06/2024"]]
    ),
    Case("words for nothing", text("id,country\n1,NA\n2,null\n3,DE\n"), [["1", "NA"], ["2", "null"], ["3", "DE"]]),
    Case("truth in letters", text("id,flag\n1,t\n2,f\n"), [["1", "t"], ["2", "f"]]),
    Case("times of day", text("id,at\n1,7:5\n2,23:59\n"), [["1", "7:5"], ["2", "23:59"]]),
    Case(
        "a word after 30,000 numbers",
        text("id,n\n" + "".join(f"{a},{b}\n" for a, b in LATE) + "30000,unknown\n"),
        [*LATE, ["30000", "unknown"]],
    ),
    Case("a field too many", text("id,name\n1,a\n2,b,c\n3,d\n"), [["1", "a"], ["3", "d"]], bad=1),
    Case("a field too few", text("id,name,city\n1,a,x\n2,b\n3,d,y\n"), [["1", "a", "x"], ["3", "d", "y"]], bad=1),
    Case("a quote not closed", text('id,name\n1,"a\n2,b\n3,c\n'), None),
    Case("a column twice", text("id,name,name\n1,a,b\n"), None),
    Case("empty", b"", None),
    Case("a web page", text("<!doctype html>\n<html><body>\nLogin, please\n</body></html>\n"), None),
    Case("a spreadsheet", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00" + bytes(range(256)) * 4, None),
)


def write(folder: Path) -> None:
    """Write the files, and a large one for the time it takes."""
    for number, case in enumerate(CASES):
        (folder / f"{number:02}.csv").write_bytes(case.content)
    with (folder / LARGE).open("w", encoding="utf-8") as file:
        file.write("id,code,name,amount,day,note\n")
        for i in range(LARGE_ROWS):
            file.write(f'{i},0{i % 9000:04},name {i % 500},{i % 1000}.{i % 100:02},2024-01-{1 + i % 28:02},"a, {i}"\n')
