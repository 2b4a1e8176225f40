"""Bodies of requests: a row by a map of fields, as JSON or a form, and rows as a list, under a name, or lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

from shared.errors import ConfigurationError

# Where the body is nothing but the list.
WHOLE = "$"
# Each row is a line of JSON.
LINES = "lines of JSON"
# How a row is written.
Encoding: TypeAlias = Literal["json", "form"]
# Stands for the list while what is around it is written.
HERE = "\0rows"


@dataclass(frozen=True)
class Fixed:
    """A value that each row has, as JSON has it."""

    value: object


# Names in a body, `properties.email` for a field within a field, `emails.0.value` for one of an item of a list, each
# with the column or the value.
Fields: TypeAlias = Mapping[str, str | Fixed]


def mapper(fields: Fields) -> Callable[[Mapping[str, Any]], Any]:
    """Return what makes a row, of which it is given the values of columns, as an API wants it.

    Names that are the places of a list, from 0, make one.
    """
    around: dict[str, Any] = {}
    for name, what in fields.items():
        put(around, name, what)
    shape = _with_lists(around)
    return lambda row: _filled(shape, row)


def _with_lists(shape: Any) -> Any:
    if not isinstance(shape, dict):
        return shape
    inner = {name: _with_lists(each) for name, each in shape.items()}
    places = [str(place) for place in range(len(inner))]
    return [inner[place] for place in places] if inner and inner.keys() == {*places} else inner


def _filled(shape: Any, row: Mapping[str, Any]) -> Any:
    if isinstance(shape, dict):
        return {name: _filled(each, row) for name, each in shape.items()}
    if isinstance(shape, list):
        return [_filled(each, row) for each in shape]
    return shape.value if isinstance(shape, Fixed) else row[shape]


def put(into: dict[str, Any], name: str, value: object) -> None:
    """Put a value where a name leads."""
    *around, last = name.split(".")
    for each in around:
        into = into.setdefault(each, {})
    into[last] = value


def steps(written: str) -> list[str | int]:
    """Return the steps of a path: names, and places in lists."""
    return [int(step) if step.isdecimal() else step for step in written.split(".")]


def check_names(names: Iterable[str]) -> None:
    """Raise ConfigurationError where of two names one is a field and has fields."""
    known = set(names)
    for name in known:
        parts = name.split(".")
        inner = next((around for at in range(1, len(parts)) if (around := ".".join(parts[:at])) in known), None)
        if inner or not all(parts):
            raise ConfigurationError(
                f"no body has such a field: `{name}`", hint=f"`{inner}` is a field with a value" if inner else "name it"
            )


def columns_of(fields: Fields) -> list[str]:
    """Return the columns that a map takes values from."""
    return [what for what in fields.values() if isinstance(what, str)]


def dumped(value: object) -> str:
    """Return JSON as rows are written in."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def batch(rows: Sequence[str], under: str, beside: Mapping[str, object]) -> bytes:
    """Return the body with several rows.

    Args:
        rows: Each one's JSON.
        under: The name of the list, `$` where the body is the list, or `LINES`.
        beside: What the body has besides.
    """
    if under == LINES:
        return "".join(f"{row}\n" for row in rows).encode()
    listed = f"[{','.join(rows)}]"
    if under == WHOLE:
        return listed.encode()
    around: dict[str, Any] = {}
    for name, value in {**beside, under: HERE}.items():
        put(around, name, value)
    return dumped(around).replace(dumped(HERE), listed, 1).encode()


def as_form(row: str, null: str | None = "") -> bytes:
    """Return a row's JSON as the fields of a form: what is within a field has its name in brackets behind it.

    A form has texts alone: what is empty is a field without a value.

    Args:
        null: What a null is; None leaves its field out.
    """
    found = [*_form_fields("", json.loads(row))]
    texts = [(name, null if value is None else value) for name, value in found]
    return urlencode([(name, value) for name, value in texts if value is not None]).encode()


def _form_fields(name: str, value: Any) -> Iterator[tuple[str, str | None]]:
    if value and isinstance(value, (dict, list)):
        for inner, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _form_fields(f"{name}[{inner}]" if name else str(inner), each)
    elif value is None or isinstance(value, str):
        yield name, value
    else:
        yield name, "" if value in ({}, []) else dumped(value)
