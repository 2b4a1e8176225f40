"""Read a suite from a YAML file, and say where a mistake is."""

from __future__ import annotations

import difflib
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.data_quality.expectations.checks import models
from shared.data_quality.expectations.suite import Suite
from shared.errors import ConfigurationError
from shared.utils.yaml_file import read_yaml

Location = tuple[int | str, ...]
MOST_MISTAKES = 10
# Parts of a location that are the models' and not the file's.
OURS = frozenset({"check", "[key]", "<word>", "<moment>", "<day>", "<column>"})
HINT = "the section Expectations of shared/README.md has every check and its arguments"


def load_suite(path: Path) -> Suite:
    """Read a suite.

    Raises:
        ConfigurationError: The file cannot be read, is no YAML or no suite; the message names every mistake with its
            line.
    """
    content = read_yaml(path)
    try:
        return Suite.model_validate(content)
    except ValidationError as error:
        # Read once more, as nodes, which know their lines.
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        mistakes = list(dict.fromkeys(_mistake(root, detail) for detail in error.errors(include_url=False)))
        listed = "\n".join(f"  {mistake}" for mistake in mistakes[:MOST_MISTAKES])
        more = f"\n  and {len(mistakes) - MOST_MISTAKES} more" if len(mistakes) > MOST_MISTAKES else ""
        raise ConfigurationError(f"not a suite of expectations: `{path}`\n{listed}{more}", hint=HINT) from error


def _mistake(root: yaml.Node | None, detail: ErrorDetails) -> str:
    """Say one mistake with its place."""
    location = tuple(part for part in detail["loc"] if str(part) not in OURS)
    place = ".".join(str(part) for part in location)
    said = detail["msg"][:1].lower() + detail["msg"][1:]
    if detail["type"] == "extra_forbidden":
        said = f"no such key{_meant(str(location[-1]))}"
    return f"line {_line(root, location)}{f', {place}' if place else ''}: {said}"


def _meant(key: str) -> str:
    keys = {name for model in models() for name in model.model_fields} - {"check", "kind", key}
    close = difflib.get_close_matches(key, sorted(keys), n=1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _line(root: yaml.Node | None, location: Location) -> int:
    """Return the line of what is nearest to a location."""
    node, line = root, 0
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if not found:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return int(line) + 1
