"""What the checkers say of bad rows, of columns that do not fit, and of models that they cannot check by."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, create_model, field_validator

from shared.data_quality import POSITION, ColumnChecker, JsonText, RowChecker, RowModel
from shared.data_quality.json_text import exact_number
from shared.errors import ConfigurationError, InputError


class Sale(RowModel):
    """A line of a receipt."""

    product_id: int = Field(ge=1)
    price: float = Field(ge=0, allow_inf_nan=False)
    note: str | None = Field(default=None, max_length=5)


OPTIONAL_TEXT: Any = (str | None, None)
AMOUNT = Annotated[Decimal, Field(max_digits=6, decimal_places=2)]


def batch(**columns: Any) -> pa.RecordBatch:
    """Return a record batch."""
    return pa.RecordBatch.from_pydict(columns)


def test_bad_row_says_where_why_and_what() -> None:
    """A bad row has its position, a clause for each wrong field, and everything that came with it."""
    checked = ColumnChecker(Sale).check(
        batch(product_id=[1, 0, 2], price=[0.5, None, 0.25], note=["ok", "too long", None], store=["a", "b", "c"]), 10
    )
    assert checked.good.to_pydict() == {
        "product_id": [1, 2],
        "price": [0.5, 0.25],
        "note": ["ok", None],
        POSITION: [10, 12],
        "store": ["a", "c"],
    }
    (bad,) = checked.bad
    assert bad.position == 11
    assert bad.reason == (
        "`product_id`: input should be greater than or equal to 1; `price`: missing; "
        "`note`: string should have at most 5 characters"
    )
    assert json.loads(bad.payload) == {"product_id": 0, "price": None, "note": "too long", "store": "b"}


def test_missing_column_is_an_error_that_names_column_and_file() -> None:
    """A column whose field has no default must be there; one whose field has a default need not."""
    checker = ColumnChecker(Sale)
    with pytest.raises(InputError, match=r"missing column in `a\.parquet`: `product_id`") as caught:
        checker.extra_columns(pa.schema({"price": pa.float64()}), "a.parquet")
    assert "`price`" in str(caught.value.hint)
    present = batch(product_id=[1], price=[1.0])
    assert checker.extra_columns(present.schema, "a.parquet") == []
    assert checker.check(present, 1).good.to_pydict()["note"] == [None]


def test_column_of_another_type_is_an_error_that_names_both_types() -> None:
    """A column whose type cannot become the field's is refused as a whole."""
    with pytest.raises(InputError, match=r"column `product_id`: `string`"):
        ColumnChecker(Sale).extra_columns(pa.schema({"product_id": pa.string(), "price": pa.float64()}), "a.parquet")


def test_extra_columns_are_named() -> None:
    """Columns that the model does not know are returned, for the source's contract to decide on."""
    found = ColumnChecker(Sale).extra_columns(batch(product_id=[1], price=[1.0], tip=[0.1]).schema, "a.parquet")
    assert found == ["tip"]


def test_nanoseconds_and_all_null_columns_are_taken() -> None:
    """What pandas writes is taken: timestamps in nanoseconds while these are none, a column of nulls without a type."""
    model = create_model("Dated", __base__=RowModel, at=datetime, note=OPTIONAL_TEXT)
    times = [1_500_000_000_123_456_000, None, 1_500_000_000_123_456_789]
    columns = batch(at=pa.array(times, pa.timestamp("ns")), note=pa.nulls(3))
    checker = ColumnChecker(model)
    assert checker.extra_columns(columns.schema, "a.parquet") == []
    checked = checker.check(columns, 1)
    assert [at.microsecond for at in checked.good.column("at").to_pylist()] == [123456]
    assert [row.reason for row in checked.bad] == [
        "`at`: missing",
        "`at`: not a date and time written YYYY-MM-DD HH:MM:SS.FFFFFF",
    ]
    assert json.loads(checked.bad[1].payload)["at"].endswith(".123456789")


def test_unsigned_numbers_and_days_of_milliseconds_are_taken() -> None:
    """What fits is taken, of a dictionary too; a number beyond 64 bits makes a bad row, as does a time."""
    model = create_model("Counted", __base__=RowModel, id=int, code=int, day=date)
    numbers = pa.array([1, 2**63 - 1, 2**63, 4], pa.uint64())
    days = pa.array([0, 86_400_000, 0, 86_400_001], pa.date64())
    checker = ColumnChecker(model)
    columns = batch(id=numbers, code=numbers.dictionary_encode(), day=days)
    assert checker.extra_columns(columns.schema, "a.parquet") == []
    checked = checker.check(columns, 1)
    assert checked.good.column("code").to_pylist() == [1, 2**63 - 1]
    assert checked.good.column("day").to_pylist() == [date(1970, 1, 1), date(1970, 1, 2)]
    assert [row.position for row in checked.bad] == [3, 4]


