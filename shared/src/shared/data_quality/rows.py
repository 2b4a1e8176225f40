"""Check rows that come one by one, as from CSV and APIs, with pydantic."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from shared.data_quality.fields import Field, RowModel, arrow_schema, fields_of
from shared.data_quality.json_text import as_json
from shared.data_quality.values import converter
from shared.data_quality.written import Unfit
from shared.errors import InputError

POSITION = "_position"
NUL = "\0"
Row = Mapping[str, Any]
Clauses = dict[int, dict[str, str]]


@dataclass(frozen=True)
class BadRow:
    """A row that was refused.

    Attributes:
        position: Where in its origin: the line of a file, the number of a row.
        reason: What is wrong, a clause for each field.
        payload: The row as it came, as JSON.
    """

    position: int
    reason: str
    payload: str

    @classmethod
    def of(cls, position: int, reason: str, row: Mapping[str, object]) -> BadRow:
        """Make one from the row itself."""
        return cls(position, reason, json.dumps(row, default=str))


@dataclass(frozen=True)
class Checked:
    """A batch after its check: the good rows, each with its position in the column `POSITION`, and the bad ones."""

    good: pa.RecordBatch
    bad: list[BadRow]


class RowChecker:
    """Checks mappings against a row model.

    Raises:
        ConfigurationError: The model has a field that no column can hold.
    """

    def __init__(self, model: type[RowModel]) -> None:
        self.fields = fields_of(model)
        self.schema = arrow_schema(model).append(pa.field(POSITION, pa.int64(), nullable=False))
        self._converters = [(field.name, converter(field)) for field in self.fields if field.kind is not str]
        self._adapter = TypeAdapter(list[model])  # type: ignore[valid-type]

    def extra_columns(self, names: Sequence[str], origin: str) -> list[str]:
        """Return the columns that the model does not know.

        Raises:
            InputError: A column is missing; the message names it and the origin.
        """
        missing = [field.name for field in self.fields if field.required and field.name not in names]
        if missing:
            raise InputError(
                f"missing column in `{origin}`: {', '.join(f'`{name}`' for name in missing)}",
                hint=f"it has {', '.join(f'`{name}`' for name in names)}; correct it or the row model",
            )
        known = {field.name for field in self.fields}
        return [name for name in names if name not in known]

    def check(self, rows: Sequence[Row], positions: Sequence[int], extras: Sequence[str] = ()) -> Checked:
        """Part good rows from bad ones.

        Args:
            rows: The rows as they came.
            positions: Where each is in its origin.
            extras: Columns that the model does not know, to be carried along as text.
        """
        reasons, good = self._examine(rows, extras)
        bad = [BadRow.of(positions[at], reason, rows[at]) for at, reason in sorted(reasons.items())]
        columns = [pa.array(_values(good, field), field.arrow_type) for field in self.fields]
        columns.append(pa.array([positions[at] for at in good], pa.int64()))
        columns += [pa.array([as_text(rows[at].get(name)) for at in good], pa.string()) for name in extras]
        schema = pa.schema([*self.schema, *(pa.field(name, pa.string()) for name in extras)])
        return Checked(pa.RecordBatch.from_arrays(columns, schema=schema), bad)

    def reasons(self, rows: Sequence[Row], extras: Sequence[str] = ()) -> dict[int, str]:
        """Return what is wrong with each bad row, by its index."""
        return self._examine(rows, extras)[0]

    def _examine(self, rows: Sequence[Row], extras: Sequence[str]) -> tuple[dict[int, str], dict[int, RowModel]]:
        """Return what is wrong with the bad rows and the models of the good ones, both by index."""
        clauses: Clauses = {}
        good = self._validate(self._converted(rows, clauses), clauses)
        columns = {field.name: (_values(good, field), field.arrow_type) for field in self.fields}
        columns |= {name: ([as_text(rows[at].get(name)) for at in good], pa.string()) for name in extras}
        for name, (values, arrow_type) in columns.items():
            for at in _unstorable(values, list(good), arrow_type):
                _add(clauses, at, name, f"cannot be stored as {arrow_type}")
            # PostgreSQL cannot hold it, and which rows are good does not depend on the engine.
            for at in _with_nul(values, list(good)) if pa.types.is_string(arrow_type) else ():
                _add(clauses, at, name, "text with a NUL character")
        names = [*(field.name for field in self.fields), *extras]
        reasons = {at: _reason(found, names) for at, found in clauses.items()}
        return reasons, {at: row for at, row in good.items() if at not in clauses}

    def _converted(self, rows: Sequence[Row], clauses: Clauses) -> Sequence[Row]:
        """Return the rows with their values in the fields' types; one that cannot be stays as it is."""
        found = [dict(row) for row in rows]
        for at, row in enumerate(found):
            for name, converted in self._converters:
                try:
                    if name in row:
                        row[name] = converted(row[name])
                except Unfit as error:
                    _add(clauses, at, name, str(error))
        return found

    def _validate(self, rows: Sequence[Row], clauses: Clauses) -> dict[int, RowModel]:
        try:
            return dict(enumerate(self._adapter.validate_python(rows)))
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_context=False):
                at, *field = detail["loc"]
                _add(clauses, int(at), ".".join(str(part) for part in field), said_of(detail))
        rest = [at for at in range(len(rows)) if at not in clauses]
        return dict(zip(rest, self._adapter.validate_python([rows[at] for at in rest]), strict=True))


def _add(clauses: Clauses, at: int, name: str, clause: str) -> None:
    """Note what is wrong with a field of a row; what was found first says most."""
    clauses.setdefault(at, {}).setdefault(name, clause)


def _reason(found: Mapping[str, str], names: Sequence[str]) -> str:
    """Join what is wrong with a row, in the order of its columns."""
    return "; ".join(f"`{name}`: {found[name]}" for name in [*names, *(found.keys() - set(names))] if name in found)


def said_of(detail: ErrorDetails) -> str:
    """Return what pydantic says of a value, without the value, so that what is wrong with many rows can be counted."""
    value, message = detail["input"], detail["msg"]
    if value is None:
        return "missing"
    if detail["type"] in ("value_error", "assertion_error"):
        # A validator's own words.
        message = re.sub(rf"(?<!\w)(?:{re.escape(repr(value))}|{re.escape(str(value))})(?!\w)", "…", message)
    return message[:1].lower() + message[1:]


def _values(rows: Mapping[int, RowModel], field: Field) -> list[Any]:
    return [getattr(row, field.name) for row in rows.values()]


def _unstorable(values: Sequence[Any], indices: Sequence[int], arrow_type: pa.DataType) -> list[int]:
    """Find values that Python can hold and no column can: half a surrogate pair."""
    if _storable(values, arrow_type):
        return []
    return [at for at, value in zip(indices, values, strict=True) if not _storable([value], arrow_type)]


def _with_nul(values: Sequence[str | None], indices: Sequence[int]) -> list[int]:
    return [at for at, value in zip(indices, values, strict=True) if value and NUL in value]


def _storable(values: Sequence[Any], arrow_type: pa.DataType) -> bool:
    try:
        pa.array(values, arrow_type)
    except (pa.ArrowException, OverflowError, UnicodeError):
        return False
    return True


def as_text(value: object) -> str | None:
    """Return a value of a column that has no model as text: what is nested as JSON, bytes as PostgreSQL writes them."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return as_json(value) if isinstance(value, (dict, list, bool, int, float, Decimal)) else str(value)
