"""Where a row has a value: a JSONPath, as dlt's REST sources write it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dlt.common.jsonpath import TJsonPath, compile_path, find_values

from shared.data_quality.json_text import as_json
from shared.errors import ConfigurationError, InputError
from shared.http.redaction import masked
from shared.utils.excerpts import excerpt

# What a path finds where there is nothing.
MISSING = object()


@lru_cache(maxsize=256)
def compiled(path: str) -> TJsonPath:
    """Return a path as dlt takes it.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        return compile_path(path)
    # Whatever the parser raises: it has no class of its own.
    except Exception as error:
        raise ConfigurationError(
            f"not a JSONPath: {masked(str(error))}", hint="write it as in `data`, `result.items`, `$`"
        ) from None


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a path, or `MISSING` where that is nothing, or more than one value."""
    if path in row:
        return row[path]
    found = find_values(compiled(path), dict(row))
    return found[0] if len(found) == 1 else MISSING


def put_at(body: dict[str, Any], path: str, value: object) -> None:
    """Put a value at a path, which is made where it is not there.

    Raises:
        ConfigurationError: There is no such place, or it is no path.
    """
    at: Any = compiled(path)
    try:
        at.update_or_create(body, value)
        put = find_values(at, body) == [value]
    except (TypeError, LookupError, AttributeError):
        put = False
    if not put:
        raise ConfigurationError(
            f"no single place in what is sent: `{excerpt(path, 60)}`",
            hint="write it as in `filter.updated_at.gte` or `filters[0].value`, and what is around it into `body`",
        )


def carried_from(row: Mapping[str, Any], carry: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row's list carries of it; null where it has nothing."""
    found = {column: value_at(row, at) for column, at in carry.items()}
    return {column: None if value is MISSING else value for column, value in found.items()}


def with_carried(row: Any, carried: Mapping[str, Any], where: str) -> Any:
    """Return a row with what it has from its parent.

    Raises:
        InputError: It has another value there itself.
    """
    if not isinstance(row, dict) or not carried:
        return row
    for name, value in carried.items():
        if name in row and row[name] != value:
            raise InputError(
                f"a row of `{where}` has a `{name}` that is not its parent's: `{excerpt(as_json(row[name]), 60)}`",
                hint="carry the parent's value into a column of another name",
            )
    return {**row, **carried}