def test_whole_number_without_a_double_of_its_own_is_a_bad_row() -> None:
    """A whole number that floating point would change makes a bad row, in columns and row by row."""
    model = create_model("Measured", __base__=RowModel, value=float)
    numbers = [2**53, 2**53 + 1, -7, 2**63 - 1]
    rows: list[dict[str, object]] = [{"value": number} for number in numbers]
    for checked in (ColumnChecker(model).check(batch(value=numbers), 0), RowChecker(model).check(rows, range(4))):
        assert checked.good.column("value").to_pylist() == [2.0**53, -7.0]
        assert [row.reason for row in checked.bad] == [
            "`value`: a number with more digits than floating point holds, or too large for it"
        ] * 2


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (int, {2.0: 2, Decimal("9007199254740993.0"): 9007199254740993}, [True, 2.5, 2**63, -(2**63) - 1, 1e300]),
        (Literal[1, 2], {1.0: 1}, [True, 3]),
        (bool, {True: True}, [0, 1.0]),
        (float, {3: 3.0, Decimal("0.10000000000000001"): 0.1}, [False, Decimal("1e400")]),
        (date, {}, [20240131, 0.0, datetime(2024, 1, 31)]),
        (datetime, {date(2024, 1, 31): datetime(2024, 1, 31)}, [1706695200, datetime.now(timezone.utc)]),
        (str, {}, [7, 1.5, True]),
        (AMOUNT, {1.25: Decimal("1.25")}, [True, 1.255, float("nan")]),
    ],
)  # fmt: skip
def test_typed_value_is_taken_where_nothing_of_it_changes(kind: Any, good: dict[Any, Any], bad: list[Any]) -> None:
    """A value of another type, as JSON has them, is converted where that changes nothing, and else makes a bad row."""
    model = create_model("Typed", __base__=RowModel, value=kind)
    checked = RowChecker(model).check([{"value": value} for value in [*good, *bad]], range(len(good) + len(bad)))
    assert checked.good.column("value").to_pylist() == list(good.values())
    assert [row.position for row in checked.bad] == list(range(len(good), len(good) + len(bad)))


def test_reason_never_holds_the_value() -> None:
    """What is wrong with two rows alike is said in the same words, also by a validator of the model's own."""

    class Checked(RowModel):
        code: str = Field(pattern="^[0-9]+$")
        terms: JsonText
        amount: Decimal = Field(max_digits=4, decimal_places=1)
        even: int

        @field_validator("even")
        @classmethod
        def be_even(cls, value: int) -> int:
            if value % 2:
                raise ValueError(f"{value} is odd, {value}0 is not")
            return value

    rows: list[dict[str, object]] = [
        {"code": "secret", "terms": "{'secret'", "amount": "secret", "even": 1},
        {"code": "other", "terms": '{"a": 1, secret}', "amount": "1e9", "even": 11},
    ]
    first, second = (row.reason for row in RowChecker(Checked).check(rows, [1, 2]).bad)
    assert "secret" not in first + second
    assert first.replace("… is odd, 10 is not", "") == second.replace("… is odd, 110 is not", "")


def test_numbers_of_json_that_no_column_has_are_kept_to_the_letter() -> None:
    """In JSON and in columns without a model numbers are written as they were read, however many digits they have."""
    text = '{"a": [1.10000000000000000001, 12345678901234567890, true], "b": 1e400}'
    tags = json.loads(text, parse_float=exact_number)
    model = create_model("Tagged", __base__=RowModel, tags=JsonText)
    checked = RowChecker(model).check([{"tags": tags, "more": tags, "one": tags["b"]}], [1], extras=["more", "one"])
    kept = text.replace("1e400", "1E+400")
    assert checked.good.select(["tags", "more", "one"]).to_pylist() == [{"tags": kept, "more": kept, "one": "1E+400"}]


