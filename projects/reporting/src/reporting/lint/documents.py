"""YAML files with the line of everything in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reporting.lint.findings import Finding
from shared.utils.yaml_file import parse_yaml

Keys = Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """A file's content, and where in the file what is.

    Attributes:
        path: The file.
        content: What it holds.
        node: The same as YAML's tree, with positions.
    """

    path: Path
    content: Any
    node: yaml.Node

    def line(self, keys: Keys) -> int:
        """Return the line of what `keys` lead to, or of the last of them that is there."""
        node: yaml.Node = self.node
        line: int = node.start_mark.line
        for key in keys:
            found = child(node, key)
            if found is None:
                break
            line, node = found
        return line + 1

    def finding(self, keys: Keys, message: str, hint: str) -> Finding:
        """Return a finding at the place that `keys` lead to."""
        return Finding(self.path, self.line(keys), message, hint)


def child(node: yaml.Node, key: str | int) -> tuple[int, yaml.Node] | None:
    """Return the line of an entry of a mapping or sequence, and the entry."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line, node.value[key]
    return None


def read_document(path: Path) -> Document | Finding:
    """Return a file's content, or what keeps it from being read."""
    try:
        node, content = parse_yaml(path.read_text(encoding="utf-8"))
        if node is None:
            return Finding(path, 1, "the file is empty", "write what it should hold, or remove it")
        for line, key in doubled_keys(node):
            return Finding(path, line, f"a key that is there twice: `{key}`", "keep one of them")
        return Document(path, content, node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Finding(path, line, f"not readable as YAML: {error.problem}", "correct the file")
    # A date that the calendar does not have, or bytes that are no UTF-8.
    except (yaml.YAMLError, ValueError) as error:
        return Finding(path, 1, f"not readable as YAML: {' '.join(str(error).split())}", "correct the file")


def doubled_keys(node: yaml.Node) -> Iterator[tuple[int, str]]:
    """Return keys that a mapping has more than once, with the line of the later one."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode):
                if name.value in seen:
                    yield name.start_mark.line + 1, name.value
                seen.add(name.value)
            yield from doubled_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from doubled_keys(value)
