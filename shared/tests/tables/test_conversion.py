"""Which texts a column's type takes, and as what: nothing is rounded, guessed or lost."""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ConfigurationError, InputError
from shared.tables import Column, Convention, Scratch, look, staged
from shared.testing.files import Read

COMMA = Convention(decimal=",", thousands=".")
EURO = Convention(decimal=",", thousands=".", unit="€")
PERCENT = Convention(decimal=",", unit="%")
SWISS = Convention(thousands="'", unit="CHF")
FRENCH = Convention(decimal=",", thousands=" ")
TRAILING, BRACKETS = Convention(negative="trailing"), Convention(thousands=",", negative="brackets")
DOTS, SLASHES = Convention(format="%d.%m.%Y"), Convention(format="%m/%d/%Y")
SHORT, CLOCK = Convention(format="%d.%m.%y"), Convention(format="%d.%m.%Y %H:%M")
WEEKDAY = Convention(format="%A, %d.%m.%Y")
JA, YES = Convention(truth=("ja", "nein")), Convention(truth=("Yes", "No"))
UTC = timezone.utc


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (Column("bigint"), "9223372036854775807", 9223372036854775807),
        (Column("bigint"), "-5", -5),
        (Column("bigint"), "16.00", 16),
        (Column("hugeint"), "12345678901234567890", 12345678901234567890),
        (Column("decimal(8, 2)"), "1.500", Decimal("1.50")),
        (Column("decimal(38, 2)"), "12345678901234567.89", Decimal("12345678901234567.89")),
        (Column("double"), "0.1", 0.1),
        (Column("double"), "1e-05", 1e-05),
        (Column("double"), "1.5E+10", 1.5e10),
        (Column("double"), "0.3333333333333333", 0.3333333333333333),
        (Column("boolean"), "TRUE", True),
        (Column("boolean", JA), "nein", False),
        (Column("date"), "2024-02-29", date(2024, 2, 29)),
        (Column("date"), "2024-01-31 00:00:00", date(2024, 1, 31)),
        (Column("timestamp"), "2024-01-31T10:00:00.5", datetime(2024, 1, 31, 10, 0, 0, 500000)),
        (Column("timestamp"), "2024-01-31", datetime(2024, 1, 31)),
        (Column("time"), "07:05", time(7, 5)),
        (Column("decimal(18, 2)", COMMA), "1.234.567,5", Decimal("1234567.50")),
        (Column("decimal(18, 2)", COMMA), "-12,5", Decimal("-12.50")),
        (Column("decimal(18, 2)", EURO), "1.234,50 €", Decimal("1234.50")),
        (Column("decimal(18, 2)", EURO), "-€ 5", Decimal("-5.00")),
        (Column("decimal(18, 2)", EURO), "€\u00a05,00", Decimal("5.00")),
        (Column("decimal(4, 1)", PERCENT), "12,5 %", Decimal("12.5")),
        (Column("decimal(18, 2)", SWISS), "CHF 1’234.50", Decimal("1234.50")),
        (Column("decimal(18, 2)", FRENCH), "1\u202f234,50", Decimal("1234.50")),
        (Column("bigint", FRENCH), "1 234", 1234),
        (Column("bigint", TRAILING), "12-", -12),
        (Column("decimal(18, 2)", BRACKETS), "(1,234.50)", Decimal("-1234.50")),
        (Column("double", COMMA), "0,25", 0.25),
        (Column("date", DOTS), "3.4.2024", date(2024, 4, 3)),
        (Column("date", SLASHES), "12/31/2024", date(2024, 12, 31)),
        (Column("date", SHORT), "31.12.99", date(1999, 12, 31)),
        (Column("timestamp", CLOCK), "31.12.2024 23:59", datetime(2024, 12, 31, 23, 59)),
        (Column("date", WEEKDAY), "monday, 13.05.2024", date(2024, 5, 13)),
        (Column("varchar"), " x ", " x "),
        (Column("uuid"), "8A3B2C1D-0000-4000-8000-000000000001", "8a3b2c1d-0000-4000-8000-000000000001"),
    ],
)
def test_text_becomes_its_value(read: Read, column: Column, text: str, expected: Any) -> None:
    """A text in the column's convention has one value."""
    got = read(f'n|v\n1|"{text}"\n', {"v": column})
    assert not got.bad
    found = got.values[0][0]
    assert (str(found) if column.type == "uuid" else found) == expected


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (
            Column("bigint"),
            ["0012", "+15", "-0", " 13", "1_000", "1e3", "10E3", "9223372036854775808", "1.5", "x", "1."],
        ),
        (Column("integer"), ["3000000000", "2.5"]),
        (Column("decimal(8, 2)"), ["1.005", "1e2", "1234567.00", "1,5", ".5", "5.", "+5", "-0.00", "007.5"]),
        (
            Column("double"),
            ["12345678901234567890", "10E3", "1e5", "nan", "inf", "0x1F", "1e400", "0.1000000000000000055"],
        ),
        (Column("boolean"), ["t", "1", "yes", "no", "on"]),
        (Column("boolean", YES), ["yes", "true", "no"]),
        (
            Column("date"),
            ["2024-02-30", "2024-1-5", "20240131", "45292", "0", "infinity", "2024-01-31 12:00:00", "epoch"],
        ),
        (Column("date"), ["0000-01-01", "10000-01-01", "2026-01-10 (BC)", "31.01.2024", " 2024-01-31"]),
        (Column("timestamp"), ["2026-01-04 10:00:00+05:00", "2026-01-05 10:00:00.123456789", "2026-01-07T10:00:00Z"]),
        (
            Column("timestamp"),
            ["2026-01-08 10:00 UTC", "infinity", "2026-01-04 24:00:00", "20240131", "2024-01-01 1:00"],
        ),
        (Column("timestamptz"), ["2026-01-04 10:00:00", "2026-01-04 10:00:00 Europe/Paris", "2026-01-04"]),
        (Column("timestamptz"), ["2026-01-04 10:00:00+25:00", "2026-01-04 10:00:00+02:60"]),
        (Column("date", WEEKDAY), ["Sunday, 13.05.2024", "Mon, 13.05.2024"]),
        (Column("decimal(18, 2)", COMMA), ["1.5", "1.23", "12.34,5", "1,234.5", "1.2345", "0.123,4", "€ 5"]),
        (Column("decimal(18, 2)", EURO), ["5", "5 $", "€ 5 €", "EUR 5", "(5) €"]),
        (Column("decimal(18, 2)", BRACKETS), ["-5", "(5", "5)", "()", "(-5)", "(0)"]),
        (Column("decimal(18, 2)", TRAILING), ["-5", "5--", "0-"]),
        (
            Column("date", DOTS),
            ["31.02.2024", "1.1.24", "2024-01-01", " 1.1.2024", "1.1.2024 ", "1.13.2024", "1.1.0000"],
        ),
        (Column("timestamp", CLOCK), ["31.12.2024", "31.12.2024 23:59:30", "31.12.2024 24:00"]),
        (Column("uuid"), ["8a3b2c1d", "{8a3b2c1d-0000-4000-8000-000000000001}"]),
    ],
)
def test_text_that_would_lose_something_is_bad(read: Read, column: Column, texts: list[str]) -> None:
    """What does not come back from its value as it was is kept as a bad row, and the reason holds no value."""
    got = read("n|v\n" + "".join(f'1|"{text}"\n' for text in texts), {"v": column})
    assert got.rows == []
    assert {bad.reason for bad in got.bad} == {f"`v`: not of type {column.described()}"}
    assert [bad.position for bad in got.bad] == list(range(2, len(texts) + 2))


