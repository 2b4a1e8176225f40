"""How rows are cut: delimiters, line ends, headers and what stands above them."""

from __future__ import annotations

import gzip
import json

import pytest

from shared.errors import InputError
from shared.tables import Column
from shared.testing.files import Read

ROWS = [("1", "a"), ("2", "b")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_end_are_found(read: Read, delimiter: str, end: str) -> None:
    """The usual delimiters and ways to end a line read alike."""
    got = read(end.join(["id,name", "1,a", "2,b", ""]).replace(",", delimiter))
    assert (got.form.delimiter, got.values) == (delimiter, ROWS)


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("Kunde;Ort, Land\nMeier;Bern, CH\nHuber;Wien, AT\n", ("Kunde", "Ort, Land")),
        ("name\tcity, country\nMeier\tBern, CH\nHuber\tWien, AT\n", ("name", "city, country")),
        ("Artikel;Preis, netto\nA1;12,50\nA2;7,25\n", ("Artikel", "Preis, netto")),
        ("Artikel;Preis,netto\nA1;12,50\nA2;7,25\n", ("Artikel", "Preis,netto")),
        ("a|b, c, d|e\n1|2|3\n4|5|6\n", ("a", "b, c, d", "e")),
        ("a,b;c,d\n1,2,3\n4,5,6\n", ("a", "b;c", "d")),
        ("name\nMeier, Hans\nHuber, Eva\n", ("name",)),
        ("amount\n1,50\n12,25\n", ("amount",)),
        ("name\na;b\nc,d\ne|f\n", ("name",)),
        ("id,name,\n1,a,\n2,b,\n", ("id", "name")),
        ("\n\nid,name\n1,a\n", ("id", "name")),
        ("sep=;\nid;name\n1;a, b\n", ("id", "name")),
        ("SEP=|\r\nid|name\r\n1|a\r\n", ("id", "name")),
    ],
)
def test_rows_decide_where_the_header_is_cut(read: Read, content: str, header: tuple[str, ...]) -> None:
    """A delimiter that only the header has, or that stands in texts and amounts, is none."""
    got = read(content)
    assert got.form.header == header
    assert len(got.rows) == len(content.strip().splitlines()) - (2 if "=" in content else 1)


@pytest.mark.parametrize("content", ["a;b,c\n1;2,3\n4;5,6\n", "lat;lon,name\n47.1;8.5,Bern\n48.2;16.3,Wien\n"])
def test_two_delimiters_that_fit_are_refused(read: Read, content: str) -> None:
    """Where rows fit two delimiters, the error shows what each makes of a row, and declaring one reads the file."""
    with pytest.raises(InputError, match=r"delimiter not certain: `t\.csv`: `,`: \[.*; `;`: \[") as caught:
        read(content)
    assert "--delimiter" in str(caught.value.hint)
    assert len(read(content, delimiter=";").form.header) == 2


@pytest.mark.parametrize(
    ("content", "skip"),
    [
        ("Report of November\n\nid,name,amount\n1,a,2\n2,b,3\n", 2),
        ("Report\nof November\nid;name\n1;a\n2;b\n", 2),
        ("Report, November\n\nid,name\n1,a\n2,b\n", 2),
    ],
)
def test_lines_above_the_header_are_named(read: Read, content: str, skip: int) -> None:
    """Title lines are no header: the error names them and how many to skip, and skipping them reads the rows."""
    with pytest.raises(InputError, match=r"lines above the header in `t\.csv`\? `Report") as caught:
        read(content)
    assert f"--skip {skip}" in str(caught.value.hint)
    got = read(content, skip=skip)
    assert got.form.header[:2] == ("id", "name")
    assert got.lines == [skip + 2, skip + 3]


def test_lines_above_the_header_are_shown_without_what_a_terminal_obeys(read: Read) -> None:
    """A title that would clear the screen is text in the error."""
    with pytest.raises(InputError, match=r"`Report  \[2J` do not fit") as caught:
        read("Report \x1b[2J\n\nid,name\n1,a\n2,b\n")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "values", "lines"),
    [
        ('id,name\r\n1,a\n2,b\r\n4,"x\r\ny"\n5,"x\ny"\r\n6,c\n', ["a", "b", "x\r\ny", "x\ny", "c"], [2, 3, 4, 6, 8]),
        ("id,name\r1,a\r2,b\n3,c\r\n", ["a", "b", "c"], [2, 3, 4]),
        ("id,name\n1,a\n\n2,b\n", ["a", "b"], [2, 4]),
        ('id,name\n1,"a\n\nb"\n2,"c\nd"\n3,e\n', ["a\n\nb", "c\nd", "e"], [2, 5, 7]),
    ],
)
def test_lines_are_those_of_the_file(read: Read, content: str, values: list[str], lines: list[int]) -> None:
    """Mixed line ends, blank lines and line breaks in quotes change no value, and each row knows its line."""
    got = read(content)
    assert [name for _, name in got.values] == values
    assert got.lines == lines


