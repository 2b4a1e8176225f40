"""A suite is read as it is written; every mistake in it is named with its place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.data_quality.expectations import Suite, load_suite
from shared.data_quality.expectations.checks import CHECKS, Freshness, InRange, InSet
from shared.errors import ConfigurationError

HEAD = "version: 1\ntables:\n  gold.sales:\n    expect:\n"


def written(tmp_path: Path, text: str) -> Path:
    """Write a suite."""
    path = tmp_path / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistake(tmp_path: Path, entry: str) -> str:
    """Return what is said of a suite with one wrong entry."""
    with pytest.raises(ConfigurationError) as raised:
        load_suite(written(tmp_path, f"{HEAD}      {entry}\n"))
    assert raised.value.hint
    first, *lines = raised.value.message.splitlines()
    assert first == f"not a suite of expectations: `{tmp_path / 'suite.yaml'}`"
    return "\n".join(line.strip() for line in lines)


def test_whole_suite(tmp_path: Path) -> None:
    """Every check can be written, named, made a warning and given a condition; a check without a name has one made."""
    suite = load_suite(
        written(
            tmp_path,
            """
version: 1
tables:
  gold.sales:
    key: [week, department]
    expect:
      - not_null: {columns: [week, department]}
      - unique: {columns: [week, department]}
        severity: warn
      - in_set: {column: department, values: [GROCERY, 'no']}
      - in_range: {column: sales, minimum: 0, maximum: 1_000_000}
        where: department <> 'total'
      - in_range: {column: sales, maximum: 10}
        where: department = 'GROCERY'
        name: few groceries
      - matches: {column: code, regex: '^[A-Z]{2}\\d+$'}
      - foreign_key: {columns: [store_id], references: {table: silver.stores, columns: [id]}}
      - row_count: {minimum: 1}
      - freshness: {column: loaded_at, within: 36 hours, since: 2024-01-01T02:00:00+02:00}
      - distribution_shift: {column: sales, baseline: stored}
  silver.stores:
    expect:
      - row_count: {maximum: 5}
