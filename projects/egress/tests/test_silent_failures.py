"""Answers whose status is a success and whose text says otherwise: nothing is marked that nobody has confirmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Sql
from contacts import CONTACTS


@pytest.mark.parametrize(
    ("status", "body", "by"),
    [
        (207, {"items": [{"status": 500}]}, "207"),
        (200, {"ok": False, "error": "channel_not_found"}, "ok"),
        (200, {"data": None, "errors": [{"message": "no such field"}]}, "errors"),
        (202, {"error": {"code": 7}}, "error"),
    ],
)
def test_success_that_says_that_it_failed(
    deliver: Callable[..., Any], contacts: Sql, capfd: Any, status: int, body: dict[str, Any], by: str
) -> None:
    """Where a target declares nothing of answers, one that names a failure confirms no row and says what to declare."""
    _, run = deliver(lambda *_: (status, body), rows="rows")
    assert run() == 1
    told = capfd.readouterr().err
    assert f"error: the API answered {status} and says by `{by}`" in told and "declare `answers`" in told
    assert contacts("select count(*) from ops.delivery") == [(0,)]


def test_field_of_a_row_that_comes_back_is_no_failure(deliver: Callable[..., Any], contacts: Sql) -> None:
    """What is empty, or a number, or a row's own field, is no failure."""
    bodies = iter([{"ok": False, "errors": [], "error": 0}, {"success": True, "error": None}])
    _, run = deliver(lambda *_: (200, next(bodies, {})), fields={"contact_id": "contact_id", "ok": "surname"})
    assert run() == 0
    assert contacts("select count(*) from ops.delivery where status = 'delivered'") == [(CONTACTS,)]
