"""JSON that says one thing, and nothing that the standard does not have."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

from shared.utils.excerpts import excerpt


class NotJson(ValueError):
    """A text is no JSON that says one thing; what it says of it holds no value."""


def strict_json(text: str, number: Callable[[str], Any] = float) -> Any:
    """Return what a text of JSON says.

    Args:
        number: Reads a number that is not whole.

    Raises:
        NotJson: It is no JSON, has a name twice in one object, or what Python cannot hold.
    """
    try:
        return _decoder(number).decode(text)
    except NotJson:
        raise
    except RecursionError as error:
        raise NotJson("it is nested too deeply") from error
    except (ValueError, ArithmeticError) as error:
        long = "digits" in str(error) or isinstance(error, ArithmeticError)
        raise NotJson("it has a number that is too long" if long else "it is not JSON") from error


@lru_cache
def _decoder(number: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=number, parse_constant=no_constant, object_pairs_hook=unambiguous)


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON has not.

    Raises:
        NotJson: Always.
    """
    raise NotJson(f"it has the number {name}")


def unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, each name once.

    Raises:
        NotJson: A name comes twice, and nobody knows which value counts.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise NotJson(f"it has the name `{excerpt(twice, 60)}` twice in one object")
    return found
