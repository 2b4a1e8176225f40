"""Bodies of requests: a row by a map of fields, as JSON or a form, and rows as a list, under a name, or lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


# Names in a body, `properties.email` for a field within a field, each with the column or the value.
Fields: TypeAlias = Mapping[str, str | Fixed]


def mapped(fields: Fields, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as an API wants it.

    Args:
        fields: What is put where.
        row: The values of columns.
    """
    made: dict[str, Any] = {}
    for name, what in fields.items():
        put(made, name, what.value if isinstance(what, Fixed) else row[what])
    return made


def put(into: dict[str, Any], name: str, value: object) -> None:
    """Put a value where a name leads."""
    *around, last = name.split(".")
    for each in around:
        into = into.setdefault(each, {})
    into[last] = value


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


def as_form(row: str) -> bytes:
    """Return a row's JSON as the fields of a form: what is within a field has its name in brackets behind it.

    A form has texts alone: null, and what is empty, is a field without a value.
    """
    return urlencode([*_form_fields("", json.loads(row))]).encode()


def _form_fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value and isinstance(value, (dict, list)):
        for inner, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _form_fields(f"{name}[{inner}]" if name else str(inner), each)
    elif isinstance(value, str):
        yield name, value
    else:
        yield name, "" if value in (None, {}, []) else dumped(value)
