"""What a collector of OpenLineage events hears of runs, and that no collector can do a run any harm."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dagster_pipes import encode_param
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from shared.monitoring.lineage.client import MOST_EVENT_BYTES, fitting
from shared.monitoring.lineage.events import events_of
from shared.monitoring.lineage.facts import Begun, Ended, Output, Table
from shared.monitoring.lineage.origin import Dataset
from shared.postgres.server import free_port
from shared.testing.collector import Collector, Event, serving_collector
from shared.utils.clock import utc_now
from shared.warehouse import Warehouse

SCRIPT = """
import atexit, sys
from shared.command_line import command
from shared.config import get_settings
from shared.errors import InputError
from shared.monitoring import record_run
from shared.monitoring.lineage import Dataset, Origin
from shared.warehouse import open_warehouse

def main(arguments):
    with open_warehouse(get_settings(), holder="test", role="ingress", mode="write") as warehouse:
        for name in arguments:
            with record_run(warehouse, step="ingest", command=name) as run:
                outside = Dataset.of_url("https://user:secret@erp.example:8443/articles?key=secret")
                origin = Origin((outside,), {"id": "number", "gone": "gone"})
                run.output("raw.articles", rows=3, origin=origin)
                run.output("raw.copy", rows=2, origin=Origin(("raw.articles",), sql=QUERY))
                run.output("raw.untold", rows=1)
                run.output("crm", rows=0)
                if name == "fails":
                    raise InputError("not there: `postgresql://me:pa55w0rd@host/db` with key-of-the-erp\\nmore")
                if name == "interrupted":
                    raise KeyboardInterrupt

QUERY = 'select number + 1 as id from "raw"."articles"'
# Registered first, so called last.
atexit.register(lambda: print("client" if "openlineage" in sys.modules else "no client"))
sys.exit(command(main))
"""
ENGINE = {"duckdb": "v1.5.5", "postgres": "PostgreSQL 17.10"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Serve a collector."""
    with serving_collector() as serving:
        yield serving


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    """Return a warehouse with a table, closed."""
    warehouse.execute("create table raw.articles (id integer, name varchar)")
    warehouse.close()
    return warehouse


