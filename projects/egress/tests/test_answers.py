"""Where an answer says what became of each row, by declaration."""

from __future__ import annotations

from typing import Any

import pytest

from egress.kinds.rest.answers import EVERY, Answers, NotUnderstood, Result, reason_at, results_of
from shared.errors import ConfigurationError

KEYS = ["1", "2"]
DEEP = Answers(
    "outcome.items", key="row.id", taken=("ok", "same"), refused=("bad",), status="state", reason="error.message"
)
ENTRIES: list[dict[str, Any]] = [
    {"row": {"id": "1"}, "state": "same"},
    {"row": {"id": 2}, "state": "bad", "error": {"message": "no"}},
]
BY_ORDER = Answers("$", status="ok", taken=(True,), refused=(False,), reason="why.0")
FAULTS = Answers("errors", place="index", refused=EVERY, reason="type")


def told(lists: list[Answers], body: object) -> dict[str, tuple[bool, str | None]]:
    """Return what an answer says of the rows 1 and 2."""
    return {key: (result.taken, result.reason) for key, result in results_of(lists, body, KEYS).items()}


def test_answers_are_read_where_they_are_declared() -> None:
    """Key, status and reason are found at their paths; a key may be a number; another status is not understood."""
    assert told([DEEP], {"outcome": {"items": ENTRIES}}) == {"1": (True, None), "2": (False, "no")}
    wrong: list[object] = [{"outcome": {"items": [{**ENTRIES[0], "state": "maybe"}]}}, {"items": ENTRIES}, [], None]
    wrong.append({"outcome": {"items": [{**ENTRIES[0], "row": {"id": True}}]}})
    for body in wrong:
        with pytest.raises(NotUnderstood):
            results_of([DEEP], body, KEYS)


def test_statuses_are_numbers() -> None:
    """A status may be a number, as HTTP has them; a truth value is none."""
    codes = Answers("$", key="id", taken=(200, 201), refused=(400,))
    assert told([codes], [{"id": "2", "status": 400}, {"id": "1", "status": 201}]) == {
        "1": (True, None),
        "2": (False, None),
    }
    with pytest.raises(NotUnderstood):
        results_of([codes], [{"id": "1", "status": True}], KEYS)


def test_entries_in_the_order_of_rows() -> None:
    """Without keys the n-th entry is the n-th row's; there have to be as many."""
    assert told([BY_ORDER], [{"ok": False, "why": ["dull"]}, {"ok": True}]) == {"1": (False, "dull"), "2": (True, None)}
    with pytest.raises(NotUnderstood, match="1 results for 2 rows"):
        results_of([BY_ORDER], [{"ok": True}], KEYS)


def test_list_of_faults_alone() -> None:
    """Where only what was refused is named, the other rows were taken; without faults there may be no list."""
    assert told([FAULTS], None) == {"1": (True, None), "2": (True, None)}
    assert told([FAULTS], {}) == {"1": (True, None), "2": (True, None)}
    assert told([FAULTS], {"errors": [{"index": 1, "type": {"a": 1}}]}) == {"1": (True, None), "2": (False, '{"a": 1}')}
    with pytest.raises(NotUnderstood, match="a refusal of a row that was not sent"):
        results_of([Answers("errors", key="id", refused=EVERY)], {"errors": [{"id": "1 "}]}, KEYS)
    with pytest.raises(NotUnderstood, match="a result for row 2 of 2, from 0"):
        results_of([FAULTS], {"errors": [{"index": 2}]}, KEYS)


def test_keys_in_another_case() -> None:
    """A key that an answer has in lower case is known again, unless another row's differs from it by case alone."""
    lists = [Answers("$", key="id", taken=EVERY)]
    assert results_of(lists, [{"id": "a"}, {"id": "B"}], ["A", "b"]).keys() == {"A", "b"}
    assert results_of(lists, [{"id": "a"}], ["A", "a"]).keys() == {"a"}


def test_two_lists() -> None:
    """What was taken may be in one list and what was not in another; a row in both, or in neither, is left out."""
    lists = [Answers("good", key="id", taken=EVERY), Answers("bad", key="ids", refused=EVERY)]
    assert told(lists, {"good": [{"id": "1"}], "bad": [{"ids": ["2"]}]}) == {"1": (True, None), "2": (False, None)}
    assert told(lists, {"good": [{"id": "1"}], "bad": [{"ids": ["1"], "reason": "no"}]}) == {}


def test_answer_to_one_row() -> None:
    """An object is the one row's entry, be its status a field or an error that is there; what is empty is none."""
    said = Answers("$", status="ok", taken=(True,), refused=(False,), again=("later",), reason="error")
    assert results_of([said], {"ok": True}, ["1"]) == {"1": Result(True)}
    assert results_of([said], {"ok": False, "error": "dull"}, ["1"]) == {"1": Result(False, "dull")}
    assert results_of([said], {"ok": "later"}, ["1"]) == {"1": Result(False, passing=True)}
    faults = [Answers("data.set.userErrors", refused=EVERY, reason="message"), Answers("errors", again=EVERY)]
    nothing: list[dict[str, Any]] = [{"data": {"set": {"userErrors": []}}}, {"errors": None}, {"errors": {}}]
    for body in nothing:
        assert results_of(faults, body, ["1"]) == {"1": Result(True)}
    two = [{"message": "too long"}, {"message": "too dull"}]
    assert results_of(faults, {"data": {"set": {"userErrors": two}}}, ["1"]) == {"1": Result(False, "too long")}
    assert results_of(faults, {"data": {"set": {"userErrors": two[0]}}}, ["1"]) == {"1": Result(False, "too long")}
    assert results_of(faults, {"errors": [{}]}, ["1"])["1"].passing
    for wrong in ({"ok": "maybe"}, [{"ok": True}, {"ok": True}], []):
        with pytest.raises(NotUnderstood):
            results_of([said], wrong, ["1"])
    with pytest.raises(NotUnderstood, match="1 results for 2 rows"):
        results_of(faults, {"errors": [{}]}, KEYS)


def test_reason_of_a_request() -> None:
    """A reason is found in lists too, and is a text whatever it is."""
    assert reason_at("errors.0.message", {"errors": [{"message": "no"}]}) == "no"
    assert reason_at("$.x", []) is None
    assert reason_at("a", {"a": ["ü"]}) == '["ü"]'


@pytest.mark.parametrize(
    "declared",
    [
        {"taken": ("done",), "refused": ("done",)},
        {},
        {"taken": EVERY, "refused": ("no",)},
        {"taken": ("ok",), "refused": ("no",), "again": ("no",)},
        {"taken": ("ok",), "key": "a", "place": "b"},
    ],
)
def test_answers_that_contradict_themselves(declared: dict[str, Any]) -> None:
    """A status says one thing, an entry is found in one way."""
    with pytest.raises(ConfigurationError):
        Answers("results", **declared)