def test_moment_with_an_offset_is_one_of_utc(tmp_path: Path) -> None:
    """A declared type with a time zone keeps the moment; rows stream as arrow with their lines."""
    path = tmp_path / "t.csv"
    path.write_text("n,v\n1,2024-01-31 10:00:00+02:00\n2,2024-01-31T10:00:00Z\n")
    with Scratch() as scratch, staged(scratch, path, look(path), "t.csv") as rows:
        query = rows.all_rows({"v": Column("timestamptz")}, position="_position", fit="_fit")
        table = scratch.stream_arrow(query).read_all()
    assert table.column("v").to_pylist() == [datetime(2024, 1, 31, hour, tzinfo=UTC) for hour in (8, 10)]
    assert table.column("_position").to_pylist() == [2, 3]


def test_reason_names_each_column(read: Read) -> None:
    """All that is wrong with a row is told at once, and what it held is kept."""
    got = read("a,b,c\nx,y,z\n", {"a": Column("bigint"), "b": Column("date")})
    assert got.bad[0].reason == "`a`: not of type bigint; `b`: not of type date"
    assert got.bad[0].payload == '{"a": "x", "b": "y", "c": "z"}'


def test_empty_field_is_null(read: Read) -> None:
    """Nothing between delimiters, or between quotes, is no value in any type."""
    columns = {"a": Column("bigint"), "b": Column("date"), "c": Column("boolean", JA), "d": Column("double", EURO)}
    assert read('n,a,b,c,d\n1,,"",,\n', columns).values == [(None, None, None, None, "1")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"decimal": ",", "thousands": ","},
        {"decimal": "1"},
        {"decimal": ""},
        {"thousands": ".."},
        {"negative": "red"},
        {"unit": "5"},
        {"format": "%Q"},
        {"format": "today"},
        {"truth": ["ja"]},
        {"truth": ["ja", "ja"]},
        {"decimal": 5},
    ],
)
def test_convention_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """A mistake in a declaration is told with its place."""
    with pytest.raises(ConfigurationError, match=r"not a way to write values, `sales.amount`: `"):
        Convention.of(wrong, "sales.amount")


@pytest.mark.parametrize("convention", [Convention(), COMMA, EURO, SWISS, BRACKETS, DOTS, JA])
def test_convention_comes_back_from_its_declaration(convention: Convention) -> None:
    """What is written down says the same when it is read."""
    assert Convention.of(convention.as_declared(), "x") == convention


def test_words_that_yaml_reads_as_truths_are_words() -> None:
    """A list of bare yes and no arrives as true and false: these are taken for the words true and false."""
    assert Convention.of({"truth": [True, False]}, "x").truth == ("true", "false")


def test_table_of_too_many_columns_is_refused_by_its_width(tmp_path: Path) -> None:
    """Memory grows with the columns up to a bound; what takes more is an error that says what the file is."""
    path = tmp_path / "wide.csv"
    names = [f"c{number}" for number in range(3_000)]
    path.write_text("\n".join([",".join(names), *[",".join(["1"] * len(names))] * 2]))
    with Scratch(5, columns=len(names), origin="wide.csv") as scratch:
        scratch.execute("set memory_limit = '5MB'")
        with pytest.raises(InputError, match=r"`wide.csv` takes more memory .* it has 3,000 columns") as told:
            staged(scratch, path, look(path), "wide.csv").__enter__()
    assert told.value.hint
    limits = {}
    for columns in (500, 1_500, 9_000):
        with Scratch(columns=columns) as scratch:
            ((limits[columns],),) = scratch.fetch("select current_setting('memory_limit')")
    assert limits == {500: "667.5 MiB", 1_500: "1.3 GiB", 9_000: "1.3 GiB"}
