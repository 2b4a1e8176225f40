"""Row models of columns that no class can name."""

from __future__ import annotations

import warnings
from datetime import date

from shared.data_quality import ColumnChecker, RowChecker, row_model


def test_columns_may_be_called_as_no_field_of_a_class_can() -> None:
    """Names with blanks, words of Python and names that pydantic has itself are checked as others are, by both ways."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Field name")
        model = row_model("Order", "An order.", {"Order ID": int, "class": date | None, "copy": (str | None, None)})
    checked = RowChecker(model).check(
        [{"Order ID": 1, "class": "2026-01-31"}, {"Order ID": "x", "class": None}], [1, 2]
    )
    assert checked.good.to_pylist() == [{"Order ID": 1, "class": date(2026, 1, 31), "copy": None, "_position": 1}]
    assert [bad.reason for bad in checked.bad] == ["`Order ID`: not a whole number"]
    assert ColumnChecker(model).rows.schema == RowChecker(model).schema
    assert model.__doc__ == "An order."
