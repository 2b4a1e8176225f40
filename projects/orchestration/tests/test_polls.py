"""When the graph asks a source by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    DagsterInstance,
    DagsterRunStatus,
    Definitions,
    RunRequest,
    SensorDefinition,
    SensorResult,
    asset,
    build_sensor_context,
    define_asset_job,
)
from orchestration.defs import polls
from orchestration.defs.polls import TAG, poll_sensor
from orchestration.graph.lists import refresh_lists

from shared.config import Settings, get_settings
from shared.monitoring import record_run
from shared.monitoring.polling import Poll, note_attempt
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse

POLL = Poll(timedelta(minutes=15))
API = AssetKey(["raw", "members"])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings whose data folder is the test's own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    return get_settings()


def attempt(settings: Settings, *, loaded: bool | None, minutes_ago: float = 0) -> None:
    """Enter in the ledger what a load of the source has come to, or nothing of it."""
    with open_warehouse(settings, holder="test", role="ingress", mode="write") as warehouse:
        with record_run(warehouse, step="ingest", command="test") as run:
            if loaded is not None:
                note_attempt(run, "api", loaded=loaded)
        warehouse.execute(
            "update ops.run set finished_at = finished_at - $1 * interval '1 minute' where run_id = $2",
            [minutes_ago, run.id],
        )


class Watch:
    """The sensor of a source, and its looks one after the other."""

    def __init__(self, settings: Settings, instance: DagsterInstance) -> None:
        @asset(key=API, tags={"source": "api"})
        def members() -> None: ...

        @asset(tags={"source": "api", "on_request": "true"})
        def rarely() -> None: ...

        @asset(deps=[members])
        def made_of_it() -> None: ...

        self.instance = instance
        self.sensor: SensorDefinition = poll_sensor("api", POLL, settings)
        self.job = define_asset_job("platform")
        definitions = Definitions([members, rarely, made_of_it], jobs=[self.job], sensors=[self.sensor])
        self.repository = definitions.get_repository_def()
        self.cursor: str | None = None

    def look(self) -> list[RunRequest]:
        """Return what one look asks for."""
        result = self.sensor(build_sensor_context(self.instance, self.cursor, repository_def=self.repository))
        if not isinstance(result, SensorResult):
            return []
        self.cursor = result.cursor
        return list(result.run_requests or ())


@pytest.fixture
def watch(settings: Settings) -> Watch:
    """Return the sensor of a source, which has not looked yet."""
    return Watch(settings, DagsterInstance.ephemeral())


def test_source_that_is_due_is_asked_for_alone(settings: Settings, watch: Watch) -> None:
    """Once its interval is over a source's own tables are asked for, once, and not before."""
    assert watch.look() == []
    attempt(settings, loaded=True, minutes_ago=14)
    assert watch.look() == []
    attempt(settings, loaded=True, minutes_ago=17)
    (request,) = watch.look()
    assert (request.asset_selection, request.tags[TAG]) == ([API], "api")
    assert watch.look() == []


def test_run_under_way_is_not_asked_for_again(settings: Settings, watch: Watch) -> None:
    """However long a run waits or takes, no second one of its source is asked for."""
    attempt(settings, loaded=True, minutes_ago=1_000)
    job = watch.repository.get_job("platform")
    run = watch.instance.create_run_for_job(job, tags={TAG: "api"}, status=DagsterRunStatus.STARTED)
    assert watch.look() == []
    watch.instance.report_run_failed(run)
    assert len(watch.look()) == 1


def test_run_that_left_nothing_in_the_ledger_has_failed(settings: Settings, watch: Watch) -> None:
    """A run that died before it could enter anything is followed by the next one after twice the interval."""
    attempt(settings, loaded=None)
    assert len(watch.look()) == 1
    assert watch.cursor
    for minutes, asked in ((29, 0), (34, 1)):
        watch.cursor = (utc_now() - timedelta(minutes=minutes)).isoformat()
        assert len(watch.look()) == asked


def test_a_busy_warehouse_is_not_waited_for(settings: Settings, watch: Watch) -> None:
    """Whoever writes is not waited for; the next look comes soon."""
    attempt(settings, loaded=True, minutes_ago=1_000)
    with open_warehouse(settings, holder="a long load", role="ingress", mode="write"):
        assert watch.look() == []
    assert len(watch.look()) == 1


def test_sensor_is_that_of_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that declares how it is polled has a sensor of its own once it is configured, and none before."""
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    monkeypatch.delenv("LOYALTY_API_URL", raising=False)
    refresh_lists(get_settings())
    assert not polls.defs().sensors
    monkeypatch.setenv("LOYALTY_API_URL", "http://127.0.0.1:9")
    assert [each.name for each in polls.defs().sensors or ()] == ["poll_loyalty"]