@pytest.mark.parametrize(
    ("annotation", "named"),
    [
        (Annotated[int, AfterValidator(abs)], "func="),
        (Annotated[int, Field(multiple_of=2)], "multiple_of=2"),
        (Annotated[int, Field(strict=True)], "strict=True"),
        (Annotated[str, Field(pattern=r"^\d+$")], "pattern="),
        (Annotated[str, Field(pattern=r"(?i)a")], "pattern="),
        (Decimal, "max_digits=None"),
        (Annotated[Decimal, Field(max_digits=39, decimal_places=2)], "max_digits=39"),
        (Annotated[Decimal, Field(max_digits=2, decimal_places=2)], "decimal_places=2"),
        (Annotated[Decimal, Field(max_digits=4, decimal_places=1, ge=Decimal("0.05"))], "ge=Decimal('0.05')"),
        (list[int], "list"),
        (Annotated[int, Field(alias="other")], "alias"),
    ],
)
def test_rule_that_columns_cannot_be_checked_by_is_refused_by_name(annotation: Any, named: str) -> None:
    """A model with a rule that arrow cannot express is refused when the checker is made, naming field and rule."""
    model = create_model("Odd", __base__=RowModel, value=annotation)
    with pytest.raises(ConfigurationError, match="row model `Odd`, field `value` cannot be checked") as caught:
        ColumnChecker(model)
    assert named in str(caught.value)


def test_validator_in_python_is_refused_for_columns_and_works_row_by_row() -> None:
    """A model with a validator can check rows that come one by one, and only those."""

    class Even(RowModel):
        value: int

        @field_validator("value")
        @classmethod
        def be_even(cls, value: int) -> int:
            if value % 2:
                raise ValueError("odd")
            return value

    with pytest.raises(ConfigurationError, match="be_even"):
        ColumnChecker(Even)
    checked = RowChecker(Even).check([{"value": 1}, {"value": "2"}], [1, 2])
    assert [row.reason for row in checked.bad] == ["`value`: value error, odd"]
    assert checked.good.to_pydict() == {"value": [2], POSITION: [2]}


def test_setting_of_a_model_that_changes_values_is_refused() -> None:
    """A setting that only pydantic would follow is refused by name."""

    class Stripped(RowModel):
        model_config = ConfigDict(str_strip_whitespace=True)
        value: str

    with pytest.raises(ConfigurationError, match="str_strip_whitespace"):
        ColumnChecker(Stripped)


def test_row_by_row_converts_keeps_extras_as_text_and_refuses_what_does_not_fit() -> None:
    """Numbers written as text are converted, unknown columns become text, integers beyond 64 bits are bad."""
    rows: list[dict[str, object]] = [
        {"product_id": "7", "price": "1.5", "tags": ["a", "b"], "tier": "gold"},
        {"product_id": 2**63, "price": 1},
        {"price": 1},
    ]
    checked = RowChecker(Sale).check(rows, [1, 2, 3], extras=["tags", "tier"])
    assert checked.good.to_pylist() == [
        {"product_id": 7, "price": 1.5, "note": None, POSITION: 1, "tags": '["a", "b"]', "tier": "gold"}
    ]
    assert [row.reason for row in checked.bad] == [
        "`product_id`: a whole number beyond 64 bits",
        "`product_id`: field required",
    ]


def test_text_that_is_no_valid_unicode_is_a_bad_row() -> None:
    """Half a surrogate pair, which no database keeps, makes a bad row whose payload shows it, in any column."""
    model = create_model("Named", __base__=RowModel, name=str)
    half = json.loads('"\\ud800"')
    checked = RowChecker(model).check([{"name": half}, {"name": "a", "other": half}], [1, 2], extras=["other"])
    assert [row.reason for row in checked.bad] == [
        "`name`: cannot be stored as string",
        "`other`: cannot be stored as string",
    ]
    assert json.loads(checked.bad[0].payload.encode()) == {"name": "\ud800"}


class Price(RowModel):
    """What a thing costs from a moment on."""

    amount: Decimal = Field(max_digits=6, decimal_places=2, ge=0)
    since: AwareDatetime
    terms: JsonText | None


NOON = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=11)))


