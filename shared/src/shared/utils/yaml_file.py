"""Read YAML that people write by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from shared.errors import ConfigurationError

# libyaml's, which reads in a tenth of the time, where the package was built with it.
FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> tuple[Any, Any]:
    """Return a document's root node, which knows its lines, and its value; None and None where it is empty.

    Raises:
        yaml.YAMLError: It is no YAML.
        ValueError: A value is none, as a date that the calendar does not have.
    """
    try:
        return _parse(text, FAST_LOADER)
    except yaml.YAMLError:
        # Tells more of what is wrong, and shows the line.
        return _parse(text, yaml.SafeLoader)


def _parse(text: str, loader_class: Any) -> tuple[Any, Any]:
    loader = loader_class(text)
    try:
        node = loader.get_single_node()
        return node, None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def read_yaml(path: Path) -> Any:
    """Return a file's content; a key that is there twice, of which YAML's own loader takes the last, is an error.

    Raises:
        ConfigurationError: The file is missing or not readable as YAML.
    """
    try:
        node, content = parse_yaml(path.read_text(encoding="utf-8"))
        _refuse_doubled_keys(node)
        return content
    except FileNotFoundError as error:
        raise ConfigurationError(f"no such file: `{path}`", hint="correct the path, or write the file") from error
    # A date that the calendar does not have, or bytes that are no UTF-8, are a mistake in the file too.
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(
            f"not readable as YAML: `{path}`: {' '.join(str(error).split())}", hint="correct the file"
        ) from error


def _refuse_doubled_keys(node: Any) -> None:
    if isinstance(node, yaml.MappingNode):
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, count in keys.items():
            if count > 1:
                raise yaml.constructor.ConstructorError(None, None, f"`{key}` is there twice", node.start_mark)
        for _, value in node.value:
            _refuse_doubled_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_doubled_keys(value)
