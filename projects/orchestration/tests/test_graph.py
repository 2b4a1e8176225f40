"""The graph: its assets, checks, jobs, schedules and sensors, made from what the projects themselves say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, AssetsDefinition, Definitions, RepositoryDefinition, SensorDefinition
from orchestration.definitions import defs
from orchestration.graph.dbt import MADE
from orchestration.graph.lists import read_list, read_manifest, refresh_lists
from orchestration.graph.projects import (
    EGRESS,
    ENTITY_RESOLUTION,
    INGRESS,
    LABS,
    REPORTING,
    TRANSFORMATION,
    Project,
)

from shared.config import get_settings

DEMO = ("crm", "erp", "loyalty", "pos", "supplier")
SNAPSHOT = Path(__file__).with_name("graph.json")
OUTSIDE = ("ERP_URL", "LOYALTY_API_URL", "CRM_API_URL", "TABLE_TARGET_URL", "CRM_TARGET_NAME", "TABLE_TARGET_NAME")


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the settings be those of a new machine, whatever this one's are."""
    for name in (*OUTSIDE, "WAREHOUSE_URL", "LABS_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def load() -> RepositoryDefinition:
    """Load the graph as Dagster does."""
    refresh_lists(get_settings())
    loaded: Definitions = defs()
    return loaded.get_repository_def()


def steps_of(repository: RepositoryDefinition) -> dict[str, AssetsDefinition]:
    """Return what makes assets, by the step's name."""
    return {each.node_def.name: each for each in repository.assets_defs_by_key.values() if each.is_executable}


def as_text(repository: RepositoryDefinition) -> dict[str, Any]:
    """Return what there is, in a form that is read and compared line by line."""
    graph = repository.asset_graph
    makers = {key: name for name, step in steps_of(repository).items() for key in step.keys}
    assets = {
        key.to_user_string(): {
            "group": graph.get(key).group_name,
            "step": makers.get(key),
            "deps": sorted(parent.to_user_string() for parent in graph.get(key).parent_keys),
        }
        for key in graph.get_all_asset_keys()
    }
    checks: dict[str, list[str]] = {}
    for check in sorted(graph.asset_check_keys, key=str):
        blocking = " (blocking)" if graph.get(check).blocking else ""
        checks.setdefault(check.asset_key.to_user_string(), []).append(check.name + blocking)
    return {
        "assets": dict(sorted(assets.items())),
        "checks": dict(sorted(checks.items())),
        "jobs": {
            job.name: sorted(node.name for node in job.nodes)
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "schedules": {
            each.name: [each.cron_schedule, each.job_name, each.default_status.value]
            for each in repository.schedule_defs
        },
        "sensors": {each.name: [targets_of(each), each.default_status.value] for each in repository.sensor_defs},
    }


def targets_of(sensor: SensorDefinition) -> str:
    """Return the job that a sensor asks for, where it does."""
    return ", ".join(target.job_name for target in sensor.targets)


def of_the_demo(found: dict[str, Any]) -> dict[str, Any]:
    """Leave aside what is of sources that the demo has not: a new source is one module, and changes no test."""
    listed = read_list(INGRESS, get_settings())["sources"]
    others = [source["name"] for source in listed if source["name"] not in DEMO]
    names = tuple(f"{word}{name}{end}" for name in others for word, end in (("raw/", "_"), ("staging/stg_", "__")))
    steps = {f"{word}_{name}" for name in others for word in ("ingest", "poll")}
    kept = {
        what: {name: each for name, each in found[what].items() if not name.startswith(names) and name not in steps}
        for what in found
    }
    return kept | {"jobs": {name: [step for step in each if step not in steps] for name, each in found["jobs"].items()}}


@pytest.mark.usefixtures("configured")
def test_the_graph_is_as_it_was() -> None:
    """Keys, dependencies, checks, schedules and sensors are those of graph.json; UPDATE_SNAPSHOT=1 writes it anew."""
    found = of_the_demo(as_text(load()))
    if os.environ.get("UPDATE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("configured")
def test_every_table_that_is_read_is_an_asset() -> None:
    """Nothing depends on a table of which no project says that it is its own."""
    repository = load()
    known = {key for each in repository.assets_defs_by_key.values() for key in each.keys}
    graph = repository.asset_graph
    assert {parent for key in known for parent in graph.get(key).parent_keys} <= known


@pytest.mark.usefixtures("configured")
def test_every_asset_tells_what_it_is() -> None:
    """Each has a description, an owner, kinds, a group, and a place in the code that is there."""
    for step in set(load().assets_defs_by_key.values()):
        for spec in step.specs:
            assert spec.description, spec.key
            assert spec.owners and spec.kinds and spec.group_name, spec.key
            assert Path(spec.metadata["code"].value).exists(), spec.key


@pytest.mark.usefixtures("configured")
def test_names_come_from_the_projects() -> None:
    """The raw tables are those that ingress lists; what dbt builds are models, seeds and snapshots of its manifest."""
    settings, keys = get_settings(), load().asset_graph.get_all_asset_keys()
    listed = [resource for source in read_list(INGRESS, settings)["sources"] for resource in source["resources"]]
    assert {key for key in keys if key.path[0] == "raw"} == {AssetKey(each["relation"].split(".")) for each in listed}
    reports = read_manifest(settings.root / read_list(REPORTING, settings)["manifest"])
    nodes = [*read_list(TRANSFORMATION, settings)["nodes"].values(), *reports["nodes"].values()]
    built = {AssetKey([node["schema"], node["alias"]]) for node in nodes if node["resource_type"] in MADE}
    assert {key for key in keys if key.path[0] in ("staging", "core", "egress", "reporting")} == built


def test_a_source_that_is_not_configured_is_shown(configured: pytest.MonkeyPatch) -> None:
    """Its tables are in the graph and say what to set, and nothing makes them until it is set."""
    members = AssetKey(["raw", "loyalty_members"])
    repository = load()
    assert members not in repository.asset_graph.executable_asset_keys
    assert "set LOYALTY_API_URL" in str(repository.asset_graph.get(members).description)
    configured.setenv("LOYALTY_API_URL", "http://127.0.0.1:1")
    assert members in load().asset_graph.executable_asset_keys


@pytest.mark.parametrize("project", [INGRESS, ENTITY_RESOLUTION, EGRESS, LABS], ids=lambda project: project.name)
def test_only_manifests_are_asked_again_for_the_other_engine(project: Project, configured: pytest.MonkeyPatch) -> None:
    """What others have is the same whatever the warehouse is on, and is asked once."""
    refresh_lists(get_settings())
    on_duckdb = read_list(project, get_settings())
    configured.setenv("WAREHOUSE_URL", "postgresql://127.0.0.1:1/warehouse")
    assert read_list(project, get_settings()) == on_duckdb


@pytest.mark.slow
def test_who_writes_a_duckdb_database_has_its_pool(configured: pytest.MonkeyPatch) -> None:
    """On DuckDB each step has the pool of the one database that it writes; on PostgreSQL only the labs have theirs."""

    def pools() -> dict[str, set[str]]:
        steps = steps_of(load())
        return {name: set(step.node_def.pools) for name, step in steps.items()}

    on_duckdb = pools()
    labs = {name: {name.removesuffix("_load").removesuffix("_build")} for name in on_duckdb if name.startswith("lab")}
    assert on_duckdb == {name: labs.get(name, {"warehouse"}) for name in on_duckdb}
    configured.setenv("WAREHOUSE_URL", "postgresql://127.0.0.1:1/warehouse")
    assert pools() == {name: labs.get(name, set()) for name in on_duckdb}