def test_amounts_moments_and_json_arrive_exact() -> None:
    """Decimals keep their digits, moments are the same in UTC, JSON keeps its text to the letter."""
    text = '{"b": 1.50,  "a": [1e3]}'
    columns = batch(
        amount=pa.array([Decimal("12.5000"), Decimal(7)], pa.decimal128(30, 4)),
        since=pa.array([NOON, NOON], pa.timestamp("ms", "Australia/Sydney")),
        terms=[text, None],
    )
    rows: list[dict[str, object]] = [
        {"amount": "12.50", "since": "2026-03-01T12:00:00+11:00", "terms": text},
        {"amount": 7.0, "since": NOON, "terms": None},
    ]
    for good in (ColumnChecker(Price).check(columns, 1).good, RowChecker(Price).check(rows, [1, 2]).good):
        assert good.schema.types[:3] == [pa.decimal128(6, 2), pa.timestamp("us", "UTC"), pa.string()]
        assert [str(amount) for amount in good.column("amount").to_pylist()] == ["12.50", "7.00"]
        assert {moment.isoformat() for moment in good.column("since").to_pylist()} == {"2026-03-01T01:00:00+00:00"}
        assert good.column("terms").to_pylist() == [text, None]


def test_amounts_moments_and_json_that_do_not_fit_are_bad_rows() -> None:
    """Digits that would be lost, a time without a zone and text that is no JSON make a bad row with a reason."""
    rows: list[dict[str, object]] = [
        {"amount": "1.001", "since": NOON, "terms": "{}"},
        {"amount": 12345, "since": NOON, "terms": "{}"},
        {"amount": 1, "since": "2026-03-01T12:00:00", "terms": "{}"},
        {"amount": 1, "since": NOON, "terms": "{'a': 1}"},
        {"amount": 1, "since": NOON, "terms": '"\\u0000"'},
    ]
    assert [row.reason for row in RowChecker(Price).check(rows, range(5)).bad] == [
        "`amount`: decimal input should have no more than 2 decimal places",
        "`amount`: decimal input should have no more than 4 digits before the decimal point",
        "`since`: not a date and time with an offset written YYYY-MM-DD HH:MM:SS.FFFFFF+HH:MM",
        "`terms`: not JSON: key must be a string",
        "`terms`: a NUL character in the JSON",
    ]
    naive = pa.schema({"amount": pa.decimal128(6, 2), "since": pa.timestamp("us"), "terms": pa.string()})
    with pytest.raises(InputError, match=r"column `since`: `timestamp\[us\]`"):
        ColumnChecker(Price).extra_columns(naive, "prices")


def test_object_of_an_api_becomes_its_json() -> None:
    """An object or list in place of JSON text is written out; other values are not."""
    model = create_model("Tagged", __base__=RowModel, tags=JsonText)
    checked = RowChecker(model).check([{"tags": {"ö": [1, None]}}, {"tags": ["a\0"]}, {"tags": 7}], [1, 2, 3])
    assert checked.good.column("tags").to_pylist() == ['{"ö": [1, null]}']
    assert [row.reason for row in checked.bad] == [
        "`tags`: a NUL character in the JSON",
        "`tags`: input should be a valid string",
    ]


def test_text_with_a_nul_character_is_a_bad_row() -> None:
    """A NUL character, which PostgreSQL cannot hold, makes a bad row, also in a column that the model does not know."""
    rows = [{"product_id": 1, "price": 1.0, "note": note, "tier": tier} for note, tier in [("a\0", "x"), ("b", "\0")]]
    by_row = RowChecker(Sale).check(rows, [1, 2], extras=["tier"])
    by_column = ColumnChecker(Sale).check(pa.RecordBatch.from_pylist(rows), 1)
    assert by_row.bad == by_column.bad
    assert by_row.good.num_rows == by_column.good.num_rows == 0
    assert [row.reason for row in by_row.bad] == [
        "`note`: text with a NUL character",
        "`tier`: text with a NUL character",
    ]


def test_date_outside_the_calendar_is_a_bad_row() -> None:
    """A year beyond 9999, which a typing error makes and not every program can read, makes a bad row that shows it."""
    model = create_model("Dated", __base__=RowModel, at=datetime)
    checked = ColumnChecker(model).check(batch(at=pa.array([0, 2**58], pa.timestamp("us"))), 1)
    assert checked.good.num_rows == 1
    (bad,) = checked.bad
    assert bad.reason == "`at`: not a date and time written YYYY-MM-DD HH:MM:SS.FFFFFF"
    assert json.loads(bad.payload)["at"].startswith("11103-")


def test_field_with_a_name_that_postgresql_would_cut_off_is_refused() -> None:
    """A row model's field has a name of at most 63 bytes."""
    long: Any = {"x" * 64: (int, ...)}
    with pytest.raises(ConfigurationError, match="a name of more than 63 bytes"):
        RowChecker(create_model("Long", __base__=RowModel, **long))
