"""YAML that people write by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shared.errors import ConfigurationError
from shared.utils.yaml_file import FAST_LOADER, parse_yaml, read_yaml


def test_nodes_know_their_lines_and_make_up_the_value() -> None:
    """A document is read once, by libyaml, as nodes with their lines and as the value that YAML's own loader makes."""
    text = "a: 1\nb:\n  - 2026-01-31\n  - {c: yes}\n"
    node, value = parse_yaml(text)
    assert FAST_LOADER is yaml.CSafeLoader
    assert value == yaml.safe_load(text)
    assert node.value[1][1].value[1].start_mark.line == 3
    assert parse_yaml("# nothing\n") == (None, None)


def test_a_mistake_is_told_with_the_line_that_has_it(tmp_path: Path) -> None:
    """The message names what is wrong and shows where, and a key that is there twice is no other than an error."""
    path = tmp_path / "a.yaml"
    for text, said in (
        ("a: 1\nb: *other\n", "undefined alias 'other'"),
        ("a: [1\n", "a: [1 ^"),
        ("a: {b: 1, b: 2}", "twice"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            read_yaml(path)
        assert said in str(caught.value)