""",
        )
    )
    expectations = suite.tables["gold.sales"].expect
    assert {expectation.check.kind for expectation in expectations} == set(CHECKS)
    assert [expectation.name for expectation in expectations[:5]] == [
        "not_null: week, department",
        "unique: week, department",
        "in_set: department",
        "in_range: sales",
        "few groceries",
    ]
    assert [expectation.severity for expectation in expectations[:3]] == ["error", "warn", "error"]
    freshness = expectations[8].check
    assert isinstance(freshness, Freshness)
    assert freshness.within == timedelta(hours=36)


def test_suite_from_python() -> None:
    """Python makes a suite of the same content, dates and timestamps included."""
    entries = [
        {"in_range": {"column": "d", "minimum": date(2024, 1, 1), "maximum": datetime(2024, 1, 1, 5)}},
        {"in_set": {"column": "b", "values": [True]}},
    ]
    suite = Suite.model_validate({"version": 1, "tables": {"a.b": {"expect": entries}}})
    ranged, chosen = (expectation.check for expectation in suite.tables["a.b"].expect)
    assert isinstance(ranged, InRange)
    assert ranged.minimum == date(2024, 1, 1)
    assert isinstance(chosen, InSet)
    assert chosen.values == [True]
    assert chosen.expected == "`b` one of true"
    assert Suite(version=1, tables=suite.tables) == suite
    with pytest.raises(ValidationError):
        Suite.model_validate({"version": 1, "tables": {}})


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "- not_nul: {columns: [a]}",
            "line 5, tables.gold.sales.expect.0: no such check: `not_nul`; did you mean `not_null`?",
        ),
        ("- accepted_values: {column: a}", "it is called `in_set` here"),
        ("- zzz: {}", "there is: distribution_shift, foreign_key"),
        ("- not_null: {column: [a]}", "expect.0.not_null.column: no such key; did you mean `columns`?"),
        ("- not_null: {columns: a}", "expect.0.not_null.columns: input should be a valid list"),
        ("- not_null: {columns: []}", "at least 1 item"),
        ("- not_null: {columns: [a, a]}", "a column is named twice"),
        ("- not_null: {columns: [1]}", "expect.0.not_null.columns.0: input should be a valid string"),
        ("- not_null: {columns: ['']}", "at least 1 character"),
        ('- not_null: {columns: ["\\0"]}', "NUL"),
        ("- not_null: [a]", "the arguments of `not_null` are keys and values"),
        ("- not_null: {columns: [a], kind: b}", "the arguments of `not_null` are keys and values"),
        ("- not_null: {columns: [a]}\n        unique: {columns: [a]}", "this one has 2: `not_null`, `unique`"),
        ("- severity: warn", "this one has 0"),
        ("- not_null", "an entry is a check with its arguments"),
        ("- not_null: {columns: [a]}\n        severity: fatal", "line 6, tables.gold.sales.expect.0.severity"),
        ("- not_null: {columns: [a]}\n        name: ''", "the name is empty"),
        ("- in_set: {column: a, values: [null]}", "use `not_null`"),
        ("- in_set: {column: a, values: [b, no]}", "values of different kinds: `boolean`, `text`; put texts in quotes"),
        ("- in_set: {column: a, values: [.nan]}", "not a finite number"),
        ("- in_range: {column: a}", "give a `minimum`, a `maximum` or both"),
        ("- in_range: {column: a, minimum: 2, maximum: 1}", "`minimum` is greater than `maximum`"),
        ("- in_range: {column: a, minimum: 2024-01-02, maximum: 2024-01-01}", "`minimum` is greater than `maximum`"),
        ("- in_range: {column: a, minimum: 1, maximum: 2024-01-01}", "are numbers, or dates and timestamps"),
        ("- in_range: {column: a, minimum: b}", "are numbers, or dates and timestamps"),
        ("- matches: {column: a, regex: '(?=a)'}", "`(?` begins a lookaround, a flag or a named group"),
        ("- row_count: {minimum: 1.5}", "input should be a valid integer"),
        ("- row_count: {minimum: true}", "input should be a valid integer"),
        ("- freshness: {column: a, within: 7 dys}", "as `7 days`"),
        (
            "- freshness: {column: a, within: 1 day, since: then}",
            "`now`, a date, a timestamp, or {table: …, column: …}",
        ),
        ("- freshness: {column: a, within: 1 day, since: {table: a, column: b}}", "since.table: not a table's name"),
        ("- foreign_key: {columns: [a], references: {table: a.b, columns: [a, b]}}", "different numbers of columns"),
        ("- distribution_shift: {column: a, baseline: other}", "`stored`, or {table: …, column: …}"),
        ("- distribution_shift: {column: a, baseline: stored, statistic: ks}", "input should be 'psi'"),
        ("- not_null: {columns: [a]}\n      - not_null: {columns: [a]}", "the same check twice"),
        ("- not_null: {columns: [a]}\n      - not_null: {columns: [a]}\n        name: b", "the same check twice"),
        (
            "- in_range: {column: a, minimum: 1}\n      - in_range: {column: a, maximum: 1}",
            "two checks called `in_range: a`: give one of them a `name`",
        ),
    ],
)
def test_mistake_in_an_entry(tmp_path: Path, entry: str, said: str) -> None:
    """A mistake is said with the line of the file and the path to it."""
    assert said in mistake(tmp_path, entry)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: {a.b: {expect: [{row_count: {minimum: 1}}]}}", "line 1, version: field required"),
        ("version: 2\ntables: {a.b: {expect: [{row_count: {minimum: 1}}]}}", "line 1, version: input should be 1"),
        ("version: 1\ntable: {}", "line 2, table: no such key; did you mean `tables`?"),
        (
            "version: 1\ntables:\n  sales: {expect: [{row_count: {minimum: 1}}]}",
            "line 3, tables.sales: not a table's name",
        ),
        ("version: 1\ntables:\n  a.b.c: {expect: [{row_count: {minimum: 1}}]}", "not a table's name"),
        ("version: 1\ntables:\n  a.b: {expect: []}", "at least 1 item"),
        ("- 1", "line 1: input should be a valid dictionary"),
        ("", "line 1: input should be a valid dictionary"),
        ("version: 1\ntables:\n  a.b: {}\n  a.b: {}", "`a.b` is there twice"),
    ],
)
def test_mistake_in_the_frame(tmp_path: Path, text: str, said: str) -> None:
    """What is around the checks is held to its form too; a key that stands twice is not dropped in silence."""
    with pytest.raises(ConfigurationError) as raised:
        load_suite(written(tmp_path, text))
    assert said in raised.value.message
    assert raised.value.hint


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    """All mistakes of a file are in one message, up to a number that one can read."""
    entries = "".join(f"      - nosuch{number}: {{}}\n" for number in range(12))
    with pytest.raises(ConfigurationError) as raised:
        load_suite(written(tmp_path, HEAD + entries))
    assert len(raised.value.message.splitlines()) == 12
    assert raised.value.message.endswith("and 2 more")


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\ttab", "a: !!python/object:os.system {}", "a: 2024-13-01"])
def test_no_yaml(tmp_path: Path, text: str) -> None:
    """A file that is no plain YAML is the user's mistake."""
    with pytest.raises(ConfigurationError) as raised:
        load_suite(written(tmp_path, text))
    assert str(tmp_path) in raised.value.message


def test_unreadable_file(tmp_path: Path) -> None:
    """A file that is not there, or not UTF-8, is the user's mistake."""
    with pytest.raises(ConfigurationError, match="no such file"):
        load_suite(tmp_path / "nosuch.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(ConfigurationError, match="not readable as YAML"):
        load_suite(tmp_path / "latin.yaml")
