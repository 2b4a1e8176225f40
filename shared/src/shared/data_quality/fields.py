"""A row model's fields, read once, so that both ways of checking go by the same rules."""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import AwareDatetime, BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from shared.data_quality.json_text import IsJson
from shared.data_quality.written import USUALLY, Written
from shared.errors import ConfigurationError
from shared.postgres.limits import NAME_BYTES

ARROW_TYPES: dict[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us"),
    AwareDatetime: pa.timestamp("us", "UTC"),
    date: pa.date32(),
}
DECIMAL_DIGITS = 38
# Fields are named as columns are, `copy` or `schema` among them; nothing here calls what pydantic has by these names.
warnings.filterwarnings("ignore", "Field name .* shadows an attribute in parent", UserWarning)


class RowModel(BaseModel):
    """What a good row of a resource looks like. Subclass it with one annotated field a column.

    Fields are `int`, `float`, `str`, `bool`, `datetime`, pydantic's `AwareDatetime`, `date`, `Decimal` with
    `max_digits` and `decimal_places`, `JsonText` or a `Literal`, optional or not, with pydantic's constraints. A field
    without a default is a column that must be there; `| None` lets its values be null. Text is read strictly, as
    `shared.data_quality.written` says; an annotation `Written` says how it is written where not in the usual way.
    """

    # Conversion is `shared.data_quality.values`' part: pydantic's would take `true` for 1 and 2024 for a date.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


def row_model(name: str, doc: str, fields: Mapping[str, Any]) -> type[RowModel]:
    """Return a row model with columns that a class has no names for, as `Order ID`.

    Args:
        name: The model's.
        doc: What a row is, in a sentence.
        fields: What would be annotations, by column; with a default, a pair of both.
    """
    declared: Any = {each: found if isinstance(found, tuple) else (found, ...) for each, found in fields.items()}
    return create_model(name, __base__=RowModel, __doc__=doc, **declared)


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        kind: The Python type of its values.
        arrow_type: The arrow type of the column once checked.
        required: Whether the column must be there; if it is not, every row has `default`.
        constraints: Pydantic's constraint objects: `Ge(ge=0)`, `MaxLen(max_length=3)`, …
        choices: The values of a `Literal`, or nothing.
        written: How its text is written.
    """

    name: str
    kind: type
    arrow_type: pa.DataType
    nullable: bool
    required: bool
    default: object
    constraints: tuple[object, ...]
    choices: tuple[Any, ...]
    written: Written = USUALLY

    @property
    def is_json(self) -> bool:
        """Whether it is text that must be JSON."""
        return any(isinstance(constraint, IsJson) for constraint in self.constraints)


def fields_of(model: type[RowModel]) -> list[Field]:
    """Return a model's fields in order.

    Raises:
        ConfigurationError: A field has a type or a name that no column can have; the message names it.
    """
    return [_field(model, name, info) for name, info in model.model_fields.items()]


def arrow_schema(model: type[RowModel]) -> pa.Schema:
    """Return the columns of checked rows."""
    return pa.schema([pa.field(field.name, field.arrow_type, field.nullable) for field in fields_of(model)])


def _field(model: type[RowModel], name: str, info: FieldInfo) -> Field:
    annotation, nullable, constraints = _unwrap(info.annotation, info.metadata)
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    kinds = {type(choice) for choice in choices} if choices else {annotation}
    kind = kinds.pop()
    if kinds or kind not in (*ARROW_TYPES, Decimal):
        raise unsupported(model, name, f"type `{info.annotation}`", f"use one of {_names([*ARROW_TYPES, Decimal])}")
    if len(name.encode()) > NAME_BYTES:
        raise unsupported(model, name, f"a name of more than {NAME_BYTES} bytes", "PostgreSQL would cut it off")
    if info.alias or info.validation_alias:
        raise unsupported(model, name, "alias", "name the field as the column is named")
    default = None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})
    arrow_type = _decimal_type(model, name, constraints) if kind is Decimal else ARROW_TYPES[kind]
    written = _written(model, name, kind, constraints)
    rules = tuple(constraint for constraint in constraints if not isinstance(constraint, Written))
    return Field(name, kind, arrow_type, nullable, info.is_required(), default, rules, choices, written)


def _written(model: type[RowModel], name: str, kind: type, constraints: Iterable[object]) -> Written:
    written = next((constraint for constraint in constraints if isinstance(constraint, Written)), USUALLY)
    defect = written.defect(kind)
    if defect:
        raise unsupported(
            model, name, f"`Written` with {defect}", "see `shared.data_quality.Written` for what there is"
        )
    return written


def _decimal_type(model: type[RowModel], name: str, constraints: Iterable[object]) -> pa.DataType:
    bounds: dict[str, Any] = {}
    for constraint in constraints:
        bounds |= getattr(constraint, "__dict__", {})
    digits, places = bounds.get("max_digits"), bounds.get("decimal_places")
    # Pydantic does not let a zero pass where there is no digit before the point.
    if digits is None or places is None or not 0 <= places < digits <= DECIMAL_DIGITS:
        raise unsupported(
            model,
            name,
            f"`Decimal` with max_digits={digits}, decimal_places={places}",
            f"give both, with at least one digit before the point and at most {DECIMAL_DIGITS} in all",
        )
    return pa.decimal128(digits, places)


def _unwrap(annotation: Any, metadata: Iterable[object]) -> tuple[Any, bool, list[object]]:
    """Take `Annotated` and `| None` off an annotation and gather the constraints found on the way."""
    constraints, nullable = list(metadata), False
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *extra = get_args(annotation)
            for item in extra:
                constraints += item.metadata if isinstance(item, FieldInfo) else [item]
            continue
        inner = [argument for argument in get_args(annotation) if argument is not types.NoneType]
        if get_origin(annotation) in (Union, types.UnionType) and len(inner) == 1:
            annotation, nullable = inner[0], True
            continue
        return annotation, nullable, constraints


def unsupported(model: type[RowModel], name: str, what: str, hint: str) -> ConfigurationError:
    """Return the error that names the part of a model which cannot be checked."""
    return ConfigurationError(f"row model `{model.__name__}`, field `{name}` cannot be checked: {what}", hint=hint)


def _names(kinds: Iterable[type]) -> str:
    return ", ".join(f"`{kind.__name__}`" for kind in kinds)
