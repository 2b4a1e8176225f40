"""Checks of rows against a row model, and the quarantine for those that fail."""

from shared.data_quality.columns import ColumnChecker
from shared.data_quality.fields import RowModel, arrow_schema, row_model
from shared.data_quality.json_text import JsonText
from shared.data_quality.quarantine import Quarantine
from shared.data_quality.rows import POSITION, BadRow, Checked, RowChecker
from shared.data_quality.written import Written

__all__ = [
    "POSITION",
    "BadRow",
    "Checked",
    "ColumnChecker",
    "JsonText",
    "Quarantine",
    "RowChecker",
    "RowModel",
    "Written",
    "arrow_schema",
    "row_model",
]
