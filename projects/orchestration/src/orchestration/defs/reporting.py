"""Reports: the models of the reporting layer, and the pages that are made of them."""

from typing import Any

from dagster import AssetKey, AssetsDefinition, AssetSpec, Definitions, definitions

from orchestration.graph.assets import OWNER, code_of, key_of, warehouse_pool
from orchestration.graph.lists import read_list, read_manifest
from orchestration.graph.projects import REPORTING
from orchestration.run.command_assets import step_assets
from orchestration.run.dbt_build import DbtProject
from shared.config import Settings, get_settings


@definitions
def defs() -> Definitions:
    """Return the models with their tests as checks, and a step for each page."""
    settings = get_settings()
    listed = read_list(REPORTING, settings)
    dbt = DbtProject(REPORTING, read_manifest(settings.root / listed["manifest"]), settings)
    return Definitions(assets=[dbt.step("report"), *(page_of(page, settings) for page in listed["pages"])])


def page_of(page: dict[str, Any], settings: Settings) -> AssetsDefinition:
    """Return a page."""
    spec = AssetSpec(
        AssetKey(["report", page["name"]]),
        deps=[key_of(relation) for relation in page["reads"]],
        group_name="reporting",
        description=page["description"],
        owners=[OWNER],
        kinds={"html", "python"},
        metadata=code_of(settings, page["code"]),
    )
    return step_assets(
        f"report_{page['name']}",
        REPORTING.command(page["name"]),
        settings,
        specs=[spec],
        relations={page["name"]: spec.key},
        pool=warehouse_pool(settings),
    )
