"""JSON in a column: kept to the letter, as text.

The engines' own types would not do. PostgreSQL's `jsonb` drops the order of keys, spaces and zeros; its `json` keeps
the text but cannot be compared, so no `distinct`, `group by` or snapshot works on it. A cast reads the text on both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, from_json
from pydantic_core.core_schema import no_info_after_validator_function, no_info_before_validator_function

# After an even number of backslashes: an odd one would be the end of an escaped backslash.
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
PLACE = re.compile(r" at line \d+ column \d+$")

ENCODERS = {ascii_only: json.JSONEncoder(ensure_ascii=ascii_only, default=str) for ascii_only in (True, False)}
# What Python's encoder writes as `as_json` does, many at once.
LEAVES, NAMES = frozenset({str, int, float, bool, type(None)}), frozenset({str})


@dataclass(frozen=True)
class IsJson:
    """Marks text that must be a JSON document; what comes as an object or list, as from an API, becomes its text."""

    json: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = no_info_before_validator_function(written_out, handler(source))
        return no_info_after_validator_function(checked, text)


JsonText: TypeAlias = Annotated[str, IsJson()]


def written_out(value: object) -> object:
    """Return an object or list as JSON, anything else as it is."""
    return as_json(value, ascii_only=False) if isinstance(value, (dict, list)) else value


def exact_number(text: str) -> float | Decimal:
    """Return a number of a JSON text that is not whole: as floating point only where nothing of it is lost."""
    value = float(text)
    return value if repr(value) == text or Decimal(repr(value)) == Decimal(text) else Decimal(text)


def as_json(value: object, *, ascii_only: bool = True) -> str:
    """Return a value as JSON, numbers as they were read; what JSON does not know becomes text."""
    encoder = ENCODERS[ascii_only]
    if isinstance(value, dict):
        if LEAVES.issuperset(map(type, value.values())) and NAMES.issuperset(map(type, value)):
            return encoder.encode(value)
        pairs = (
            f"{encoder.encode(str(name))}: {as_json(inner, ascii_only=ascii_only)}" for name, inner in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        if LEAVES.issuperset(map(type, value)):
            return encoder.encode(value)
        return "[" + ", ".join(as_json(inner, ascii_only=ascii_only) for inner in value) + "]"
    # Numbers here, since the encoder takes a moment to begin.
    return str(value) if isinstance(value, Decimal) or type(value) is int else encoder.encode(value)


def checked(text: str) -> str:
    """Return a text that is JSON on every engine.

    Raises:
        PydanticCustomError: It is not, or holds a NUL character, which no engine's JSON functions can return.
    """
    defect = defect_of(text)
    if defect:
        raise PydanticCustomError("json", "{defect}", {"defect": defect})
    return text


def defect_of(text: str) -> str | None:
    """Say what keeps a text from being JSON by the letter of RFC 8259, or return None."""
    try:
        from_json(text, allow_inf_nan=False)
    except TypeError:
        # Pydantic takes it for no text at all.
        return "not JSON: half a surrogate pair"
    except ValueError as error:
        # Without the place, which is another in each text.
        return f"not JSON: {PLACE.sub('', str(error))}"
    return "a NUL character in the JSON" if "\\u0000" in text and ESCAPED_NUL.search(text) else None