def run(url: str | None, *commands: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Record runs in a process of its own."""
    ours = {**({"OPENLINEAGE_URL": url} if url else {}), **variables}
    line = [sys.executable, "-c", SCRIPT, *(commands or ("load",))]
    return subprocess.run(line, env={**os.environ, **ours}, capture_output=True, text=True, timeout=120)


def not_told(project: Path) -> list[str]:
    """Return the reasons that the log has for what was not told."""
    lines = [line for log in (project / "data" / "logs").glob("*.jsonl") for line in log.read_text().splitlines()]
    return [event["reason"] for event in map(json.loads, lines) if event["event"] == "lineage not told"]


def columns(dataset: dict[str, Any]) -> dict[str, list[str]]:
    """Return which fields each column of an output is told to come from."""
    fields = dataset["facets"]["columnLineage"]["fields"]
    return {
        name: [f"{source['name']}: {source['field']}" for source in found["inputFields"]]
        for name, found in fields.items()
    }


def check(event: Event) -> None:
    """Check an event by the client's own classes, and that every facet says whose it is and what it looks like."""
    RunEvent(
        eventType=RunState(event["eventType"]),
        eventTime=event["eventTime"],
        run=Run(event["run"]["runId"]),
        job=Job(event["job"]["namespace"], event["job"]["name"]),
    )
    for holder in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        for facet in holder["facets"].values():
            assert facet["_producer"]
            assert facet["_schemaURL"].startswith("https://openlineage.io/spec/facets/")


def test_collector_is_told_of_a_run(filled: Warehouse, collector: Collector) -> None:
    """A run is START and COMPLETE of its step; each relation a job below with datasets, schema, columns and rows."""
    assert run(collector.url).stdout == "client\n"
    for event in collector.events:
        check(event)
    assert [(event["job"]["name"], event["eventType"]) for event in collector.events] == [
        ("ingest", "START"),
        ("ingest.raw.articles", "START"),
        ("ingest.raw.articles", "COMPLETE"),
        ("ingest.raw.copy", "START"),
        ("ingest.raw.copy", "COMPLETE"),
        ("ingest", "COMPLETE"),
    ]
    whole, made = collector.last("ingest"), collector.last("ingest.raw.articles")
    assert whole["run"]["runId"] == made["run"]["facets"]["parent"]["run"]["runId"]
    assert made["run"]["facets"]["parent"]["job"] == {"namespace": "data-platform", "name": "ingest", "facets": {}}
    engine = whole["run"]["facets"]["processing_engine"]
    assert (engine["name"], engine["version"]) == (filled.engine, ENGINE[filled.engine])
    (source,), (table,) = made["inputs"], made["outputs"]
    assert (source["namespace"], source["name"]) == ("https://erp.example:8443", "/articles")
    place = "postgres://127.0.0.1:" if filled.path is None else f"duckdb://{filled.path}"
    assert table["namespace"].startswith(place)
    assert table["name"].endswith(".raw.articles")
    types = {"duckdb": ["INTEGER", "VARCHAR"], "postgres": ["integer", "character varying"]}[filled.engine]
    assert [(field["name"], field["type"]) for field in table["facets"]["schema"]["fields"]] == list(
        zip(["id", "name"], types, strict=True)
    )
    assert columns(table) == {"id": ["/articles: number"]}
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert [output["name"].partition(".")[2] for output in whole["outputs"]] == ["raw.untold"]


def test_collector_is_told_of_a_failure(filled: Warehouse, collector: Collector) -> None:
    """A failed run is FAIL with the first line of its error, without what is secret; an interrupted one is ABORT."""
    done = run(collector.url, "fails", ERP_TOKEN="key-of-the-erp", OPENLINEAGE_API_KEY="key-of-the-collector")
    assert done.returncode == 2
    event = collector.last("ingest", "FAIL")
    message = event["run"]["facets"]["errorMessage"]["message"]
    assert message == "InputError: not there: `postgresql://***@host/db` with ***"
    assert set(collector.keys) == {"Bearer key-of-the-collector"}
    assert "secret" not in json.dumps(collector.events)
    assert run(collector.url, "interrupted").returncode == 130
    assert collector.states("ingest") == ["START", "FAIL", "START", "ABORT"]


def test_run_of_dagster_is_the_parent(collector: Collector, project: Path) -> None:
    """A run that Dagster has started names Dagster's; OPENLINEAGE_PARENT_ID goes first; what is no id names nobody."""
    dagster, other = str(UUID(int=1)), str(UUID(int=2))
    context = {"asset_keys": ["raw/t"], "extras": {}, "run_id": dagster, "retry_number": 0, "job_name": "platform"}
    pipes = {
        "DAGSTER_PIPES_CONTEXT": encode_param({"data": context}),
        "DAGSTER_PIPES_MESSAGES": encode_param({"path": str(project / "messages")}),
    }
    run(collector.url, **pipes, OPENLINEAGE_NAMESPACE="ours")
    run(collector.url, **pipes, OPENLINEAGE_PARENT_ID=f"airflow/flow.task/{other}")
    run(collector.url, OPENLINEAGE_PARENT_ID="airflow/flow.task/1")
    started = [
        event for event in collector.events if event["eventType"] == "START" and event["job"]["name"] == "ingest"
    ]
    first, second, third = (event["run"]["facets"].get("parent") for event in started)
    assert (first["run"]["runId"], first["job"]["namespace"], first["job"]["name"]) == (dagster, "ours", "platform")
    assert (second["run"]["runId"], second["job"]["namespace"], second["job"]["name"]) == (
        other,
        "airflow",
        "flow.task",
    )
    assert third is None
    below = next(event for event in collector.events if event["job"]["name"] == "ingest.raw.copy")
    assert below["run"]["facets"]["parent"]["root"]["run"]["runId"] == dagster


def test_without_a_collector_the_client_is_not_loaded(project: Path) -> None:
    """Without OPENLINEAGE_URL nothing is told, and the client is not even loaded."""
    done = run(None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "no client\n", "")
    assert not_told(project) == []


@pytest.mark.parametrize("how", ["gone", "silent", "error", "redirect", "slow"])
def test_collector_that_takes_nothing_stops_nothing(collector: Collector, project: Path, how: str) -> None:
    """Whatever becomes of the collector, runs end as without one, and one line of the log says what was lost."""
    collector.delay = 1.2 if how == "slow" else 0.0
    collector.status = {"error": 500, "redirect": 307}.get(how, 200)
    collector.headers = {"Location": "/api/v1/lineage"} if how == "redirect" else {}
    # It takes a connection and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = {"gone": free_port(), "silent": silent.getsockname()[1]}
        done = run(f"http://127.0.0.1:{ports[how]}" if how in ports else collector.url, "load", "fails")
    assert (done.returncode, done.stderr.partition(":")[0]) == (2, "error")
    assert done.stdout == ("no client\n" if how == "gone" else "client\n")
    (reason,) = not_told(project)
    assert (
        reason
        == {
            "gone": "the collector cannot be reached: ConnectionRefusedError",
            "silent": "the collector does not answer within 2 s",
            "error": "the collector answers: 500",
            "redirect": "the collector answers: 307",
            "slow": "the collector is too slow",
        }[how]
    )
    assert len(collector.events) == {"error": 1, "redirect": 1}.get(how, len(collector.events))


@pytest.mark.parametrize(
    ("url", "variables", "warning"),
    [
        ("collector:5000/secret", {}, "OPENLINEAGE_URL is not a web address"),
        ("https://me:secret@collector", {}, "OPENLINEAGE_URL is not a web address"),
        (
            "http://collector.example",
            {"OPENLINEAGE_API_KEY": "secret"},
            "OPENLINEAGE_URL would send OPENLINEAGE_API_KEY unencrypted",
        ),
    ],
)
def test_unusable_address_is_a_warning(project: Path, url: str, variables: dict[str, str], warning: str) -> None:
    """An address that cannot be used is said once, without what is secret in it, and the run goes on."""
    done = run(url, "load", "again", **variables)
    assert done.returncode == 0
    shown, hint = done.stderr.splitlines()
    assert (shown, hint.partition(":")[0]) == (f"warning: {warning}", "hint")
    assert not_told(project) == [warning]
    assert "secret" not in hint


def test_long_event_is_cut() -> None:
    """An event that would be too long is told without where its columns come from, and then without its columns."""
    outside = Dataset("file", "/a")
    table = Table(outside, tuple((f"{place:0>400}", "text") for place in range(1_000)))
    begun = Begun(str(UUID(int=1)), "ours", "ingest", utc_now().replace(tzinfo=timezone.utc), "duckdb", "1", None)
    facets = []
    for count in (1_000, 10_000):
        fields = table.fields * (count // 1_000)
        made = Table(Dataset("file", "/b"), fields)
        columns = {name: ((outside, name),) for name, _ in table.fields}
        output = Output("raw.t", (made,), 1, None, {"0": table}, columns, is_derived=True)
        event = fitting(list(events_of(Ended(begun, "succeeded", begun.at, (output,))))[1])
        assert len(Serde.to_json(event)) <= MOST_EVENT_BYTES
        facets.append(sorted((event.outputs or [])[0].facets or {}))
    assert facets == [["schema"], []]
