"""What text is a value of a row model's field, read one by one and by DuckDB in columns alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Annotated, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, create_model

from shared.data_quality import POSITION, RowChecker, RowModel, Written
from shared.data_quality.conversion import MOMENTS, in_calendar
from shared.errors import ConfigurationError
from shared.tables.conversion import fits, value
from shared.tables.row_models import column_of

AMOUNT = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
ELEVEN = datetime(2024, 1, 31, 11, tzinfo=timezone.utc)
# A kind of field, with the texts that are one of its values.
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "whole": (int, {
        "0": 0, "-1": -1, "12": 12, "1.0": 1, "1.000": 1, "2024": 2024, "45292": 45292, "20240131": 20240131,
        "9007199254740993": 9007199254740993, "9223372036854775807": 2**63 - 1, "-9223372036854775808": -(2**63),
    }),
    "float": (float, {
        "0": 0.0, "-0": -0.0, "-1": -1.0, "12": 12.0, "2024": 2024.0, "45292": 45292.0, "20240131": 20240131.0,
        "1.0": 1.0, "1.000": 1.0, "12.30": 12.3, "1.234": 1.234, "12.345": 12.345, "1e2": 100.0, "1e-07": 1e-07,
        "-0.00": -0.0,
        "0.30000000000000004": 0.30000000000000004, "0.10000000000000001": 0.1, "9999999999.99": 9999999999.99,
    }),
    "amount": (AMOUNT, {
        "0": Decimal(0), "-1": Decimal(-1), "12": Decimal(12), "2024": Decimal(2024), "45292": Decimal(45292),
        "20240131": Decimal(20240131), "1.0": Decimal(1), "1.000": Decimal(1), "12.30": Decimal("12.3"),
        "9999999999.99": Decimal("9999999999.99"),
    }),
    "flag": (bool, {"true": True, "FALSE": False}),
    "day": (date, {"2024-01-31": date(2024, 1, 31), "2024-01-31T00:00:00": date(2024, 1, 31)}),
    "time": (datetime, {
        "2024-01-31T00:00:00": datetime(2024, 1, 31),
        "2024-01-31": datetime(2024, 1, 31), "2024-01-31 11:00": datetime(2024, 1, 31, 11),
        "2024-01-31 11:00:00": datetime(2024, 1, 31, 11),
        "2024-01-31T11:00:00.5": datetime(2024, 1, 31, 11, 0, 0, 500_000),
        "2024-01-31 11:00:00.123456000": datetime(2024, 1, 31, 11, 0, 0, 123_456),
    }),
    "moment": (AwareDatetime, {
        "2024-01-31T13:00:00+02:00": ELEVEN, "2024-01-31 11:00:00Z": ELEVEN, "2024-01-31 07:30:00-0330": ELEVEN,
        "2024-01-31 13:00+02": ELEVEN,
    }),
    "%Y%m%d": (Annotated[date, Written("%Y%m%d")], {"20240131": date(2024, 1, 31)}),
    "%d.%m.%y": (Annotated[date, Written("%d.%m.%y")], {"31.01.24": date(2024, 1, 31), "31.01.69": date(1969, 1, 31)}),
    "%d/%m/%Y %H:%M": (Annotated[datetime, Written("%d/%m/%Y %H:%M")], {"31/1/2024 11:00": datetime(2024, 1, 31, 11)}),
    "%z": (Annotated[AwareDatetime, Written("%Y%m%d%H%M%S%z")], {"20240131130000+0200": ELEVEN}),
    "euros": (Annotated[AMOUNT, Written(decimal=",", thousands=".")], {
        "0": Decimal(0), "-1": Decimal(-1), "12": Decimal(12), "2024": Decimal(2024), "45292": Decimal(45292),
        "20240131": Decimal(20240131), "12,30": Decimal("12.3"), "1.234": Decimal(1234),
        "1.234,56": Decimal("1234.56"), "0,5": Decimal("0.5"), "12.345": Decimal(12345),
        "1.000": Decimal(1000), "1,000": Decimal(1),
    }),
    "words": (Annotated[bool, Written(true=("ja", "wahr"), false=("nein",))], {"JA": True, "nein": False}),
}  # fmt: skip
NONE_OF_THEM = [
    "", " ", "-", "+3", "007", "1_000", " 12 ", "12 ", "١٢", "１２", "0x10", "0b1", "1e400", "1e-400", "1.2345e-320",
    "nan", "-Infinity", "99999999999999999999", "0.1000000000000000055511151231257827", ".5", "5.", "1,000.00",
    "1.23.456", "-0,00", "yes", "t", "1706695200000.", "45292.5.1", "2024-1-31", "2024-02-30", "0000-01-01",
    "10000-01-01", "2024-01-31 24:00:00", "2024-01-31 11:00:60", "2024-01-31T11:00:00.123456789", "20240131T100000",
    "01/02/2024", "0001-01-01 00:00:00+14:00", "31.02.24", "31.01.024", "1\n", "true ", "2024-01-31\n",
]  # fmt: skip
TEXTS = sorted({text for _, values in KINDS.values() for text in values} | set(NONE_OF_THEM))


def read_in_rows(kind: Any, texts: Sequence[str]) -> dict[str, Any]:
    """Return the values of the texts that a row checker takes."""
    checker = RowChecker(create_model("One", __base__=RowModel, value=kind))
    good = checker.check([{"value": text} for text in texts], range(len(texts))).good
    return {texts[row[POSITION]]: row["value"] for row in good.to_pylist()}


def read_in_columns(kind: Any, texts: Sequence[str]) -> dict[str, Any]:
    """Return the values of the texts that fit in columns."""
    (field,) = RowChecker(create_model("One", __base__=RowModel, value=kind)).fields
    column = column_of(field)
    with duckdb.connect() as duck:
        duck.execute("set timezone = 'Asia/Tokyo'")
        duck.register("texts", pa.table({"value": texts}))
        read = f"case when {fits('value', column)} then {value('value', column)} end"
        values = duck.execute(f"select {read} as read from texts").to_arrow_table()["read"].combine_chunks()
    values = values.cast(field.arrow_type)
    if field.kind in MOMENTS:
        values = pc.if_else(in_calendar(values), values, pa.scalar(None, values.type))
    return {text: one for text, one in zip(texts, values.to_pylist(), strict=True) if one is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_text_is_the_value_that_it_says_or_none(kind: str) -> None:
    """Each kind of field takes its texts and no other; columns take the same values, or leave them to the row."""
    annotation, values = KINDS[kind]
    assert read_in_rows(annotation, TEXTS) == values
    found = read_in_columns(annotation, TEXTS)
    assert found.items() <= values.items()
    assert len(values) - len(found) <= 4, "usual texts are read in columns"


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text("0123456789-+.,:/eETZ ", max_size=26), max_size=60), kind=st.sampled_from(sorted(KINDS)))
def test_columns_never_read_what_rows_do_not(texts: list[str], kind: str) -> None:
    """Whatever the text: a value read in a column is the one that is read in a row."""
    annotation, _ = KINDS[kind]
    assert read_in_columns(annotation, texts).items() <= read_in_rows(annotation, texts).items()


def test_no_number_is_read_where_the_field_takes_it() -> None:
    """NaN and infinity are numbers only of a field that says so."""
    texts = ["nan", "-Infinity", "inf", "1"]
    assert list(read_in_rows(Annotated[float, Field(allow_inf_nan=True)], texts)) == texts


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (int, Written("%Y%m%d")),
        (date, Written("%Y%m%d%H")),
        (date, Written("%Y%j")),
        (date, Written("%Y-%m-%d %Y")),
        (AwareDatetime, Written("%Y-%m-%d %H:%M")),
        (datetime, Written("%Y-%m-%d %H:%M%z")),
        (float, Written(decimal=",", thousands=",")),
        (float, Written(decimal="")),
        (str, Written(thousands=".")),
        (int, Written(true=("ja",))),
    ],
)
def test_way_of_writing_that_does_not_go_with_the_field_is_refused(kind: Any, written: Written) -> None:
    """A declaration that the field cannot be read by is an error of the model, which names the field."""
    with pytest.raises(ConfigurationError, match="row model `One`, field `value` cannot be checked: `Written` with"):
        RowChecker(create_model("One", __base__=RowModel, value=Annotated[kind, written]))
