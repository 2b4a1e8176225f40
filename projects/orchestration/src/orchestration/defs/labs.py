"""The labs: of each what loads its raw tables, and what builds and checks the others."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    Definitions,
    definitions,
)

from orchestration.graph.assets import OWNER, code_of, key_of
from orchestration.graph.dbt import MADE, relation_of
from orchestration.graph.lists import read_list, read_manifest
from orchestration.graph.projects import LABS
from orchestration.run.command_assets import step_assets
from orchestration.run.ended import Ended
from shared.config import Settings, get_settings


@definitions
def defs() -> Definitions:
    """Return the assets of all labs."""
    settings = get_settings()
    labs = read_list(LABS, settings)["labs"]
    return Definitions(assets=[step for lab in labs for step in (load_step(lab, settings), build_step(lab, settings))])


def load_step(lab: Mapping[str, Any], settings: Settings) -> AssetsDefinition:
    """Return the raw tables of a lab."""
    specs = [
        AssetSpec(
            key_of(table["relation"], lab["name"]),
            group_name=lab["name"],
            description=table["description"],
            owners=[OWNER],
            kinds={"csv", "duckdb"},
            tags={"lab": lab["name"]},
            metadata={**code_of(settings, lab["folder"]), "from": ", ".join(table["files"])},
        )
        for table in lab["raw"]
    ]
    return step_assets(
        f"{lab['name']}_load",
        LABS.command(lab["name"], "load", environment=lab["environment"]),
        settings,
        specs=specs,
        relations={table["relation"]: key_of(table["relation"], lab["name"]) for table in lab["raw"]},
        pool=lab["name"],
    )


def build_step(lab: Mapping[str, Any], settings: Settings) -> AssetsDefinition:
    """Return the tables that dbt builds in a lab, with dbt's tests and the lab's expectations as checks."""
    manifest = read_manifest(settings.root / lab["manifest"])
    nodes = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] in MADE}
    keys = {name: key_of(relation_of(node), lab["name"]) for name, node in {**nodes, **manifest["sources"]}.items()}
    relations = {relation_of(nodes[name]): keys[name] for name in nodes}
    checks = list(check_specs(lab, manifest, keys))
    return step_assets(
        f"{lab['name']}_build",
        LABS.command(lab["name"], "transform", "test", environment=lab["environment"]),
        settings,
        specs=[spec_of(lab, node, keys, settings) for node in nodes.values()],
        relations=relations,
        pool=lab["name"],
        check_specs=checks,
        check=lambda ended: results(ended, {(spec.asset_key, spec.name) for spec in checks}, lab["name"]),
    )


def spec_of(
    lab: Mapping[str, Any], node: Mapping[str, Any], keys: Mapping[str, AssetKey], settings: Settings
) -> AssetSpec:
    """Return what Dagster shows of a table."""
    return AssetSpec(
        keys[node["unique_id"]],
        deps=[keys[name] for name in node["depends_on"]["nodes"] if name in keys],
        group_name=lab["name"],
        description=node["description"],
        owners=[OWNER],
        kinds={"dbt", "duckdb", *({"python"} if node["language"] == "python" else ())},
        tags={"lab": lab["name"], "layer": node["schema"]},
        metadata=code_of(settings, f"{lab['folder']}/{node['original_file_path']}"),
    )


def check_specs(
    lab: Mapping[str, Any], manifest: Mapping[str, Any], keys: Mapping[str, AssetKey]
) -> Iterator[AssetCheckSpec]:
    """Return dbt's tests and the expectations as checks of what they look at."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node") in keys:
            yield AssetCheckSpec(
                check_name(node["name"]), asset=keys[node["attached_node"]], description=node["description"]
            )
    for expectation in lab["expectations"]:
        asset = key_of(expectation["relation"], lab["name"])
        yield AssetCheckSpec(check_name(expectation["name"]), asset=asset, description=expectation["description"])


def check_name(text: str) -> str:
    """Return a name as Dagster wants it: letters, digits and `_`."""
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")


def results(ended: Ended, known: set[tuple[AssetKey, str]], lab: str) -> Iterator[AssetCheckResult]:
    """Return what became of the checks."""
    for check in ended.checks:
        asset = key_of(check["relation"], lab)
        if (asset, check_name(check["name"])) in known:
            yield AssetCheckResult(
                check_name=check_name(check["name"]),
                asset_key=asset,
                passed=check["status"] == "passed",
                severity=AssetCheckSeverity.ERROR if check["severity"] == "error" else AssetCheckSeverity.WARN,
                metadata={name: value for name, value in check.items() if name not in ("name", "relation")},
            )
