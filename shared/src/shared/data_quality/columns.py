"""Check rows that come as columns, a record batch at a time, by a row model compiled to arrow expressions.

No row passes through Python unless it is bad: then pydantic says what is wrong with it, as it does for rows that
come one by one. Both ways agree on which rows are bad; `shared/tests/data_quality/test_agreement.py` searches for
exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields as attributes
from dataclasses import is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from annotated_types import GroupedMetadata
from pydantic import AwareDatetime

from shared.data_quality.conversion import Mask, convert, convertible, readable
from shared.data_quality.fields import Field, RowModel, unsupported
from shared.data_quality.json_text import defect_of
from shared.data_quality.rows import NUL, BadRow, Checked, RowChecker
from shared.errors import InputError

Test: TypeAlias = Callable[[pa.Array], Mask]

COMPARISONS: dict[str, Callable[..., Mask]] = {
    "ge": pc.greater_equal,
    "gt": pc.greater,
    "le": pc.less_equal,
    "lt": pc.less,
}
COMPARED = (int, float, Decimal, date, datetime, AwareDatetime)
ALSO_COMPARED = {(float, int), (Decimal, int), (AwareDatetime, datetime)}
DIGITS = {"max_digits", "decimal_places"}
LENGTHS: dict[str, Callable[..., Mask]] = {"min_length": pc.greater_equal, "max_length": pc.less_equal}
# Pydantic's regular expressions and arrow's differ on what these match beyond ASCII.
UNICODE_DEPENDENT = re.compile(r"\\[dDwWsSbBpP]|\(\?|\[:")
CONFIG_WITHOUT_EFFECT = {"extra", "frozen", "strict", "title"}


class ColumnChecker:
    """Checks record batches against a row model.

    Raises:
        ConfigurationError: The model has a rule that columns cannot be checked by; the message names it.
    """

    def __init__(self, model: type[RowModel]) -> None:
        self.rows = RowChecker(model)
        self.fields = self.rows.fields
        _refuse_model_wide_rules(model)
        self._tests = {field.name: [_compile(model, field, rule) for rule in _rules(field)] for field in self.fields}

    def extra_columns(self, schema: pa.Schema, origin: str) -> list[str]:
        """Return the columns that the model does not know.

        Raises:
            InputError: A column is missing or has a type that cannot become the field's; the message names both.
        """
        extras = self.rows.extra_columns(schema.names, origin)
        for field in self.fields:
            if field.name in schema.names and not convertible(schema.field(field.name).type, field):
                raise InputError(
                    f"wrong type in `{origin}`, column `{field.name}`: `{schema.field(field.name).type}`",
                    hint=f"the row model has `{field.kind.__name__}`; correct the file or the row model",
                )
        return extras

    def check(self, batch: pa.RecordBatch, first_position: int) -> Checked:
        """Part good rows from bad ones, in a batch whose columns `extra_columns` has accepted."""
        positions = pa.arange(first_position, first_position + batch.num_rows)
        checked, good = self.examine(batch, positions)
        if pc.all(good).as_py() is not False:
            return Checked(checked, [])
        bad = pc.invert(good)
        return Checked(checked.filter(good), self._explain(batch.filter(bad), positions.filter(bad)))

    def examine(self, batch: pa.RecordBatch, positions: pa.Array) -> tuple[pa.RecordBatch, pa.BooleanArray]:
        """Return a batch in the model's types with its positions, and which of its rows are good."""
        good = pa.repeat(True, batch.num_rows)
        columns: list[pa.Array] = []
        for field in self.fields:
            values, converted = convert(batch, field)
            columns.append(values)
            excused = values.is_null() if field.nullable else pa.scalar(False)
            good = pc.and_(good, pc.fill_null(converted, True))
            for passed in [values.is_valid(), *(test(values) for test in self._tests[field.name])]:
                good = pc.and_(good, pc.or_(excused, pc.fill_null(passed, False)))
        extras = self._extras(batch)
        for name in extras:
            if pa.types.is_string(batch.schema.field(name).type):
                good = pc.and_(good, pc.fill_null(_without_nul(batch.column(name)), True))
        columns += [positions, *(batch.column(name) for name in extras)]
        schema = pa.schema([*self.rows.schema, *(batch.schema.field(name) for name in extras)])
        # The whole batch goes into a schema whose columns are not null: only then are the bad rows taken out.
        return pa.RecordBatch.from_arrays(columns, schema=schema), good

    def _extras(self, batch: pa.RecordBatch) -> list[str]:
        names = {field.name for field in self.fields}
        return [name for name in batch.schema.names if name not in names]

    def _explain(self, batch: pa.RecordBatch, positions: pa.Array) -> list[BadRow]:
        rows = readable(batch).to_pylist()
        reasons = self.rows.reasons(rows, self._extras(batch))
        return [
            BadRow.of(position, reasons.get(index, "refused by the check of columns"), rows[index])
            for index, position in enumerate(positions.to_pylist())
        ]