@pytest.mark.parametrize("value", ["\r", "\r0", "a\rb", "\r\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_breaks_within_quotes_are_values(read: Read, value: str, end: str) -> None:
    """What stands in quotes ends no line, be it the first line break that a reader finds."""
    assert read(f'id,name{end}1,"{value}"{end}2,b{end}').values == [("1", value), ("2", "b")]


def test_header_may_hold_line_breaks(read: Read) -> None:
    """A name in quotes may go over lines."""
    got = read('id,"Sales\nQ1","Sales\r\nQ2"\n1,10,20\n')
    assert got.form.header == ("id", "Sales\nQ1", "Sales\r\nQ2")
    assert got.values == [("1", "10", "20")]


def test_header_may_be_long(read: Read) -> None:
    """A header of thousands of columns is read whole."""
    names = [f"measurement_{number:06}" for number in range(5000)]
    got = read(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert got.form.header == tuple(names)
    assert len(got.rows[0]) == 5001


@pytest.mark.parametrize("content", ["id,name\n", "id,name", "id;name\r\n"])
def test_header_alone_has_no_rows(read: Read, content: str) -> None:
    """A file with a header only is a table without rows."""
    got = read(content)
    assert (got.form.header, got.rows) == (("id", "name"), [])


@pytest.mark.parametrize("name", ["rowid", "RowId", "line", "c2", "select", 'a"b', "x'; drop table y; --", "_position"])
def test_any_name_of_a_column_works(read: Read, name: str) -> None:
    """What a column is called changes nothing."""
    quoted = '"' + name.replace('"', '""') + '"'
    got = read(f"id,{quoted}\n1,7\n2,8\n3\n")
    assert got.values == [("1", "7"), ("2", "8")]
    assert [bad.position for bad in got.bad] == [4]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty file: `t.csv`"),
        ("\n\n", "empty file"),
        ("id,name,ID\n1,a,2\n", "column twice in `t.csv`: `id`"),
        ("id,,name\n1,a,2\n", "column without a name in `t.csv`"),
        ('id,name\n1,"a\n2,b\n', "a quote is not closed: `t.csv`, line 2"),
        ('id,name\r\n1,a\n2,"b\n3,c\n', "a quote is not closed: `t.csv`, line 3"),
        ("id,name\r\n1,a\n2," + "b" * 2_100_000 + "\n", "not readable as rows: `t.csv`, line 3"),
    ],
)
def test_what_is_no_table_is_refused(read: Read, content: str, message: str) -> None:
    """A file that cannot be read as rows is refused by name."""
    with pytest.raises(InputError, match=message):
        read(content)


def test_rows_of_another_width_are_bad(read: Read) -> None:
    """A row with too few or too many fields goes to the quarantine with its line and what it held."""
    got = read("id,name\n1,a\n2\n3,c\n4,d,e\n5,f,\n")
    assert got.values == [("1", "a"), ("3", "c"), ("5", "f")]
    assert got.lines == [2, 4, 6]
    assert [(bad.position, bad.payload) for bad in got.bad] == [(3, '{"line": "2"}'), (5, '{"line": "4,d,e"}')]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_of_a_bad_row_keeps_its_quotes(read: Read, end: str) -> None:
    """A row of another width that has the end of a line in quotes is kept as a line that is one row."""
    got = read(f'id,name\n1,a\n2,"b{end}c",d\n')
    assert got.values == [("1", "a")]
    assert [json.loads(bad.payload) for bad in got.bad] == [{"line": f'2,"b{end}c",d'}]


CONCATENATED = 'id,name\n1,a\nid,name\n2,name\n\ufeffid,name\nid,b\n3,"id,name"\nid,name\n'


@pytest.mark.parametrize("container", ["txt", "gz"])
@pytest.mark.parametrize("kind", ["varchar", "bigint"])
def test_header_amid_the_rows_is_none_of_them(read: Read, kind: str, container: str) -> None:
    """Where exports were put one behind the other, each header but the first is a bad row; one alike in part is not."""
    content = CONCATENATED.encode()
    got = read(gzip.compress(content) if container == "gz" else content, {"id": Column(kind)}, f"t.{container}")
    texts = [(str(row[0]), row[1]) for row in got.rows]
    alike = [("id", "b")] if kind == "varchar" else []
    assert sorted(texts) == [("1", "a"), ("2", "name"), ("3", "id,name"), *alike]
    again = [bad.position for bad in got.bad if bad.reason == "the header again, amid the rows"]
    assert again == [3, 5, 8] and len(got.bad) == (3 if kind == "varchar" else 4)
