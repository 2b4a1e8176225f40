"""Deliveries: one step for each target of egress."""

from typing import Any

from dagster import AssetKey, AssetsDefinition, AssetSpec, Definitions, definitions

from orchestration.graph.assets import OWNER, code_of, key_of, missing_settings, warehouse_pool
from orchestration.graph.lists import read_list
from orchestration.graph.projects import EGRESS
from orchestration.run.command_assets import step_assets
from shared.config import Settings, get_settings


@definitions
def defs() -> Definitions:
    """Return a delivery for each target; one that is not configured is shown, but nothing makes it."""
    settings = get_settings()
    return Definitions(assets=[asset_of(target, settings) for target in read_list(EGRESS, settings)["targets"]])


def asset_of(target: dict[str, Any], settings: Settings) -> AssetsDefinition | AssetSpec:
    """Return the delivery to a target."""
    missing = missing_settings(target["required_settings"])
    spec = AssetSpec(
        AssetKey(["delivery", target["name"]]),
        deps=[key_of(target["model"])],
        group_name="delivery",
        description=target["description"] + (f"\n\nNot configured: set {', '.join(missing)}." if missing else ""),
        owners=[OWNER],
        kinds={"python"},
        metadata={**code_of(settings, target["code"]), "form": target["form"]},
    )
    if missing:
        return spec
    return step_assets(
        f"deliver_{target['name']}",
        EGRESS.command("run", "--target", target["name"]),
        settings,
        specs=[spec],
        relations={target["name"]: spec.key},
        pool=warehouse_pool(settings),
    )