def _rules(field: Field) -> list[tuple[str, Any]]:
    """Return a field's constraints as name and bound."""
    rules: list[tuple[str, Any]] = [("choices", field.choices)] if field.choices else []
    if field.kind is str and not field.choices:
        rules.append(("nul", False))
    for constraint in field.constraints:
        for part in constraint if isinstance(constraint, GroupedMetadata) else [constraint]:
            if is_dataclass(part):
                rules += [(attribute.name, getattr(part, attribute.name)) for attribute in attributes(part)]
            else:
                rules += vars(part).items()
    # A decimal's digits are its column's type.
    return [(name, bound) for name, bound in rules if name not in DIGITS or field.kind is not Decimal]


def _compile(model: type[RowModel], field: Field, rule: tuple[str, Any]) -> Test:
    name, bound = rule
    same_type = type(bound) is field.kind or (field.kind, type(bound)) in ALSO_COMPARED
    if name == "nul":
        return _without_nul
    if name == "json" and field.kind is str:
        return _all_json
    if name == "choices" and field.kind in (str, int):
        allowed = pa.array(bound, field.arrow_type)
        return lambda values: pc.is_in(values, value_set=allowed)
    if name in COMPARISONS and same_type and field.kind in COMPARED:
        limit = _limit(model, field, name, bound)
        return lambda values: COMPARISONS[name](values, limit)
    if name in LENGTHS and field.kind is str:
        return lambda values: LENGTHS[name](pc.utf8_length(values), bound)
    if name == "pattern" and field.kind is str and isinstance(bound, str) and not UNICODE_DEPENDENT.search(bound):
        return lambda values: pc.match_substring_regex(values, bound)
    if name == "allow_inf_nan" and field.kind is float:
        return lambda values: pc.or_(pc.is_finite(values), bound)
    raise unsupported(
        model,
        field.name,
        f"`{name}={bound!r}`",
        "columns are checked by ge, gt, le, lt, min_length, max_length, Literal, allow_inf_nan and a pattern of "
        "explicit classes such as [0-9]; check anything else in the transformation",
    )


def _limit(model: type[RowModel], field: Field, name: str, bound: Any) -> pa.Scalar:
    try:
        return pa.scalar(Decimal(bound) if field.kind is Decimal else bound, field.arrow_type)
    except pa.ArrowInvalid as error:
        raise unsupported(
            model, field.name, f"`{name}={bound!r}`", f"give one that {field.arrow_type} holds"
        ) from error


def _without_nul(values: pa.Array) -> Mask:
    return pc.invert(pc.match_substring(values, NUL))


def _all_json(values: pa.Array) -> Mask:
    # Arrow does not parse JSON, so these columns alone are looked at value by value.
    return pa.array([None if text is None else not defect_of(text) for text in values.to_pylist()], pa.bool_())


def _refuse_model_wide_rules(model: type[RowModel]) -> None:
    decorators = model.__pydantic_decorators__
    for group in ("validators", "field_validators", "root_validators", "model_validators"):
        for name in getattr(decorators, group):
            raise unsupported(model, name, "a validator in Python", "express it as a constraint of the field")
    for name, value in model.model_config.items():
        if name not in CONFIG_WITHOUT_EFFECT or (name, value) == ("extra", "forbid"):
            raise unsupported(model, "model_config", f"`{name}={value!r}`", "leave it out")
