"""What the checkers say of bad rows, of columns that do not fit, and of models that they cannot check by."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import pyarrow as pa
import pytest
from pydantic import AfterValidator, ConfigDict, Field, create_model, field_validator

from shared.data_quality import POSITION, ColumnChecker, RowChecker, RowModel
from shared.errors import ConfigurationError, InputError


class Sale(RowModel):
    """A line of a receipt."""

    product_id: int = Field(ge=1)
    price: float = Field(ge=0, allow_inf_nan=False)
    note: str | None = Field(default=None, max_length=5)


OPTIONAL_TEXT: Any = (str | None, None)


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
    """What pandas writes is taken: timestamps in nanoseconds, a column of nulls without a type."""
    model = create_model("Dated", __base__=RowModel, at=datetime, note=OPTIONAL_TEXT)
    columns = batch(at=pa.array([1_500_000_000_123_456_789], pa.timestamp("ns")), note=pa.nulls(1))
    checker = ColumnChecker(model)
    assert checker.extra_columns(columns.schema, "a.parquet") == []
    assert checker.check(columns, 1).good.column("at").to_pylist()[0].microsecond == 123456


@pytest.mark.parametrize(
    ("annotation", "named"),
    [
        (Annotated[int, AfterValidator(abs)], "func="),
        (Annotated[int, Field(multiple_of=2)], "multiple_of=2"),
        (Annotated[int, Field(strict=True)], "strict=True"),
        (Annotated[str, Field(pattern=r"^\d+$")], "pattern="),
        (Annotated[str, Field(pattern=r"(?i)a")], "pattern="),
        (Decimal, "Decimal"),
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
        "`product_id`: cannot be stored as int64",
        "`product_id`: field required",
    ]


def test_text_that_is_no_valid_unicode_is_a_bad_row() -> None:
    """Half a surrogate pair, which no database keeps, makes a bad row whose payload shows it."""
    model = create_model("Named", __base__=RowModel, name=str)
    checked = RowChecker(model).check([{"name": json.loads('"\\ud800"')}], [1])
    assert checked.good.num_rows == 0
    assert json.loads(checked.bad[0].payload.encode()) == {"name": "\ud800"}
