"""What is told of deliveries that fail."""

from __future__ import annotations

import pytest
from conftest import DUCKDB_ONLY, MAKE_MODELS, Egress, Sql

from shared.config import get_settings
from shared.monitoring.alerts import Alerts


def failing() -> list[str]:
    """Return what is failed now."""
    return [episode.subject for episode in Alerts.from_settings(get_settings()).failing()]


@DUCKDB_ONLY
def test_failing_target_is_told_once_and_its_recovery(sql: Sql, egress: Egress) -> None:
    """A target that gets nothing is told by its name, and when it does."""
    sql("select 1")
    assert [egress("run"), egress("run", "--target", "files")] == [2, 2]
    assert failing() == ["step deliver: files"]
    sql(MAKE_MODELS)
    assert egress("run") == 0
    assert failing() == []


@DUCKDB_ONLY
def test_target_without_its_setting_is_told(models: Sql, egress: Egress, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that is asked for and not configured stays told, whatever else is delivered."""
    assert egress("run", "--target", "crm") == 2
    assert egress("run", "--target", "files") == 0
    assert failing() == ["step deliver: crm"]
