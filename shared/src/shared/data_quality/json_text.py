"""JSON in a column: kept to the letter, as text.

The engines' own types would not do. PostgreSQL's `jsonb` drops the order of keys, spaces and zeros; its `json` keeps
the text but cannot be compared, so no `distinct`, `group by` or snapshot works on it. A cast reads the text on both.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, from_json
from pydantic_core.core_schema import no_info_after_validator_function, no_info_before_validator_function

# After an even number of backslashes: an odd one would be the end of an escaped backslash.
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


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
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


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
    except ValueError as error:
        return f"not JSON: {error}"
    return "a NUL character in the JSON" if "\\u0000" in text and ESCAPED_NUL.search(text) else None
