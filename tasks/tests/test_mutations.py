"""The list of mutations stays true while the source moves."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FEWEST = 40
LISTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (ROOT / "benchmarks/mutations").glob("*.toml")}
MUTATIONS: list[dict[str, Any]] = [mutation for table in LISTS.values() for mutation in table["mutation"]]


def test_there_are_enough_and_each_has_its_name() -> None:
    """At least 40 places are broken, each under a name of its own."""
    assert len(MUTATIONS) >= FEWEST
    assert [name for name, count in Counter(entry["name"] for entry in MUTATIONS).items() if count > 1] == []


@pytest.mark.parametrize("suite", LISTS)
def test_each_text_is_there_once(suite: str) -> None:
    """Each mutation's text stands in its file just once, and something else takes its place."""
    entries = LISTS[suite]["mutation"]
    counts = {entry["name"]: (ROOT / entry["file"]).read_text("utf-8").count(entry["old"]) for entry in entries}
    assert {name: count for name, count in counts.items() if count != 1} == {}
    assert [entry["name"] for entry in entries if entry["old"] == entry["new"]] == []


@pytest.mark.parametrize("suite", LISTS)
def test_each_has_tests_that_are_there(suite: str) -> None:
    """Each mutation names tests, and what it names is a test of its file."""
    for entry in LISTS[suite]["mutation"]:
        assert entry["tests"], entry["name"]
        for test in entry["tests"]:
            file, _, name = test.partition("::")
            assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), entry["name"]
