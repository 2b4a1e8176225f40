"""The raw layer: one step for each source of ingress."""

from collections.abc import Iterator
from typing import Any

from dagster import AssetsDefinition, AssetSpec, Definitions, definitions

from orchestration.graph.assets import OWNER, code_of, key_of, missing_settings, warehouse_pool
from orchestration.graph.lists import read_list
from orchestration.graph.projects import INGRESS
from orchestration.run.command_assets import step_assets
from shared.config import Settings, get_settings


@definitions
def defs() -> Definitions:
    """Return the raw tables; of a source that is not configured they are shown, but nothing makes them."""
    settings = get_settings()
    sources = read_list(INGRESS, settings)["sources"]
    return Definitions(assets=[asset for source in sources for asset in assets_of(source, settings)])


def assets_of(source: dict[str, Any], settings: Settings) -> Iterator[AssetsDefinition | AssetSpec]:
    """Return the assets of a source; what is loaded on request only is a step of its own."""
    specs = {resource["name"]: spec_of(source, resource, settings) for resource in source["resources"]}
    if missing_settings(source["required_settings"]):
        yield from specs.values()
        return
    usual = [resource for resource in source["resources"] if not resource["on_request"]]
    on_request = [resource for resource in source["resources"] if resource["on_request"]]
    names = [f"{source['name']}.{resource['name']}" for resource in on_request]
    for suffix, resources, option in (("", usual, ()), ("_on_request", on_request, ("--on-request", *names))):
        if resources:
            yield step_assets(
                f"ingest_{source['name']}{suffix}",
                INGRESS.command("run", "--source", source["name"], "--skip-absent", *option),
                settings,
                specs=[specs[resource["name"]] for resource in resources],
                relations={resource["relation"]: key_of(resource["relation"]) for resource in resources},
                pool=warehouse_pool(settings),
            )


def spec_of(source: dict[str, Any], resource: dict[str, Any], settings: Settings) -> AssetSpec:
    """Return what Dagster shows of a raw table."""
    missing = missing_settings(source["required_settings"])
    return AssetSpec(
        key_of(resource["relation"]),
        group_name="raw",
        description=resource["description"] + (f"\n\nNot configured: set {', '.join(missing)}." if missing else ""),
        owners=[OWNER],
        kinds={"dlt", "python"},
        tags=tags_of(source["name"], on_request=resource["on_request"]),
        metadata={
            **code_of(settings, source["code"]),
            "from": resource["where"],
            "key": ", ".join(resource["key"]),
            "contract": resource["contract"],
        },
    )


def tags_of(source: str, *, on_request: bool) -> dict[str, str]:
    """Return the tags by which jobs and sensors pick raw tables."""
    return {"source": source, **({"on_request": "true"} if on_request else {})}
