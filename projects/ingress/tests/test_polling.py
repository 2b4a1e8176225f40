"""What is polled, and what is told of loads that fail."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from conftest import LoyaltyApi, Project, customer, on_duckdb_alone

from shared.config import get_settings
from shared.monitoring.alerts import Alerts
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse


def failing() -> list[str]:
    """Return what is failed now."""
    return [episode.subject for episode in Alerts.from_settings(get_settings()).failing()]


def let_pass(minutes: float) -> None:
    """Make all runs so many minutes older."""
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        moved = "update ops.run set finished_at = finished_at - $1 * interval '1 minute'"
        warehouse.execute(moved, [minutes])


def test_poll_loads_what_is_due(project: Project, loyalty: LoyaltyApi) -> None:
    """The first call loads the API, the next ones only once its interval is over; a failure makes that longer."""
    project.customers("a.csv", customer(1))
    assert project.ingress("poll")[0] == 0
    assert project.fetch("select command, status from ops.run") == [("poll", "succeeded")]
    code, said = project.ingress("poll")
    assert (code, "loyalty: due at 20" in said, len(project.fetch("select 1 from ops.run"))) == (0, True, 1)
    let_pass(17)
    loyalty.total = 7
    assert project.ingress("poll")[0] == 1
    let_pass(17)
    code, said = project.ingress("poll")
    (due,) = re.findall("loyalty: due at (.*) UTC", said)
    left = datetime.fromisoformat(due) - utc_now()
    assert (code, timedelta(minutes=9) < left < timedelta(minutes=17)) == (0, True)
    let_pass(17)
    loyalty.total = None
    assert project.ingress("poll")[0] == 0


@on_duckdb_alone
def test_poll_waits_for_nobody(project: Project, loyalty: LoyaltyApi) -> None:
    """Where somebody writes cron's next call looks again; a source without a declaration is named."""
    with open_warehouse(get_settings(), holder="a long load", role="ingress", mode="write"):
        code, said = project.ingress("poll")
    assert (code, "nothing is polled now" in said, loyalty.asked) == (0, True, [])
    code, said = project.ingress("poll", "--source", "crm")
    assert code == 2
    assert "error: not polled: `crm`\nhint: give its source a `poll`; polled are: loyalty" in said


@on_duckdb_alone
def test_poll_without_its_setting(project: Project) -> None:
    """A source that is not configured is skipped by name, as by `ingest`."""
    assert project.ingress("poll") == (0, "loyalty: skipped, LOYALTY_API_URL is not set\n")


@on_duckdb_alone
def test_failing_source_is_told_once_and_its_recovery(project: Project) -> None:
    """A source that cannot be loaded is told by its name, whichever command finds that or finds it loaded again."""
    project.pos()
    assert [project.ingress("run")[0], project.ingress("run", "--source", "crm")[0]] == [2, 2]
    assert failing() == ["step ingest: crm"]
    project.customers("a.csv", customer(1))
    code, said = project.ingress("run")
    assert (code, said.count("recovered: "), failing()) == (0, 1, [])


@on_duckdb_alone
def test_warehouse_that_cannot_be_opened_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps every source from being loaded is told once, and is over as soon as one gets to be tried."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0")
    with open_warehouse(get_settings(), holder="a long load", role="ingress", mode="write"):
        assert project.ingress("run", "--source", "crm")[0] == 1
    assert failing() == ["step ingest"]
    project.ingress("run", "--source", "pos")
    assert failing() == ["step ingest: pos"]
