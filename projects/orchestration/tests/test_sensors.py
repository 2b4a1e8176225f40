"""What sensors ask for and tell."""

from __future__ import annotations

import gzip
import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    DagsterInstance,
    Definitions,
    RunRequest,
    SensorDefinition,
    SensorResult,
    asset,
    build_run_status_sensor_context,
    build_sensor_context,
    define_asset_job,
    job,
    op,
)
from orchestration.defs.sensors import drop_sensor, drops_of_labs, drops_of_sources, failure_alert, recovery_alert
from orchestration.graph.drops import Drop, dropped
from orchestration.graph.freshness import tell_age
from orchestration.supervise.dead_runs import MESSAGE
from orchestration.told import tags_of_materialize

from shared.config import Settings, get_settings
from shared.monitoring import record_run
from shared.monitoring.alerts import Alerts
from shared.utils.clock import utc_now
from shared.warehouse import open_warehouse


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings whose data folder is the test's own; alerts go into a file there."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ALERT_FILE", str(tmp_path / "alerts.jsonl"))
    return get_settings()


def alerts(settings: Settings) -> list[tuple[str, str]]:
    """Return kind and subject of each alert that was told."""
    file = settings.data_dir / "alerts.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(line["kind"], line["subject"]) for line in map(json.loads, lines)]


class Watch:
    """A sensor on the folder `drop` of one source, and its looks one after the other."""

    def __init__(self, settings: Settings, *patterns: str) -> None:
        @asset(key=AssetKey(["raw", "customers"]), tags={"source": "crm"})
        def raw() -> None: ...

        @asset(key=AssetKey(["core", "customers"]), deps=[raw])
        def core() -> None: ...

        self.folder = settings.data_dir / "drop"
        self.folder.mkdir()
        drop = Drop("crm", self.folder, patterns, AssetSelection.tag("source", "crm").downstream())
        self.sensor: SensorDefinition = drop_sensor("files", "platform", [drop], settings)
        platform = define_asset_job("platform", AssetSelection.all())
        self.repository = Definitions([raw, core], jobs=[platform], sensors=[self.sensor]).get_repository_def()
        self.cursor: str | None = None

    def look(self, *, lost: bool = False) -> list[RunRequest]:
        """Return what one look asks for; where it is lost, Dagster was killed before it could keep that."""
        with DagsterInstance.ephemeral() as instance:
            context = build_sensor_context(instance, self.cursor, repository_def=self.repository)
            result = self.sensor(context)
        assert isinstance(result, SensorResult)
        if not lost:
            self.cursor = result.cursor
        return list(result.run_requests or ())

    def drop(self, name: str, text: str | bytes) -> None:
        """Drop a file that has come to rest."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (time.time() - 60, time.time() - 60))


@pytest.fixture
def watch(settings: Settings) -> Watch:
    """Return a sensor that has looked once, at an empty folder."""
    watching = Watch(settings, "*.csv", "days/**/*.jsonl.gz", "*.parquet")
    assert watching.look() == []
    return watching


def test_files_of_each_format_are_watched(settings: Settings) -> None:
    """Folders of files are watched by their patterns, whatever the format; not what comes on request or by a server."""
    there = {"drop_folder": "landing/shop", "on_request": False}
    resources = [
        {**there, "name": "orders", "pattern": "*.jsonl.gz"},
        {**there, "name": "prices", "pattern": "prices.parquet"},
        {**there, "name": "all", "pattern": "*.csv", "on_request": True},
        {"name": "members", "drop_folder": None, "pattern": None, "on_request": False},
    ]
    drops = drops_of_sources([{"name": "shop", "resources": resources}], settings)
    assert [(each.name, each.folder.name, each.patterns) for each in drops] == [
        ("shop.orders", "shop", ("*.jsonl.gz",)),
        ("shop.prices", "shop", ("prices.parquet",)),
    ]
    folder = settings.landing_dir / "shop"
    folder.mkdir(parents=True)
    assert list(dropped(drops, settings, ())) == []
    for name in ("a.jsonl.gz", "prices.parquet", "other.parquet"):
        (folder / name).write_bytes(b"\x1f\x8b PAR1")
        os.utime(folder / name, (time.time() - 60, time.time() - 60))
    assert [found.names for found in dropped(drops, settings, ())] == [("a.jsonl.gz",), ("prices.parquet",)]


def test_a_new_file_asks_for_what_comes_of_it(watch: Watch) -> None:
    """A dropped file asks once for the source's tables and all that depends on them."""
    watch.drop("a.csv", "id\n1\n")
    (request,) = watch.look()
    assert request.asset_selection == [AssetKey(["core", "customers"]), AssetKey(["raw", "customers"])]
    assert request.tags["files"] == "a.csv"
    assert watch.look() == []


def test_files_of_any_pattern_are_watched(watch: Watch) -> None:
    """Packed lines of JSON and parquet ask as CSV does, each where its pattern says; others do not."""
    lines = gzip.compress(b'{"id": 1}\n')
    for name, content, asks in (
        ("days/1.jsonl.gz", lines, True),
        ("days/2/3/1.jsonl.gz", lines, True),
        ("1.jsonl.gz", lines, False),
        ("days/1.csv", "id\n1\n", False),
        ("1.parquet", b"PAR1", True),
        ("1.json", "{}", False),
    ):
        watch.drop(name, content)
        assert [request.tags["files"] for request in watch.look()] == ([name] if asks else [])
        assert watch.look() == []


