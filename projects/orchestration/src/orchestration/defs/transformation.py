"""Staging, core and egress: two builds of dbt's, before and after entity resolution."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckSpec,
    AssetExecutionContext,
    AssetsDefinition,
    AssetSpec,
    Definitions,
    definitions,
    multi_asset,
)

from orchestration.assets import warehouse_pool
from orchestration.dbt_build import MADE, Event, LayerTranslator, build
from orchestration.lists import read_list
from orchestration.projects import TRANSFORMATION
from shared.config import Settings, get_settings

SCOPES = ("core", "egress")


@definitions
def defs() -> Definitions:
    """Return what dbt builds, with its tests as checks."""
    settings = get_settings()
    manifest, translator = read_list(TRANSFORMATION, settings), LayerTranslator(settings)
    return Definitions(assets=[layer_assets(scope, manifest, translator, settings) for scope in SCOPES])


def layer_assets(
    scope: str, manifest: Mapping[str, Any], translator: LayerTranslator, settings: Settings
) -> AssetsDefinition:
    """Return the assets of a scope, which is a tag in the dbt project.

    Not by dagster-dbt's `dbt_assets`: to select by a tag it wants dbt itself, which is in another environment.
    """
    nodes = [
        name for name, node in manifest["nodes"].items() if node["resource_type"] in MADE and scope in node["tags"]
    ]
    specs = {name: translator.get_asset_spec(manifest, name, None) for name in nodes}

    @multi_asset(
        name=f"transform_{scope}",
        specs=list(specs.values()),
        check_specs=check_specs(specs, manifest, translator),
        can_subset=True,
        pool=warehouse_pool(settings),
    )
    def transform(context: AssetExecutionContext) -> Iterator[Event]:
        yield from build(context, settings, manifest, translator, scope)

    return transform


def check_specs(
    specs: Mapping[str, AssetSpec], manifest: Mapping[str, Any], translator: LayerTranslator
) -> list[AssetCheckSpec]:
    """Return dbt's data tests of these nodes as checks."""
    found = {
        (test, asset.key): translator.get_asset_check_spec(asset, manifest, test, None)
        for name, asset in specs.items()
        for test in manifest["child_map"][name]
        if test.startswith("test.")
    }
    return [spec for spec in found.values() if spec is not None]
