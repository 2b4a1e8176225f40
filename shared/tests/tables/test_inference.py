"""What columns are found to be: the narrowest type from which every value comes back, or text."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.tables import Inferred, infer, look

FOUND = {
    "bigint": [["1", "22", "-3"], ["1234567890123456789", "0"], ["", "7", ""]],
    "varchar": [
        *(["12345678901234567890", "1"], ["10E3", "12"], ["01234", "8000"], ["+1", "2"], ["-0", "1"], ["1.", "2"]),
        *([".5", "1"], ["nan", "1"], ["inf", "1"], ["1_000", "2"], ["1.2.3", "1.2.4"], ["٣", "٤"], ["−5", "3"]),
        *([" 1", "2"], ["5 €", "6 $"], ["5 €", "6"], ["2024-01-31 10:00:00+02:00"], ["0000-00-00", "2024-01-01"]),
        *(["2024-01-31 10:00:00.123456789"], ["7:05", "23:59"], ["t", "f"], ["ja", "Nein"], ["", ""], ["NA", "1"]),
        *(
            ["030 123 456", "030 111 222"],
            ["31.02.2024", "01.02.2024"],
            ["1,23,456.00", "1"],
            ["(1)", "(2)"],
            ["5-", "3"],
        ),
        *(["0." + "1" * 40, "1"], ["3.4.2024", "2024-04-03"], ["00:00", "24:00"], ["1e400", "1"], ["0x1F", "1"]),
    ],
    "decimal(18, 2)": [["1.5", "2.25", "3"], ["0.05", "-1"]],
    "decimal(38, 2)": [["12345678901234567.89", "0.10"]],
    "decimal(38, 19)": [["0.1234567890123456789", "0.25"]],
    "double": [["0.3333333333333333", "1"], ["1.5e10", "2.5e-3"], ["1e-05", "2.5"]],
    "boolean": [["true", "FALSE"]],
    "date": [["2024-01-31", "2023-02-28"]],
    "timestamp": [["2024-01-31 10:00", "2024-02-29T10:00:00.5", "2023-01-01"]],
    "timestamp with time zone": [["2024-01-31T10:00:00Z", "2024-01-31 10:00:00.5Z"]],
    "decimal(18, 2) (decimal `,`, thousands `.`)": [["1.234,50", "12,5", "3"]],
    "bigint (decimal `,`, thousands `.`)": [["1.234.567", "12", "1.000"]],
    "decimal(18, 2) (thousands `,`)": [["1,234.50", "12", "3.2"]],
    "decimal(18, 2) (decimal `,`, thousands ` `)": [["1 234,50", "12"], ["1\u2009234,50", "3,1"]],
    "bigint (thousands ` `)": [["1\u00a0234", "12"], ["1\u202f234", "999"]],
    "decimal(18, 2) (thousands `'`)": [["1'234.50", "3"], ["1’234.50", "3"]],
    "decimal(18, 2) (decimal `,`, thousands `.`, unit `€`)": [["1.234,50 €", "€ 3,20", "-5,00 €"]],
    "decimal(18, 2) (thousands `,`, unit `$`)": [["$1,234.50", "$3", "-$5.25"]],
    "decimal(18, 2) (decimal `,`, unit `%`)": [["12,5 %", "3 %", "4,25%"]],
    "decimal(18, 2) (thousands `'`, unit `CHF`)": [["CHF 1'234.50", "CHF 3"]],
    "decimal(18, 2) (thousands `,`, negative `brackets`)": [["(1,234.50)", "12.00"]],
    "decimal(18, 2) (decimal `,`, negative `trailing`)": [["12,50-", "3,00"]],
    "date (format `%d.%m.%Y`)": [["31.12.2024", "1.2.2024"], ["03.04.2024", "05.06.2024"]],
    "date (format `%m/%d/%Y`)": [["12/31/2024", "05/06/2024"]],
    "date (format `%d/%m/%Y`)": [["31/12/2024", "05/06/2024"]],
    "date (format `%d-%b-%Y`)": [["03-Apr-2024", "13-May-2024"]],
    "timestamp (format `%d.%m.%Y %H:%M`)": [["31.12.2024 10:30", "1.2.2024 23:59"]],
    "timestamp (format `%m/%d/%Y %I:%M %p`)": [["12/31/2024 10:30 PM"]],
    "boolean (truth `ja / nein`)": [["ja", "nein"]],
    "boolean (truth `WAHR / FALSCH`)": [["WAHR", "FALSCH", "WAHR"]],
}
UNSURE = {
    "`decimal: ',', thousands: '.'`": [["1.234", "999"], ["1.234"]],
    "with `thousands: ','`": [["1,234", "9"]],
    "`thousands: ' '`": [["1 234", "12"]],
    "`negative: 'trailing'`": [["5-", "3"]],
    "`format: '%d/%m/%Y'` or `format: '%m/%d/%Y'`": [["03/04/2024", "05/06/2024"]],
    "the century is not written": [["31.12.24", "13.02.99"]],
    "only one of `yes` and `no`": [["no", "no"]],
    "best as text": [["12345678901234567890", "1"]],
}


def inferred(folder: Path, columns: dict[str, list[str]], delimiter: str = ";", many: int = 1) -> Inferred:
    """Return what is found of a file with these columns, each written over and over until the longest ends."""
    rows = max(map(len, columns.values())) * many
    path = folder / "t.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(delimiter.join(columns) + "\n")
        for number in range(rows):
            values = (values[number % len(values)] for values in columns.values())
            file.write(delimiter.join(f'"{value}"' for value in values) + "\n")
    return infer(path, look(path), path.name)


def test_columns_are_what_all_their_values_are(tmp_path: Path) -> None:
    """Each kind of value has its type and convention, and what would not come back from one is text."""
    cases = [(expected, values) for expected, several in FOUND.items() for values in several]
    found = inferred(tmp_path, {f"c{at}": values for at, (_, values) in enumerate(cases)})
    got = {(str(values), one.column.described()) for (_, values), one in zip(cases, found.columns, strict=True)}
    assert got == {(str(values), expected) for expected, values in cases}


def test_what_is_not_certain_is_text_with_a_note(tmp_path: Path) -> None:
    """Where values may mean two things, the note says what to declare."""
    cases = [(said, values) for said, several in UNSURE.items() for values in several]
    found = inferred(tmp_path, {f"c{at}": values for at, (_, values) in enumerate(cases)})
    for (said, values), one in zip(cases, found.columns, strict=True):
        assert one.column.type == "varchar", values
        assert said in one.note, values


def test_point_is_that_of_decimals_in_a_file_parted_by_commas(tmp_path: Path) -> None:
    """Whoever parts fields by commas does not write decimals with them."""
    (one,) = inferred(tmp_path, {"n": ["1.234", "2.500"]}, ",").columns[:1]
    assert (one.column.described(), one.note) == ("decimal(18, 3)", "")


@pytest.mark.parametrize(
    ("early", "late", "expected"),
    [
        ("1", "2.50", "decimal(18, 2)"),
        ("1", "1.234,50", "decimal(18, 2) (decimal `,`, thousands `.`)"),
        ("1", "unknown", "varchar"),
        ("1", "12345678901234567890", "varchar"),
        ("2024-01-31", "2024-01-31 10:00:00", "timestamp"),
        ("01.02.2024", "31.01.2024", "date (format `%d.%m.%Y`)"),
        ("01/02/2024", "01/31/2024", "date (format `%m/%d/%Y`)"),
        ("", "7", "bigint"),
        ("0.1", "0.33333333333", "double"),
        ("1", "01", "varchar"),
    ],
)
def test_value_after_thousands_counts(tmp_path: Path, early: str, late: str, expected: str) -> None:
    """What a column is does not go by its first rows: one value at the end makes it another type, or text."""
    found = inferred(tmp_path, {"n": [*[early] * 3000, late], "x": ["a"]})
    assert found.columns[0].column.described() == expected


def test_key_is_found(tmp_path: Path) -> None:
    """The first column with a different value in each row is the key; one number may have two texts."""
    numbers = [str(number) for number in range(2000)]
    found = inferred(
        tmp_path, {"same": [*numbers[1:], "1.0"], "gap": ["", *numbers[1:]], "id": numbers, "too": numbers}
    )
    assert [(one.name, one.complete, one.unique) for one in found.columns] == [
        ("same", True, False),
        ("gap", False, False),
        ("id", True, True),
        ("too", True, False),
    ]


def test_rows_are_counted(tmp_path: Path) -> None:
    """Rows that can be cut, and lines that cannot, are told apart."""
    path = tmp_path / "t.csv"
    path.write_text("id,n\n1,2\n3\n4,5,6\n7,8\n9,10\n")
    found = infer(path, look(path), path.name)
    assert (found.rows, found.rejected) == (3, 2)


def test_header_alone_is_text(tmp_path: Path) -> None:
    """Without rows nothing is known of a column."""
    path = tmp_path / "t.csv"
    path.write_text("id,name\n")
    found = infer(path, look(path), path.name)
    assert [(one.column.type, one.complete, one.example) for one in found.columns] == [("varchar", False, "")] * 2


@pytest.mark.parametrize(
    ("header", "headless"),
    [(["1", "ann", "2024-01-01"], True), (["id", "ann", "2024"], False), (["a", "b", "c"], False)],
)
def test_first_line_that_looks_like_a_row_is_told(tmp_path: Path, header: list[str], headless: bool) -> None:
    """A header whose names could be values of each column that has a type may be none."""
    values = [["2", "3"], ["bob", "cid"], ["2024-01-02", "2024-01-03"]]
    assert inferred(tmp_path, dict(zip(header, values, strict=True))).headless is headless


@pytest.mark.slow
def test_many_columns_are_asked_in_parts(tmp_path: Path) -> None:
    """Hundreds of columns are found all the same."""
    found = inferred(tmp_path, {f"c{at}": [str(at), "x" if at % 2 else "1"] for at in range(600)})
    assert [one.column.type for one in found.columns] == ["bigint", "varchar"] * 300


def test_header_amid_the_rows_has_no_say(tmp_path: Path) -> None:
    """A file that was put together of several exports has the columns of each of them."""
    path = tmp_path / "t.csv"
    path.write_text("id,on\n1,2024-01-31\nid,on\n2,2024-02-01\nid,on\n")
    found = infer(path, look(path), "t.csv")
    assert [(each.column.type, each.unique) for each in found.columns] == [("bigint", True), ("date", False)]
    assert found.rows == 2