def test_what_a_lab_fetches_is_no_drop(settings: Settings) -> None:
    """Files that a lab's load has fetched from a place do not ask for another run; dropped ones do."""

    def patterns(*fetched: bool) -> tuple[str, ...]:
        raw = [{"name": f"t{number}", "fetched": each} for number, each in enumerate(fetched)]
        (drop,) = drops_of_labs([{"name": "a", "raw_dir": "a/raw", "raw": raw}], settings)
        return drop.patterns

    assert "**/*.csv" in patterns(False, False)
    found = patterns(True, False)
    assert {"t1.csv", "t1/*.csv.gz"} <= {*found}
    assert all(pattern.startswith("t1") for pattern in found)


def test_a_changed_file_asks_again(watch: Watch) -> None:
    """A file with other content is another drop, with a key of its own; one that was only touched is none."""
    watch.drop("a.csv", "id\n1\n")
    (first,) = watch.look()
    assert watch.look() == []
    watch.drop("a.csv", "id\n2\n")
    (second,) = watch.look()
    assert first.run_key != second.run_key
    assert watch.look() == []
    watch.drop("a.csv", "id\n2\n")
    assert watch.look() == []


def test_a_look_that_was_lost_is_repeated(watch: Watch) -> None:
    """Where Dagster is killed before it has kept what was asked for, the next look asks for the same run."""
    watch.drop("a.csv", "id\n1\n")
    assert [request.run_key for request in watch.look(lost=True)] == [request.run_key for request in watch.look()]


def test_what_lay_there_before_is_not_new(settings: Settings) -> None:
    """Files that are there when the folder is looked at for the very first time ask for nothing."""
    watching = Watch(settings, "*.csv")
    watching.drop("a.csv", "id\n1\n")
    assert (watching.look(), watching.look()) == ([], [])


@pytest.mark.usefixtures("warehouse_url")
def test_old_tables_are_told_until_they_are_loaded(settings: Settings) -> None:
    """A table that was loaded too long ago, or never, is told once, and a load ends that."""
    relations, told = ["raw.old", "raw.never"], Alerts.from_settings(settings)
    with (
        open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse,
        record_run(warehouse, step="ingest", command="test") as run,
    ):
        run.output("raw.old", rows=1)
    settings = get_settings()
    with open_warehouse(settings, holder="test", role="ingress", mode="write") as warehouse:
        warehouse.execute("update ops.run set finished_at = $1", [utc_now() - timedelta(hours=30)])
    for _ in range(2):
        assert tell_age(relations, 26, settings, told) == "2 of 2 raw tables are too old"
    assert alerts(settings) == [("failed", "freshness of raw.old"), ("failed", "freshness of raw.never")]
    assert tell_age(relations, 36, settings, told) == "1 of 2 raw tables are too old"
    assert alerts(settings)[2:] == [("recovered", "freshness of raw.old")]


@pytest.mark.usefixtures("warehouse_url")
def test_a_load_in_the_future_is_not_fresh(settings: Settings) -> None:
    """A load that a wrong clock has dated ahead is told as that; the next one that is dated right ends it."""
    told = Alerts.from_settings(settings)
    for minutes in (60 * 24, 2):
        with (
            open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse,
            record_run(warehouse, step="ingest", command="test") as run,
        ):
            run.output("raw.t", rows=1)
        with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
            ahead = utc_now() + timedelta(minutes=minutes)
            warehouse.execute("update ops.run set finished_at = $1 where run_id = $2", [ahead, run.id])
        tell_age(["raw.t"], 26, settings, told)
    assert alerts(settings) == [("failed", "freshness of raw.t"), ("recovered", "freshness of raw.t")]
    assert "in the future: a clock is or was wrong" in (settings.data_dir / "alerts.jsonl").read_text()


def test_no_warehouse_is_not_old(settings: Settings) -> None:
    """Where nothing was ever loaded there is nothing to tell."""
    assert tell_age(["raw.t"], 26, settings, Alerts.from_settings(settings)) == "there is no warehouse yet"
    assert alerts(settings) == []


def test_a_busy_warehouse_is_looked_at_later(settings: Settings) -> None:
    """Whoever writes is not waited for."""
    with open_warehouse(settings, holder="a long load", role="ingress", mode="write"):
        assert "a long load" in tell_age(["raw.t"], 26, settings, Alerts.from_settings(settings))


def test_a_failed_run_is_told_and_its_recovery(settings: Settings) -> None:
    """A run that fails is told once under its job's name, and the next one that succeeds ends that."""
    broken = True

    @op
    def work() -> None:
        if broken:
            raise ValueError("no")

    @job
    def platform() -> None:
        work()

    with DagsterInstance.ephemeral() as instance:
        for broken in (True, True, False, False):
            result = platform.execute_in_process(instance=instance, raise_on_error=False)
            ended = result.get_run_failure_event() if broken else result.get_run_success_event()
            context = build_run_status_sensor_context("test", ended, instance, result.dagster_run)
            if broken:
                failure_alert(context.for_run_failure())
            else:
                recovery_alert(context)
    assert alerts(settings) == [("failed", "job platform"), ("recovered", "job platform")]


@pytest.mark.parametrize(
    ("tags", "repeated", "message", "told"),
    [
        (tags_of_materialize(), None, None, False),
        (tags_of_materialize(), None, MESSAGE, True),
        (tags_of_materialize(), "1", None, True),
        ({}, None, None, True),
    ],
)
def test_what_materialize_tells_itself_is_not_told_again(
    settings: Settings, tags: dict[str, str], repeated: str | None, message: str | None, told: bool
) -> None:
    """A run of `materialize` is told by that, unless it was killed; a run that repeats one is told like any other."""

    @job
    def platform() -> None: ...

    with DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(platform, tags=tags, parent_run_id=repeated, root_run_id=repeated)
        event = instance.report_run_failed(run, message)
        failure_alert(build_run_status_sensor_context("test", event, instance, run).for_run_failure())
    assert alerts(settings) == ([("failed", "job platform")] if told else [])
