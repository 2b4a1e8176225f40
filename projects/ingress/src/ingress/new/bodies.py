"""What a list is asked for by in JSON, where it is read by POST: a guess's parameters then stand in there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingress.new.origin import as_called
from ingress.new.paging import Guess
from shared.errors import UserError
from shared.http.redaction import shortened
from shared.utils.strict_json import NotJson, strict_json

SHOWN, LONGEST = 100, 1_000_000
# Of each kind of paginator: what it has in the address, where that stands in a body, and what it is called by itself.
PLACES = {
    "cursor": (("cursor_param", "cursor_body_path", "cursor"),),
    "offset": (("offset_param", "offset_body_path", "offset"), ("limit_param", "limit_body_path", "limit")),
    "page_number": (("page_param", "page_body_path", "page"),),
}


def body_of(given: str) -> dict[str, Any]:
    """Return the body that an option gives: JSON, or a file of it.

    Raises:
        UserError: It is neither.
    """
    text, named = given, "--body"
    if not given.lstrip().startswith("{"):
        path = as_called(given)
        named = shortened(given, SHOWN)
        try:
            with path.open("rb") as file:
                text = file.read(LONGEST).decode()
        except (OSError, ValueError) as error:
            raise UserError(
                f"no file of JSON: `{named}`: {type(error).__name__}",
                hint="""give what is sent, as in --body '{"page_size": 100}', or a file that has it""",
            ) from None
    try:
        body = strict_json(text)
    except NotJson as error:
        raise UserError(f"not JSON: `{named}`: {error}", hint="""write it as in '{"page_size": 100}'""") from None
    if not isinstance(body, dict):
        raise UserError(f"no object of JSON: `{named}`", hint="""write it as in '{"page_size": 100}'""")
    return body


def place_in(body: Mapping[str, Any]) -> str:
    """Return the name of what holds a body's parameters, with a dot: GraphQL's are its variables."""
    return "variables." if isinstance(body.get("query"), str) else ""


def parameters_in(body: Mapping[str, Any]) -> dict[str, object]:
    """Return the parameters of a body."""
    held = body.get("variables") or {} if place_in(body) else body
    return {name: value for name, value in held.items() if isinstance(value, (str, int))}


def in_body(guess: Guess, parameters: Mapping[str, object], body: Mapping[str, Any]) -> Guess:
    """Return a guess of a list that is asked for by GET as one of a list that is asked for by POST.

    Args:
        parameters: What stands in the address.
        body: What is sent.
    """
    place, words = place_in(body), dict(guess.paginator)
    for name, path, usual in PLACES.get(str(words["type"]), ()):
        words[path] = place + str(words.pop(name, usual))
    left = parameters_in(body).keys() - guess.parameters.keys()
    if place and "variables" in body:
        sent = {**body, "variables": {name: each for name, each in body["variables"].items() if name not in left}}
    else:
        sent = {name: each for name, each in body.items() if name not in left}
    return replace(guess, paginator=words, parameters=parameters, body=sent)
